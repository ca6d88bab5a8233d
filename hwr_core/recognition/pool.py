"""`RecognizerPool`: recognizers kept open between readings, each opened once, each with a queue of all its callers."""

from __future__ import annotations

import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hwr_core import limits
from hwr_core.files import JsonObject
from hwr_core.recognition.checkpoint import name_of
from hwr_core.recognition.constraints import check_text, parse_mask
from hwr_core.recognition.inference_queue import Check, InferenceQueue
from hwr_core.recognition.options import ReadOptions
from hwr_core.recognition.reading import Reading
from hwr_core.recognition.recognizer import Recognizer
from hwr_core.recognition.typed_text import fitting_words

MAX_OPEN_RECOGNIZERS = 2  # each holds some hundred MB
MAX_ALTERNATIVES = 6  # the reading, and five to choose from
CACHED_IMAGES = 256  # read again while someone types, of all visitors; 25 KB each
WORDS_PER_STEP = 4  # of a long call, before others may go first
WAIT_INTERVAL_SECONDS = 0.5

OnWait = Callable[[str, float], None]  # receives the phase and the seconds waited so far


@dataclass(frozen=True)
class ReadingConditions:
    """What a reading is held to, besides what was typed.

    Attributes:
        language: "auto", "none", or a code of `Recognizer.languages`.
        words: the only readings allowed; empty for any.
        capitals: the share of words that is written in capitals throughout; None leaves it to each call's images.
        views: in how many slightly changed copies each image is read (test-time augmentation).
    """

    language: str = "auto"
    words: tuple[str, ...] = ()
    capitals: float | None = None
    views: int = 1


def opens_quickly(folder: Path) -> bool:
    """Whether the checkpoint opens in a moment, without Keras."""
    return (folder / "model.onnx").is_file()


def load_recognizer(folder: Path, on_phase: Callable[[str], None]) -> Recognizer:
    """Open a checkpoint. Without `model.onnx` the first one imports Keras and TensorFlow."""
    if not opens_quickly(folder) and "keras" not in sys.modules:
        on_phase(f"Opening {name_of(folder)}: starting TensorFlow takes 5 to 9 s, the first time only")
    else:
        on_phase(f"Opening {name_of(folder)}")
    return Recognizer.load(folder, cache_size=CACHED_IMAGES)


@dataclass
class PooledRecognizer:
    """A recognizer that is open, or is being opened in a thread."""

    folder: Path
    phase: str = ""
    recognizer: Recognizer | None = None
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)
    queue: InferenceQueue = field(default_factory=InferenceQueue)

    def load(self) -> None:
        def set_phase(phase: str) -> None:
            self.phase = phase

        try:
            self.recognizer = load_recognizer(self.folder, set_phase)
        except BaseException as error:  # raised by `wait`
            self.error = error
        finally:
            self.done.set()

    def wait(self, on_wait: OnWait | None = None) -> Recognizer:
        """Wait until it is open; what `on_wait` raises ends the waiting.

        Raises:
            CheckpointError: the folder cannot be opened.
        """
        started = time.monotonic()
        while not self.done.wait(WAIT_INTERVAL_SECONDS):
            if on_wait:
                on_wait(self.phase, time.monotonic() - started)
        if self.recognizer is None:
            assert self.error is not None
            raise self.error
        return self.recognizer


class RecognizerPool:
    """The recognizers used last; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[str, int], PooledRecognizer] = OrderedDict()

    def open(self, folder: Path) -> PooledRecognizer:
        """The recognizer of this folder; opened in the background if it is not open, has changed or has failed."""
        try:
            modified = (folder / "model.keras").stat().st_mtime_ns
        except OSError:
            modified = 0
        key = (str(folder), modified)
        with self._lock:
            entry = self._open.get(key)
            if entry is None or entry.error is not None:
                for outdated in [other for other in self._open if other[0] == key[0]]:
                    self._open.pop(outdated).queue.close()
                entry = self._open[key] = PooledRecognizer(folder)
                while len(self._open) > MAX_OPEN_RECOGNIZERS:
                    self._open.popitem(last=False)[1].queue.close()
                threading.Thread(target=entry.load, daemon=True, name=f"open-{folder.name}").start()
            self._open.move_to_end(key)
            return entry

    def read(
        self,
        folder: Path,
        images: Sequence[np.ndarray],
        typed: Sequence[str],
        conditions: ReadingConditions = ReadingConditions(),
        on_wait: OnWait | None = None,
        *,
        caller: str = "",
        check: Check | None = None,
    ) -> list[Reading]:
        """Read words: one `Reading` each, in order, as if nobody else was reading.

        Args:
            folder: the checkpoint.
            images: `(H, W)` uint8 each.
            typed: what was typed of each (`typed_text`): its beginning, or a mask of the whole word.
            conditions: for all of them.
            on_wait: receives the phase and the seconds while the recognizer is being opened.
            caller: whom it is for: callers take turns.
            check: called every moment while others are read; what it raises ends the call.

        Raises:
            ReadingFailedError: it took too long, or the recognizer failed on it.
            HwrError: the recognizer cannot be opened, cannot write what was typed, or no allowed word fits it.
        """
        entry = self.open(folder)
        recognizer = entry.wait(on_wait)
        readings: dict[int, Reading] = {}
        for rows, keywords in read_calls(typed, conditions):
            options = ReadOptions(alternatives=MAX_ALTERNATIVES, alignment=True, **keywords)
            steps = recognizer.read_steps([images[row] for row in rows], options, WORDS_PER_STEP)
            results = entry.queue.read(steps, len(rows), caller=caller, check=check)
            readings.update(zip(rows, results, strict=True))
        return [readings[row] for row in range(len(images))]


def read_calls(typed: Sequence[str], conditions: ReadingConditions) -> list[tuple[list[int], JsonObject]]:
    """The calls of `Recognizer.read` that read all words: rows, and keyword arguments.

    Prefixes go in one call, masks in another; under a list of words each mask needs a call of its own.
    """
    for text in typed:
        check_text(text, "What is typed of a word", limits.current().typed_characters)
    masks = [parse_mask(text) for text in typed]
    prefix_rows = [row for row, mask in enumerate(masks) if None not in mask]
    mask_rows = [row for row, mask in enumerate(masks) if None in mask]
    common: JsonObject = {
        "language": conditions.language,
        "capitals": conditions.capitals,
        "views": conditions.views,
    }
    calls = []
    if prefix_rows:
        prefixes = ["".join(filter(None, masks[row])) for row in prefix_rows]
        allowed = {"words": list(conditions.words)} if conditions.words else {}
        calls.append((prefix_rows, {"prefix": prefixes, **allowed, **common}))
    if mask_rows and not conditions.words:
        calls.append((mask_rows, {"mask": [typed[row] for row in mask_rows], **common}))
    elif mask_rows:
        for row in mask_rows:
            calls.append(([row], {"prefix": [""], "words": fitting_words(conditions.words, masks[row]), **common}))
    return calls
