"""`InferenceQueue`: all that a recognizer reads for many callers, one thread, in small steps and fairly.

A call of one word, such as a keystroke's, goes before longer ones, in order of arrival; between such words each
longer call takes one step in turn, caller by caller. Network runs of several callers are joined where an image's
output does not depend on the others; everything else of a call (languages, capitals, casing) stays its own, so that
a word reads as it does alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from hwr_core.errors import HwrError, first_line
from hwr_core.recognition.reading import Reading
from hwr_core.recognition.steps import NetworkRun, Steps

MAX_SHORT_CALLS_PER_TURN = 8  # calls of one word that are answered before a longer one takes a step
MAX_JOINED_WORDS = 8  # of one network run; the features of so many fit the processor's cache
MAX_SECONDS, MAX_SECONDS_PER_WORD = 30.0, 1.0  # from a call to its readings: together the time limit
CHECK_INTERVAL_SECONDS = 0.2  # between two looks at whether a caller is still there

Check = Callable[[], object]  # called while waiting; what it raises ends the waiting and drops the call


class ReadingFailedError(HwrError):
    """A call that took too long, or that the recognizer failed on."""


@dataclass(eq=False)
class Call:
    """One call of a caller, waiting or being read."""

    steps: Steps[list[Reading]]
    caller: str
    num_words: int
    readings: list[Reading] | None = None
    error: BaseException | None = None
    step: NetworkRun | None = None  # that is to be answered next
    answer: np.ndarray | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def fail(self, error: BaseException) -> None:
        self.error = error
        self.done.set()

    def advance(self) -> None:
        """The next step: done with the last one, or with an error."""
        answer, self.answer = self.answer, None
        try:
            self.step = self.steps.send(answer)
        except StopIteration as end:
            self.readings = end.value
            self.done.set()
        except HwrError as error:
            self.fail(error)
        except Exception as error:  # a bug, or a damaged model: it must not end the thread that reads for everyone
            logging.getLogger(__name__).exception("A reading failed")
            self.fail(failure(error, self.num_words))


class InferenceQueue:
    """Reads for many callers in one thread of its own, which begins with the first call; thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._short: deque[Call] = deque()
        self._long: dict[str, deque[Call]] = {}  # of each caller; whoever is first takes the next step
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def read(
        self, steps: Steps[list[Reading]], num_words: int, *, caller: str = "", check: Check | None = None
    ) -> list[Reading]:
        """Wait until the steps have been taken; returns their readings.

        Args:
            steps: of `Recognizer.read_steps`.
            num_words: that they read; calls of one word go first.
            caller: whom it is for: callers take turns.
            check: called every moment while it waits; what it raises ends the call.

        Raises:
            ReadingFailedError: it took too long, or the recognizer failed on it.
            HwrError: what the steps raise.
        """
        call = Call(steps, caller, num_words)
        limit = MAX_SECONDS + MAX_SECONDS_PER_WORD * num_words
        end = time.monotonic() + limit
        self._add(call)
        try:
            while not call.done.wait(CHECK_INTERVAL_SECONDS):
                if check:
                    check()
                if time.monotonic() > end:
                    raise ReadingFailedError(
                        f"This was not read within {limit:.0f} s: the machine is busy with the words of others. "
                        "Try again in a moment, with fewer words at once."
                    )
        finally:
            if not call.done.is_set():
                self._drop(call)
        if call.error is not None:
            raise call.error
        assert call.readings is not None
        return call.readings

    def close(self) -> None:
        """The thread ends when what is waiting has been read; a later call begins another."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def num_waiting(self) -> int:
        """How many calls wait or are being read."""
        with self._changed:
            return len(self._short) + sum(map(len, self._long.values()))

    def _add(self, call: Call) -> None:
        with self._changed:
            if call.num_words == 1:
                self._short.append(call)
            else:
                self._long.setdefault(call.caller, deque()).append(call)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name="inference-queue")
                self._thread.start()
            self._changed.notify()

    def _drop(self, call: Call) -> None:
        """A call that nobody waits for takes no further step."""
        with self._changed:
            call.done.set()
            if call in self._short:
                self._short.remove(call)
            self._remove_long(call)

    def _work(self) -> None:
        while self._wait_for_calls():
            self._take_turn()

    def _wait_for_calls(self) -> bool:
        """False where the queue is closed and empty: the thread ends."""
        with self._changed:
            while not self._short and not self._long:
                if self._is_closed:
                    self._thread = None
                    return False
                self._changed.wait()
            return True

    def _take_turn(self) -> None:
        """Answer calls of one word, then take one step of a longer one."""
        with self._changed:
            short, long = self._next_short(), self._next_long()
        active = short
        while active:
            advance(active, until_network=True)  # whoever needs the network no more is answered before the next
            active = [call for call in active if not call.done.is_set()]
        if long is not None:
            advance([long])
        with self._changed:
            for call in short:
                if call in self._short:
                    self._short.remove(call)
            if long is not None and long.done.is_set():
                self._remove_long(long)

    def _next_short(self) -> list[Call]:
        """The calls of one word that came first, one a caller."""
        chosen: dict[str, Call] = {}
        for call in self._short:
            chosen.setdefault(call.caller, call)
            if len(chosen) == MAX_SHORT_CALLS_PER_TURN:
                break
        return list(chosen.values())

    def _next_long(self) -> Call | None:
        """The oldest longer call of the caller whose turn it is; the caller goes to the end of the row."""
        if not self._long:
            return None
        caller = next(iter(self._long))
        calls = self._long.pop(caller)
        self._long[caller] = calls
        return calls[0]

    def _remove_long(self, call: Call) -> None:
        calls = self._long.get(call.caller, deque())
        if call in calls:
            calls.remove(call)
            if not calls:
                del self._long[call.caller]


def advance(calls: list[Call], until_network: bool = False) -> None:
    """One step of each call, or all up to its next network run; network runs among them are joined and answered."""
    for call in calls:
        call.advance()
        while until_network and call.step is None and not call.done.is_set():
            call.advance()
    groups: defaultdict[tuple[object, ...], list[Call]] = defaultdict(list)
    for call in calls:
        if not call.done.is_set() and call.step is not None:
            groups[call.step.run, call.step.images.shape[1:]].append(call)
    for group in groups.values():
        while group:
            joined = [group.pop(0)]
            num_words = len(images_of(joined[0]))
            while group and num_words + len(images_of(group[0])) <= MAX_JOINED_WORDS:
                num_words += len(images_of(group[0]))
                joined.append(group.pop(0))
            run(joined)


def run(calls: list[Call]) -> None:
    """Answer the network runs of calls in one; where that fails, one by one: only the call that fails ends."""
    assert calls[0].step is not None
    network = calls[0].step.run
    try:
        output = network(np.concatenate([images_of(call) for call in calls]))
    except Exception as error:
        if len(calls) > 1:
            for call in calls:
                run([call])
            return
        logging.getLogger(__name__).exception("A reading failed")
        calls[0].fail(failure(error, calls[0].num_words))
        return
    start = 0
    for call in calls:
        end = start + len(images_of(call))
        call.answer = output[start:end]
        start = end


def images_of(call: Call) -> np.ndarray:
    assert call.step is not None
    return call.step.images


def failure(error: Exception, num_words: int) -> ReadingFailedError:
    what = "This word" if num_words == 1 else f"One of these {num_words} words"
    sentence = ReadingFailedError(
        f"{what} could not be read: the model failed on it ({type(error).__name__}: {first_line(error)}). "
        "Crop it anew or leave it out; the others can be read."
    )
    sentence.__cause__ = error
    return sentence
