"""Batches prepared in a thread, and the totals of an epoch."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from hwr_core.errors import JobError
from hwr_core.training import steps
from hwr_core.training.steps import COMPILING_STEPS, EpochTotals


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(steps, "time", clock)
    return clock


def test_means_weigh_each_step_by_its_words(clock):
    totals = EpochTotals(begun=clock.now)
    assert totals.means == {}
    totals.add(3, {"loss": 2.0, "letters": 1.0})
    totals.add(1, {"loss": 6.0, "letters": 3.0})
    assert (totals.steps, totals.words) == (2, 4)
    assert totals.means == {"loss": 3.0, "letters": 1.5}


def test_steady_seconds_leave_out_the_compiling_steps(clock):
    totals = EpochTotals(begun=clock.now)
    for _ in range(COMPILING_STEPS):
        clock.now += 10.0
        totals.add(4, {"loss": 1.0})
    assert totals.steady_seconds == 30.0  # nothing behind them yet: what was measured
    for _ in range(2):
        clock.now += 1.0
        totals.add(4, {"loss": 1.0})
    clock.now += 100.0  # validation is no part of it
    assert totals.steady_seconds == pytest.approx((COMPILING_STEPS + 2) * 1.0)


def test_prefetch_preserves_order():
    assert list(steps.prefetch(iter(range(50)), max_prefetched=3)) == list(range(50))
    assert list(steps.prefetch(iter([]))) == []


def test_prefetch_raises_errors_of_batches():
    def batches() -> Iterator[int]:
        yield 1
        raise JobError("broken batch")

    result = []
    with pytest.raises(JobError, match="broken batch"):
        result.extend(steps.prefetch(batches()))
    assert result == [1]


def test_prefetch_abandoned_ends_its_thread():
    before = threading.active_count()

    for item in steps.prefetch(iter(range(10_000)), max_prefetched=2):
        if item == 5:
            break
    end = time.time() + 10
    while threading.active_count() > before and time.time() < end:
        time.sleep(0.05)
    assert threading.active_count() <= before
