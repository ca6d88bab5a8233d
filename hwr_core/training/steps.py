"""The steps of one epoch, of every training: batches prepared in a thread, one call of the network for each."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from hwr_core.errors import JobError

if TYPE_CHECKING:
    import keras

COMPILING_STEPS = 3  # the first ones of a process, many times slower than the rest: left out of every time estimate
MAX_PREFETCHED_BATCHES = 6
T = TypeVar("T")


class Trainable(Protocol):
    """What an epoch needs of a task: a compiled network, and its batches with their numbers of words."""

    network: keras.Model

    def batches(self, epoch: int) -> Iterator[tuple[tuple[Any, ...], int]]: ...


@dataclass
class EpochTotals:
    """What an epoch has come to so far.

    Attributes:
        begun: when the epoch began, seconds since 1970.
        steps, words: trained on so far.
        latest: when the latest step ended.
        timed_since: when the steps behind `COMPILING_STEPS` began; `begun` before that.
        timed_words: words of those steps.
    """

    begun: float = field(default_factory=time.time)
    steps: int = 0
    words: int = 0
    timed_words: int = 0
    _sums: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.latest = self.timed_since = self.begun

    def add(self, words: int, logs: dict[str, float]) -> None:
        """Count a step with these figures, which are means over its words."""
        self.steps += 1
        self.words += words
        self.timed_words += words
        self.latest = time.time()
        if self.steps == COMPILING_STEPS:
            self.timed_since, self.timed_words = self.latest, 0
        for name, value in logs.items():
            self._sums[name] = self._sums.get(name, 0.0) + value * words

    @property
    def means(self) -> dict[str, float]:
        """Mean over the words of each figure of the network, such as `loss`; empty before the first step."""
        return {name: value / self.words for name, value in self._sums.items()}

    @property
    def steady_seconds(self) -> float:
        """Seconds that all words would have taken at the speed behind the compiling steps."""
        timed = self.latest - self.timed_since
        return timed * self.words / self.timed_words if self.timed_words else self.latest - self.begun


def train_epoch(task: Trainable, epoch: int, advice: str) -> Generator[EpochTotals]:
    """Train one epoch, yielding the same totals after each step; closing the generator ends it there.

    Args:
        task: its network is trained.
        epoch: number of finished epochs; decides on the order and the augmentation.
        advice: a sentence for who sees the loss become infinite.

    Raises:
        JobError: the loss became infinite.
    """
    totals = EpochTotals()
    for arrays, words in prefetch(task.batches(epoch)):
        logs = task.network.train_on_batch(*arrays, return_dict=True)
        figures = {name: float(value) for name, value in logs.items()}
        if not np.isfinite(figures["loss"]):
            raise JobError(f"The loss became infinite at step {totals.steps + 1} of epoch {epoch + 1}. {advice}")
        totals.add(words, figures)
        yield totals


def prefetch(batches: Iterator[T], max_prefetched: int = MAX_PREFETCHED_BATCHES) -> Iterator[T]:
    """The same batches, prepared in a thread while the network computes."""
    prepared: queue.Queue[Any] = queue.Queue(maxsize=max_prefetched)
    finished = threading.Event()
    end = object()

    def put(item: Any) -> None:
        while not finished.is_set():
            try:
                return prepared.put(item, timeout=0.2)
            except queue.Full:
                continue

    def produce() -> None:
        try:
            for batch in batches:
                put(batch)
                if finished.is_set():
                    return
            put(end)
        except BaseException as error:  # raised again in the consumer
            put(error)

    threading.Thread(target=produce, daemon=True).start()
    try:
        while (item := prepared.get()) is not end:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        finished.set()
