"""The queue of a recognizer: order, fairness, errors, and readings as if nobody else was reading."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from hwr_core.errors import CharsetError
from hwr_core.recognition import Reading, Recognizer, inference_queue
from hwr_core.recognition.checkpoint import SHIPPED
from hwr_core.recognition.inference_queue import InferenceQueue, ReadingFailedError
from hwr_core.recognition.options import ReadOptions
from hwr_core.recognition.steps import NetworkRun, Steps, finish

WAIT_SECONDS = 60  # a test machine may be busy


def reading(text: str) -> Reading:
    return Reading(text, 1.0, [])


class Gate:
    """Holds the queue's thread in a call of its own, so that what is added meanwhile waits."""

    def __init__(self, queue: InferenceQueue) -> None:
        self.queue, self.is_held, self.may_go = queue, threading.Event(), threading.Event()

    def steps(self) -> Steps[list[Reading]]:
        self.is_held.set()
        assert self.may_go.wait(WAIT_SECONDS)
        yield None
        return []

    def __enter__(self) -> Gate:
        self.thread = threading.Thread(target=self.queue.read, args=(self.steps(), 1), kwargs={"caller": "gate"})
        self.thread.start()
        assert self.is_held.wait(WAIT_SECONDS)
        return self

    def __exit__(self, *error: object) -> None:
        self.may_go.set()
        self.thread.join(WAIT_SECONDS)


@pytest.fixture
def queue() -> Iterator[InferenceQueue]:
    queue = InferenceQueue()
    yield queue
    queue.close()


def in_threads(queue: InferenceQueue, calls: list[Callable[[], object]]) -> list[object]:
    """Add calls to the held queue in this order, then let it go; returns what each returned or raised."""
    results: list[object] = [None] * len(calls)

    def work(index: int) -> None:
        try:
            results[index] = calls[index]()
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(calls))]
    with Gate(queue):
        for number, thread in enumerate(threads, start=2):
            thread.start()
            end = time.monotonic() + WAIT_SECONDS
            while queue.num_waiting() < number and time.monotonic() < end:
                time.sleep(0.001)
    for thread in threads:
        thread.join(WAIT_SECONDS)
    return results


def recorded(name: str, num_steps: int, order: list[str]) -> Steps[list[Reading]]:
    for _ in range(num_steps):
        order.append(name)
        yield None
    return [reading(name)]


def test_queue_read_of_one_word_goes_before_longer_calls(queue: InferenceQueue):
    order: list[str] = []
    results = in_threads(
        queue,
        [
            lambda: queue.read(recorded("long", 3, order), 100, caller="a"),
            lambda: queue.read(recorded("key", 1, order), 1, caller="b"),
        ],
    )
    assert results == [[reading("long")], [reading("key")]]
    assert order == ["key", "long", "long", "long"]


def test_queue_read_of_longer_calls_takes_turns_of_callers(queue: InferenceQueue):
    order: list[str] = []
    in_threads(
        queue,
        [
            lambda: queue.read(recorded("a1", 2, order), 9, caller="a"),
            lambda: queue.read(recorded("a2", 2, order), 9, caller="a"),
            lambda: queue.read(recorded("b", 2, order), 9, caller="b"),
        ],
    )
    assert order[:3] == ["a1", "b", "a1"]
    assert sorted(order) == ["a1", "a1", "a2", "a2", "b", "b"]


def test_queue_read_joins_network_runs_of_one_width(queue: InferenceQueue):
    sizes: list[tuple[int, ...]] = []

    def network(images: np.ndarray) -> np.ndarray:
        sizes.append(images.shape)
        return images.sum(axis=(1, 2, 3))

    def steps(value: int, width: int) -> Steps[list[Reading]]:
        output = yield NetworkRun(network, np.full((1, 2, width, 1), value, np.float32))
        assert output is not None
        return [reading(f"{output.item():g}")]

    widths = [4, 4, 8, 4]
    results = in_threads(
        queue,
        [
            lambda value=value, width=width: queue.read(steps(value, width), 1, caller=f"{value}")
            for value, width in enumerate(widths)
        ],
    )
    assert results == [[reading(f"{2 * width * value}")] for value, width in enumerate(widths)]
    assert sorted(sizes) == [(1, 2, 8, 1), (3, 2, 4, 1)]


def test_queue_read_of_a_failing_word_fails_only_its_own_call(queue: InferenceQueue):
    def network(images: np.ndarray) -> np.ndarray:
        if (images == 1).any():
            raise ValueError("no such\nimage")
        return images.sum(axis=(1, 2, 3))

    def steps(value: int) -> Steps[list[Reading]]:
        output = yield NetworkRun(network, np.full((1, 1, 1, 1), value, np.float32))
        assert output is not None
        return [reading(f"{output.item():g}")]

    results = in_threads(
        queue, [lambda value=value: queue.read(steps(value), 1, caller=f"{value}") for value in range(3)]
    )
    assert [results[0], results[2]] == [[reading("0")], [reading("2")]]
    assert isinstance(results[1], ReadingFailedError)
    assert "ValueError: no such)" in str(results[1])


