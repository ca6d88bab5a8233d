"""The accepted words as a zip that every reader of data sets takes, and as a data set of the workspace."""

from __future__ import annotations

import csv
import io
import os
import shutil
import zipfile
from contextlib import suppress
from pathlib import Path

from hwr_core import jobs
from hwr_core.config import CanvasConfig
from hwr_core.corrections.accepted_words import AcceptedWord, AcceptedWords
from hwr_core.datasets.dataset import DESCRIPTION, DataSet, Progress, read_description
from hwr_core.datasets.store import MY_CORRECTIONS, dataset_folder
from hwr_core.errors import DataError, HwrError
from hwr_core.files import replace_folder, restore_folder

VALIDATION_EVERY = 4  # of the data set: a training on it needs words that it does not learn from
HEADER = (
    "word_id", "transcription", "image", "writer", "split",
    "reading", "confidence", "prefix", "checkpoint", "who", "made", "source", "source_word",
)  # fmt: skip
BUSY = "The corrections are being prepared by another process."


def as_csv(words: list[AcceptedWord]) -> str:
    """A list that the CSV reader takes, with all that is known of each word behind its columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for word, part in zip(words, parts_of(words), strict=True):
        known = (word.reading, f"{word.confidence:.4f}", word.prefix, word.checkpoint, word.who, word.made, word.source)
        name = word.picture[:16]
        writer.writerow([name, word.text, f"pictures/{name}.png", word.writer, part, *known, word.word_id])
    return text.getvalue()


def parts_of(words: list[AcceptedWord]) -> list[str]:
    """Train or validation for each word, by its picture, so that a word stays where it is as others come."""
    parts = ["train" if int(word.picture[:8], 16) % VALIDATION_EVERY else "validation" for word in words]
    if len(words) > 1 and len(set(parts)) == 1:
        parts[-1] = "train" if parts[0] == "validation" else "validation"
    return parts


def export(corrections: AcceptedWords, path: Path, writer: str | None = None) -> int:
    """Write the words that stand as a zip: `words.csv` and `pictures/*.png`; returns how many.

    Raises:
        DataError: there are none, or the file cannot be written.
    """
    words = corrections.current(writer)
    if not words:
        raise DataError("No word was accepted yet. Read some on the Read page, and accept or correct them.")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-0")
    try:
        with zipfile.ZipFile(temporary, "w") as archive:
            archive.writestr("my-corrections/words.csv", as_csv(words))
            for word in words:
                archive.writestr(f"my-corrections/pictures/{word.picture[:16]}.png", corrections.png(word.picture))
        os.replace(temporary, path)
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror or error}).") from error
    finally:
        temporary.unlink(missing_ok=True)
    return len(words)


def refresh(progress: Progress | None = None) -> bool:
    """Bring the data set of the accepted words up to date: made, made anew, or removed with the last word.

    Returns:
        Whether anything had changed. Costs a query where nothing has.

    Raises:
        DataError: none of the words can be used.
        JobError: another process is at it.
    """
    corrections, folder = AcceptedWords(), dataset_folder(MY_CORRECTIONS)
    source = jobs.home() / "corrections" / f"words-{corrections.revision()}.zip"
    if _is_of(folder, source) or not (corrections.path.is_file() or folder.exists()):
        return False
    with jobs.only_one(jobs.home() / "corrections" / ".lock", BUSY):
        if _is_of(folder, source):
            return False
        if corrections.count():
            _build(folder, source, corrections, progress)
        elif not folder.exists():
            return False
        else:
            shutil.rmtree(folder)
        for older in source.parent.glob("words-*.zip"):
            if older != source:
                with suppress(OSError):  # another process may be reading it
                    older.unlink()
    return True


def my_corrections(progress: Progress | None = None) -> DataSet:
    """The accepted words as a data set, up to date.

    Raises:
        DataError: there are none.
    """
    refresh(progress)
    folder = dataset_folder(MY_CORRECTIONS)
    if not (folder / DESCRIPTION).is_file():
        raise DataError("No word was accepted yet. Read some on the Read page, and accept or correct them.")
    return DataSet(folder)


def _is_of(folder: Path, source: Path) -> bool:
    try:
        return bool(read_description(folder)["source"] == str(source)) and source.is_file()
    except HwrError:
        return False


def _build(folder: Path, source: Path, corrections: AcceptedWords, progress: Progress | None) -> None:
    """Beside the old one, and put in its place when it is whole: a page that shows the old one goes on doing so."""
    from hwr_core.datasets.add import build_dataset

    export(corrections, source)
    restore_folder(folder)
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    build_dataset(
        fresh, source, reader="auto", columns={}, image_root=None, canvas=CanvasConfig(),
        progress=progress or (lambda phase, step, steps: None),
    )  # fmt: skip
    replace_folder(fresh, folder)
