"""The queue of words to be read, from files, the camera, the drawing pad or data sets; it lasts as long as the tab."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from hwr_core import limits
from hwr_core.errors import HwrError, ImageError
from hwr_core.imaging.uploads import IMAGE_SUFFIXES, unpack_upload
from hwr_core.recognition import Reading
from hwr_core.recognition.export import ExportRow, export_row
from hwr_core.recognition.pool import OnWait, ReadingConditions
from pages.access import Right, needs
from pages.components import models, uploads

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

LOG = logging.getLogger(__name__)
UPLOAD_TYPES = [suffix.removeprefix(".") for suffix in (*IMAGE_SUFFIXES, ".zip")]
MAX_READINGS = 4000  # of a tab: each word's first and present one, and what was typed lately
HALF_CAPITALS, MOSTLY_CAPITALS = 0.5, 0.8  # the shares of words in capitals that readings distinguish
MAX_IMAGE_SIDE = 1600  # pixels of an image: far more than a canvas shows, a fraction of a phone's photograph
ReadingKey = tuple[str, str, str, ReadingConditions]  # checkpoint folder, word id, typed text, conditions


@dataclass
class Word:
    """One word of the queue."""

    id: str
    name: str
    data: bytes | None = None  # the file, until it is decoded
    image: np.ndarray | None = None
    problem: str = ""  # why it cannot be read: the sentence
    typed: str = ""  # the prefix or mask under which it is read
    accepted: str | None = None  # the accepted text
    svg: str = ""  # the strokes of a word that was drawn
    source: str = ""  # the data set that it came from
    word_id: str = ""  # its id there
    transcription: str = ""  # its transcription there
    writer: str = ""  # its writer, if that data set names one

    @cached_property
    def image_key(self) -> str:
        """The key of the image among the accepted words; only of a decoded image, which does not change."""
        from hwr_core.corrections.accepted_words import image_key

        assert self.image is not None
        return image_key(self.image)


@dataclass
class QueueState:
    """What the session keeps of the queue."""

    words: dict[str, Word] = field(default_factory=dict)  # by id, in the order in which they were added
    current_id: str = ""
    last_added: list[str] = field(default_factory=list)  # ids of the last upload, photograph, drawing or sample
    upload_round: int = 0  # rises with every upload
    has_overflowed: bool = False
    conditions: ReadingConditions = field(default_factory=ReadingConditions)
    readings: dict[ReadingKey, Reading] = field(default_factory=dict)
    refused: set[ReadingKey] = field(default_factory=set)  # cannot be read: not tried again
    looked_up: set[str] = field(default_factory=set)  # ids that were searched among the words accepted earlier


def state() -> QueueState:
    return st.session_state.setdefault("word_queue", QueueState())


def words() -> list[Word]:
    """Every word, in the order in which they were added."""
    return list(state().words.values())


def readable_words() -> list[Word]:
    return [word for word in words() if word.image is not None]


def broken_words() -> list[Word]:
    return [word for word in words() if word.problem]


def find(word_id: str) -> Word | None:
    """The readable word of this id."""
    word = state().words.get(word_id)
    return word if word is not None and word.image is not None else None


def current() -> Word | None:
    """The word that is worked on."""
    return find(state().current_id) or next(iter(readable_words()), None)


def set_current(word: Word) -> None:
    state().current_id = word.id


def add_file(name: str, data: bytes) -> Word | None:
    """Add an image file; the same file again is the word that is there already. None where the queue is full."""
    return _add(Word(hashlib.sha256(data + name.encode()).hexdigest()[:16], name, data))


def _add(word: Word) -> Word | None:
    queue = state()
    if word.id not in queue.words and len(queue.words) >= limits.current().queue_words:
        queue.has_overflowed = True
        return None
    return queue.words.setdefault(word.id, word)


def pop_overflow() -> bool:
    """Whether images have been left out since the last call: the queue is full."""
    has_overflowed, state().has_overflowed = state().has_overflowed, False
    return has_overflowed


@needs(Right.READ, "add words to read")
def on_upload(widget: str, folder: Path | None = None) -> None:
    """Callback of an upload widget: add its files, and empty it."""
    value: list[UploadedFile] | UploadedFile | None = st.session_state.get(widget)
    files = [file for file in (value if isinstance(value, list) else [value]) if file is not None]
    if not files:
        return
    accepted, refused = uploads.check_sizes(files)
    add_files([(file.name, file.getvalue()) for file in accepted], refused)
    if folder is not None:
        models.pool().open(folder)


def add_files(files: Iterable[tuple[str, bytes]], refused: Iterable[tuple[str, HwrError]] = ()) -> None:
    """Add files, zips unpacked; the first one becomes the current word. What is refused is there with its sentence."""
    added = [_add_refused(name, error) for name, error in refused]
    for name, data in files:
        try:
            for member, content in unpack_upload(name, data):
                if isinstance(content, HwrError):
                    added.append(_add_refused(member, content))
                else:
                    added.append(add_file(member, content))
        except HwrError as error:
            added.append(_add_refused(name, error))
    show_added([word for word in added if word is not None])


def _add_refused(name: str, error: HwrError) -> Word | None:
    return _add(Word(hashlib.sha256(f"{name}: {error}".encode()).hexdigest()[:16], name, problem=str(error)))


def add_words(new_words: Iterable[Word]) -> None:
    """Add words whose images are decoded already; one that is there stays as it is."""
    show_added([word for word in map(_add, new_words) if word is not None])


def show_added(added: list[Word]) -> None:
    """Note what one upload, photograph, drawing or click has added; the first of it becomes the current word."""
    if added:
        set_current(added[0])
    state().last_added = [word.id for word in added]
    state().upload_round += 1


def last_added() -> list[Word]:
    """The words of the last upload, photograph, drawing or sample."""
    queue = state()
    return [queue.words[word_id] for word_id in queue.last_added if word_id in queue.words]


def forget_last_added() -> None:
    state().last_added = []


def widget_key(name: str) -> str:
    """A key that changes with every upload: the widget is empty again, and the queue is the only list."""
    return f"{name}_{state().upload_round}"


def remove(word: Word) -> None:
    state().words.pop(word.id, None)


def clear() -> None:
    """Empty the queue; the conditions stay."""
    old = state()
    st.session_state["word_queue"] = QueueState(
        upload_round=old.upload_round, has_overflowed=old.has_overflowed, conditions=old.conditions
    )


def capitals_share(folder: Path) -> float | None:
    """The share of words in capitals among those that this model has read, in steps; None where there are few.

    In steps, since whatever was read under another share is read again.
    """
    from hwr_core.decoding.all_capitals import MIN_CAPITALS_SHARE, share_in_capitals

    evidence = {key: reading.capitals for (where, key, *_), reading in state().readings.items() if where == str(folder)}
    log_ratios = (evidence.get(word.id) for word in readable_words())
    share = share_in_capitals(log_ratio for log_ratio in log_ratios if log_ratio is not None)
    return None if share < MIN_CAPITALS_SHARE else MOSTLY_CAPITALS if share >= MOSTLY_CAPITALS else HALF_CAPITALS


def decode_images(on_progress: Callable[[int, int], None] | None = None) -> None:
    """Decode the files that were added; one that is no image gets its sentence, the rest goes on."""
    from hwr_core.imaging import limit_size, read_image

    waiting = [word for word in words() if word.data is not None]
    room = limits.current().queue_bytes - sum(word.image.nbytes for word in words() if word.image is not None)
    for step, word in enumerate(waiting):
        if on_progress:
            on_progress(step, len(waiting))
        try:
            image = limit_size(read_image(word.data or b"", word.name), MAX_IMAGE_SIDE)
            if image.nbytes > room:
                raise ImageError(
                    f"{word.name}: the queue holds images of {limits.size(limits.current().queue_bytes)} at most. "
                    "Clear it, or bring fewer at once."
                )
            word.image, room = image, room - image.nbytes
        except HwrError as error:
            word.problem = str(error)
        except Exception:  # of this one file; the others go on
            LOG.exception("The image %r could not be opened", word.name)
            word.problem = f"{word.name}: the image could not be opened. Save it again as PNG or JPEG."
        word.data = None


def _reading_key(
    word: Word, folder: Path, typed: str | None = None, conditions: ReadingConditions | None = None
) -> ReadingKey:
    return str(folder), word.id, word.typed if typed is None else typed, conditions or state().conditions


def reading_of(word: Word, folder: Path, typed: str | None = None) -> Reading | None:
    """This model's reading of the word under `typed` (by default what was typed last), if it was read."""
    return state().readings.get(_reading_key(word, folder, typed))