def test_queue_read_of_failing_steps_raises_to_their_caller_and_goes_on(queue: InferenceQueue):
    def refused() -> Steps[list[Reading]]:
        yield None
        raise CharsetError("no such letter")

    def broken() -> Steps[list[Reading]]:
        yield None
        raise ZeroDivisionError

    with pytest.raises(CharsetError, match="no such letter"):
        queue.read(refused(), 1)
    with pytest.raises(ReadingFailedError, match=r"One of these 4 words could not be read.*ZeroDivisionError"):
        queue.read(broken(), 4)
    assert queue.read(recorded("word", 1, []), 1) == [reading("word")]


def test_queue_read_of_an_abandoned_call_takes_no_further_step(queue: InferenceQueue, monkeypatch: pytest.MonkeyPatch):
    class HasLeft(Exception):
        pass

    def check() -> None:
        raise HasLeft

    order: list[str] = []
    monkeypatch.setattr(inference_queue, "CHECK_INTERVAL_SECONDS", 0.01)
    with Gate(queue):
        with pytest.raises(HasLeft):
            queue.read(recorded("gone", 1, order), 1, caller="a", check=check)
        with pytest.raises(HasLeft):
            queue.read(recorded("gone", 5, order), 5, caller="a", check=check)
        assert queue.num_waiting() == 1
    assert queue.read(recorded("here", 1, order), 1) == [reading("here")]
    assert order == ["here"]


def test_queue_read_past_its_time_limit_raises_a_sentence(queue: InferenceQueue, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(inference_queue, "CHECK_INTERVAL_SECONDS", 0.01)
    with Gate(queue):
        monkeypatch.setattr(inference_queue, "MAX_SECONDS", 0.05)
        monkeypatch.setattr(inference_queue, "MAX_SECONDS_PER_WORD", 0.0)
        with pytest.raises(ReadingFailedError, match="machine is busy"):
            queue.read(recorded("late", 1, []), 1, caller="a")


def test_queue_close_ends_its_thread_and_a_later_call_is_read(queue: InferenceQueue):
    queue.read(recorded("word", 1, []), 1)
    thread = queue._thread
    assert thread is not None
    queue.close()
    thread.join(WAIT_SECONDS)
    assert not thread.is_alive()
    assert queue.read(recorded("word", 1, []), 1) == [reading("word")]


@pytest.mark.parametrize("name", ["reader", "reader-small"])  # float32, and 8 bits
def test_queue_read_with_strangers_equals_a_call_alone(
    name: str, queue: InferenceQueue, draw: Callable[..., np.ndarray]
):
    """Words in capitals and of another language beside them change nothing."""
    if not (SHIPPED / name / "model.onnx").is_file():
        pytest.skip("the shipped model is not here")
    words = ["because", "Garden", "SMALL", "CAPITALS", "été", "über", "museum", "thought", "of", "weather"]
    images = [np.asarray(draw(word), np.uint8) for word in words]
    options = [
        ReadOptions(alternatives=6, alignment=True),
        ReadOptions(alternatives=6, prefix="b"),
        ReadOptions(alternatives=6, mask="???"),
        ReadOptions(alternatives=6, words=["because", "Garden"]),
        ReadOptions(alternatives=6, views=3),
    ]
    calls = [([image], options[0]) for image in images]
    calls += [(images[:1], each) for each in options[1:]]
    calls += [(images[2:], options[0]), (images, ReadOptions(mask="???")), (images[:4] * 5, options[0])]
    alone = Recognizer.load(SHIPPED / name)
    expected = [finish(alone.read_steps(batch, each)) for batch, each in calls]
    shared = Recognizer.load(SHIPPED / name, cache_size=4)
    results = in_threads(
        queue,
        [
            lambda batch=batch, each=each, number=number: queue.read(
                shared.read_steps(batch, each, 4), len(batch), caller=f"{number}"
            )
            for number, (batch, each) in enumerate(calls)
        ],
    )
    for wanted, result in zip(expected, results, strict=True):
        assert isinstance(result, list)
        assert [each.text for each in result] == [each.text for each in wanted]
        for one, other in zip(result, wanted, strict=True):
            assert one.confidence == pytest.approx(other.confidence, abs=1e-5)
            assert [text for text, _ in one.alternatives] == [text for text, _ in other.alternatives]
            assert one.capitals == pytest.approx(other.capitals, abs=1e-4, nan_ok=True)
