"""The accepted words as a zip that can be added as a data set, and as a data set of the workspace."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from contextlib import suppress
from pathlib import Path

from hwr_core import spreadsheet
from hwr_core.config import CanvasConfig
from hwr_core.corrections.accepted_words import AcceptedWord, AcceptedWords
from hwr_core.datasets.dataset import DataSet, ignore_progress, read_description
from hwr_core.datasets.names import DESCRIPTION, MY_CORRECTIONS, dataset_folder
from hwr_core.errors import DataError, HwrError
from hwr_core.files import replace_folder, replacing, restore_folder, sweep_temporary
from hwr_core.jobs.lock import only_one
from hwr_core.jobs.runner import OnProgress
from hwr_core.workspace import home, resolved_path

VALIDATION_EVERY = 4  # one word in so many is for validation
HEADER = (
    "word_id", "transcription", "image", "writer", "split",
    "reading", "confidence", "prefix", "checkpoint", "who", "made", "source", "source_word",
)  # fmt: skip
BUSY = "The corrections are being prepared by another process."


def as_csv(words: list[AcceptedWord]) -> str:
    """A list for the CSV reader and for spreadsheets, with all other fields of each word in further columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for word, part in zip(words, parts_of(words), strict=True):
        details = (
            word.reading,
            f"{word.confidence:.4f}",
            word.prefix,
            word.checkpoint,
            word.who,
            word.made,
            word.source,
        )
        name = word.picture[:16]
        cells = [name, word.text, f"pictures/{name}.png", word.writer, part, *details, word.word_id]
        writer.writerow(map(spreadsheet.defused, cells))
    return text.getvalue()


def parts_of(words: list[AcceptedWord]) -> list[str]:
    """Train or validation for each word, by its image, so that further words do not move it."""
    parts = ["train" if int(word.picture[:8], 16) % VALIDATION_EVERY else "validation" for word in words]
    if len(words) > 1 and len(set(parts)) == 1:
        parts[-1] = "train" if parts[0] == "validation" else "validation"
    return parts


def export(accepted: AcceptedWords, path: Path, writer: str | None = None) -> int:
    """Write the words that stand as a zip: `words.csv` and `pictures/*.png`; returns how many.

    Raises:
        DataError: there are none, or the file cannot be written.
    """
    words = accepted.current(writer)
    if not words:
        raise DataError("No word was accepted yet. Read words on the Read page, and accept or correct them.")
    try:
        with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            archive.writestr("my-corrections/words.csv", as_csv(words))
            for word in words:
                archive.writestr(f"my-corrections/pictures/{word.picture[:16]}.png", accepted.png(word.picture))
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror or error}).") from error
    return len(words)


def refresh(progress: OnProgress | None = None) -> bool:
    """Update the data set of the accepted words: created, built again, or removed with the last word.

    Returns:
        Whether anything had changed. Without a change this is one query.

    Raises:
        DataError: none of the words can be used.
        JobError: another process is updating it.
    """
    accepted, folder = AcceptedWords(), dataset_folder(MY_CORRECTIONS)
    source = home() / "corrections" / f"words-{accepted.revision()}.zip"
    if _is_built_from(folder, source) or not (accepted.path.is_file() or folder.exists()):
        return False
    with only_one(home() / "corrections" / ".lock", BUSY):
        if _is_built_from(folder, source):
            return False
        sweep_temporary(source.parent)
        if accepted.count():
            _build(folder, source, accepted, progress)
        elif not folder.exists():
            return False
        else:
            shutil.rmtree(folder)
        for older in source.parent.glob("words-*.zip"):
            if older != source:
                with suppress(OSError):  # another process may be reading it
                    older.unlink()
    return True


def my_corrections(progress: OnProgress | None = None) -> DataSet:
    """The accepted words as a data set, up to date.

    Raises:
        DataError: there are none.
    """
    refresh(progress)
    folder = dataset_folder(MY_CORRECTIONS)
    if not (folder / DESCRIPTION).is_file():
        raise DataError("No word was accepted yet. Read words on the Read page, and accept or correct them.")
    return DataSet(folder)


def _is_built_from(folder: Path, source: Path) -> bool:
    try:
        return resolved_path(read_description(folder)["source"]) == source and source.is_file()
    except HwrError:
        return False


def _build(folder: Path, source: Path, accepted: AcceptedWords, progress: OnProgress | None) -> None:
    """Build it in a folder of its own that then replaces the old one, which stays readable until then."""
    from hwr_core.datasets.add import build_dataset

    export(accepted, source)
    restore_folder(folder)
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    build_dataset(
        fresh, source, reader="auto", columns={}, image_root=None, canvas=CanvasConfig(),
        progress=progress or ignore_progress,
    )  # fmt: skip
    replace_folder(fresh, folder)