def unread(folder: Path) -> list[Word]:
    """Words that this model has not read, without those that it refused under what was typed."""
    refused = state().refused
    return [
        word
        for word in readable_words()
        if reading_of(word, folder) is None and _reading_key(word, folder) not in refused
    ]


def mark_refused(word: Word, folder: Path) -> None:
    """This model cannot read the word under what was typed."""
    state().refused.add(_reading_key(word, folder))


def read(batch: list[Word], folder: Path, on_wait: OnWait | None = None) -> None:
    """Have words read; those that have been read already are left out.

    Raises:
        HwrError: the model cannot be opened, or cannot write what was typed; or reading failed unexpectedly.
    """
    batch = [word for word in batch if reading_of(word, folder) is None]
    if not batch:
        return
    queue = state()  # looked up anew, it would end a run that is to be stopped, and with it what was just read
    images = [word.image for word in batch if word.image is not None]
    try:
        readings = models.pool().read(
            folder,
            images,
            [word.typed for word in batch],
            queue.conditions,
            on_wait,
            caller=session_id(),
            check=state,  # raises where this run is to be stopped, or its visitor has left
        )
    except HwrError:
        raise
    except Exception as error:  # a fault of the program; the page and the other words go on
        LOG.exception("%d words, the first %r, could not be read", len(batch), batch[0].name)
        raise HwrError(
            f"It could not be read, for a reason that is in the log of the studio ({type(error).__name__}). "
            "Go on with the next word."
        ) from error
    for word, reading in zip(batch, readings, strict=True):
        queue.readings[_reading_key(word, folder, None, queue.conditions)] = reading
    forget_oldest(queue.readings, MAX_READINGS)


def forget_oldest(readings: dict[ReadingKey, Reading], max_readings: int) -> None:
    """Readings that are needed once more are read once more, and are then the newest."""
    for key in list(readings)[: max(0, len(readings) - max_readings)]:
        del readings[key]


def session_id() -> str:
    """Of this visit; empty outside one."""
    context = get_script_run_ctx()
    return context.session_id if context else ""


def final_text(word: Word, folder: Path) -> str:
    """The text that is exported: accepted, else read."""
    return row(word, folder, "")["text"]


def row(word: Word, folder: Path, model: str) -> ExportRow:
    """The row of one word in an export."""
    reading = reading_of(word, folder)
    return export_row(word.name, reading, model, typed=word.typed, accepted=word.accepted, problem=word.problem)


def rows(folder: Path, model: str, accepted_only: bool = False) -> list[ExportRow]:
    """The rows of all words, or of the accepted ones."""
    return [row(word, folder, model) for word in words() if word.accepted is not None or not accepted_only]
