"""Accepted words: the text that a person confirmed or corrected for an image, with its reading and context.

from hwr_core.corrections import AcceptedWords
words = AcceptedWords()                         # of this workspace
word = words.accept(image, "because", reading="becouse", confidence=0.61, writer="Anna")
words.current(), words.undo(word.id)
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from hwr_core.corrections import database
from hwr_core.errors import DataError
from hwr_core.imaging.image_io import encode_png
from hwr_core.text import normalize

MAX_TEXT_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class AcceptedWord:
    """One accepted word.

    Attributes:
        id: rises with time.
        picture: SHA-256 of the image's size and pixels: equal images have the same.
        text: what the person accepted or typed.
        reading, confidence: the recognizer's reading under `prefix`, and its confidence in [0, 1].
        prefix: the text that the person had typed.
        checkpoint: the recognizer's name.
        who: the name that the person gave, if any.
        writer: who wrote the word, if given.
        made: when it was accepted, UTC, ISO 8601.
        source: the file's name, or the data set's.
        word_id: the word's name in that data set.
        undone: when it was undone; empty while it stands.
    """

    id: int
    picture: str
    text: str
    reading: str
    confidence: float
    prefix: str
    checkpoint: str
    who: str
    writer: str
    made: str
    source: str
    word_id: str
    undone: str = ""

    @property
    def is_changed(self) -> bool:
        """Whether the text differs from the reading."""
        return self.text != self.reading


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWord:
    """A word that is to be stored: the arguments of `AcceptedWords.accept`."""

    image: np.ndarray
    text: str
    reading: str = ""
    confidence: float = 0.0
    prefix: str = ""
    checkpoint: str = ""
    who: str = ""
    writer: str = ""
    source: str = ""
    word_id: str = ""


COLUMNS = tuple(spec.name for spec in fields(AcceptedWord))
# Of each image the last word that stands: a later one supersedes it, and comes back when that one is undone.
CURRENT = """
    SELECT c.* FROM corrections c
    WHERE c.undone IS NULL AND c.id = (
        SELECT MAX(l.id) FROM corrections l WHERE l.picture = c.picture AND l.undone IS NULL
    )
"""


class AcceptedWords:
    """The accepted words of a workspace; any number of tabs and processes may have it open.

    Args:
        path: the SQLite file; this workspace's own where left out. It is created with the first word.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = Path(path) if path else database.database_path()

    def accept(
        self,
        image: np.ndarray,
        text: str,
        *,
        reading: str = "",
        confidence: float = 0.0,
        prefix: str = "",
        checkpoint: str = "",
        who: str = "",
        writer: str = "",
        source: str = "",
        word_id: str = "",
    ) -> AcceptedWord:
        """Store a word; it is on the disk when this returns.

        Args:
            image: `(H, W)` uint8 grey, as it was uploaded.
            text: its transcription. An earlier word on the same image is superseded, and stays in the history.

        Raises:
            DataError: there is no text or no image, or the file cannot be written.
        """
        word = NewWord(
            image=image,
            text=text,
            reading=reading,
            confidence=confidence,
            prefix=prefix,
            checkpoint=checkpoint,
            who=who,
            writer=writer,
            source=source,
            word_id=word_id,
        )
        return self.accept_all([word])[0]

    def accept_all(self, words: Sequence[NewWord]) -> list[AcceptedWord]:
        """Store words in one transaction: all of them are on the disk when this returns, or none where it raises.

        Raises:
            DataError: as `accept`, of the first word that it is true of.
        """
        texts = [_checked_text(word) for word in words]
        images = {image_key(word.image): word.image for word in words}
        stored = self._stored_images(list(images))
        # Compressed before the transaction: others can write meanwhile.
        new = [(key, encode_png(image), *image.shape) for key, image in images.items() if key not in stored]
        made = database.now()
        rows = [
            (
                image_key(word.image), text, normalize(word.reading), float(word.confidence), normalize(word.prefix),
                word.checkpoint, word.who.strip(), word.writer.strip(), made, word.source, word.word_id,
            )
            for word, text in zip(words, texts, strict=True)
        ]  # fmt: skip
        names, marks = ", ".join(COLUMNS[1:-1]), ", ".join("?" * (len(COLUMNS) - 2))
        with database.transaction(self.path) as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO pictures (sha256, png, height, width) VALUES (?, ?, ?, ?)", new
            )
            accepted = []
            for row in rows:
                cursor = connection.execute(f"INSERT INTO corrections ({names}) VALUES ({marks})", row)
                accepted.append(self._get(connection, int(cursor.lastrowid or 0)))
            return accepted

    def _stored_images(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys whose images are stored."""
        if not self.path.is_file():
            return set()
        with database.transaction(self.path, write=False) as connection:
            query = "SELECT 1 FROM pictures WHERE sha256 = ?"
            return {key for key in keys if connection.execute(query, (key,)).fetchone()}

    def undo(self, number: int) -> AcceptedWord:
        """Undo a word; the one that it superseded stands again. A second undo changes nothing.

        Raises:
            DataError: there is no such word.
        """
        return self.undo_all([number])[0]

    def undo_all(self, numbers: Sequence[int]) -> list[AcceptedWord]:
        """Undo words in one transaction.

        Raises:
            DataError: one of them does not exist; then none is undone.
        """
        undone = database.now()
        with database.transaction(self.path) as connection:
            connection.executemany(
                "UPDATE corrections SET undone = ? WHERE id = ? AND undone IS NULL",
                [(undone, number) for number in numbers],
            )
            return [self._get(connection, number) for number in numbers]

    def undo_last(self) -> AcceptedWord | None:
        """Undo the word accepted last, or None where none stands."""
        if not self.path.is_file():
            return None
        with database.transaction(self.path, write=False) as connection:
            row = connection.execute("SELECT MAX(id) FROM corrections WHERE undone IS NULL").fetchone()
        return self.undo(int(row[0])) if row[0] is not None else None

    def current(self, writer: str | None = None) -> list[AcceptedWord]:
        """The words that stand, one an image, in the order in which they were accepted.

        Args:
            writer: only this writer's; "" are those without a writer. None: all.
        """
        clause, values = ("", ()) if writer is None else (" AND c.writer = ?", (writer,))
        return self._rows(f"{CURRENT}{clause} ORDER BY c.id", values)

    def history(self) -> list[AcceptedWord]:
        """Every word ever accepted: superseded and undone ones too."""
        return self._rows("SELECT * FROM corrections ORDER BY id")

    def writers(self) -> dict[str, int]:
        """Writer -> number of words that stand, largest first; "" for words without a writer."""
        if not self.path.is_file():
            return {}
        query = f"SELECT writer, COUNT(*) FROM ({CURRENT}) GROUP BY writer ORDER BY COUNT(*) DESC, writer"
        with database.transaction(self.path, write=False) as connection:
            return {str(row[0]): int(row[1]) for row in connection.execute(query)}

    def count(self) -> int:
        """How many words stand."""
        return sum(self.writers().values())

    def revision(self) -> str:
        """A text that changes with every change of the words, and differs between files; "" where there is no file."""
        if not self.path.is_file():
            return ""
        with database.transaction(self.path, write=False) as connection:
            return "{}-{}".format(*connection.execute("SELECT number, ledger FROM changes").fetchone())

    def png(self, key: str) -> bytes:
        """An image as PNG, by its SHA-256, or `DataError`."""
        with database.transaction(self.path, write=False) as connection:
            row = connection.execute("SELECT png FROM pictures WHERE sha256 = ?", (key,)).fetchone()
        if row is None:
            raise DataError(f"There is no image {key[:12]}... among the corrections. It may have been deleted.")
        return bytes(row[0])

    def rename(self, writer: str, to: str) -> int:
        """Rename a writer; returns the number of words that stand and were renamed.

        Args:
            writer: the old name; "" are the words without a writer.
            to: the new name. Where another writer has it, the two become one.

        Raises:
            DataError: `to` is empty.
        """
        to = to.strip()
        if not to:
            raise DataError("A writer needs a name. Received: an empty one. Type a name.")
        number = self.writers().get(writer, 0)
        if self.path.is_file():
            with database.transaction(self.path) as connection:
                connection.execute("UPDATE corrections SET writer = ? WHERE writer = ?", (to, writer))
        return number

    def delete(self, writer: str | None = None) -> int:
        """Delete words and their images for good, with their history: all, or one writer's; returns their number."""
        if not self.path.is_file():
            return 0
        clause, values = ("", ()) if writer is None else (" WHERE writer = ?", (writer,))
        with database.transaction(self.path) as connection:
            count = connection.execute(f"DELETE FROM corrections{clause}", values).rowcount
            connection.execute("DELETE FROM pictures WHERE sha256 NOT IN (SELECT picture FROM corrections)")
        return count

    def _rows(self, query: str, values: tuple[str, ...] = ()) -> list[AcceptedWord]:
        if not self.path.is_file():
            return []
        with database.transaction(self.path, write=False) as connection:
            return [_accepted_word(row) for row in connection.execute(query, values)]

    @staticmethod
    def _get(connection: sqlite3.Connection, number: int) -> AcceptedWord:
        row = connection.execute("SELECT * FROM corrections WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise DataError(f"There is no accepted word number {number}. It may have been deleted.")
        return _accepted_word(row)


def _checked_text(word: NewWord) -> str:
    """The text as it is stored, or `DataError` where the word cannot be."""
    text = normalize(word.text).strip()
    if not text or len(text) > MAX_TEXT_CHARACTERS:
        raise DataError(
            f"An accepted word needs 1 to {MAX_TEXT_CHARACTERS} characters. Received: {len(text)}. "
            "Type its transcription."
        )
    image = word.image
    if image.dtype != np.uint8 or image.ndim != 2 or not image.size:
        raise DataError(f"Expected a grey image (H, W) of uint8. Received: {image.dtype} {image.shape}.")
    return text


def _accepted_word(row: sqlite3.Row) -> AcceptedWord:
    values: dict[str, Any] = {name: row[name] if row[name] is not None else "" for name in COLUMNS}
    return AcceptedWord(**values)


def image_key(image: np.ndarray) -> str:
    """SHA-256 of a grey image's size and pixels, independent of its file's compression.

    Example:
        >>> image_key(np.zeros((2, 3), np.uint8)) == image_key(np.zeros((3, 2), np.uint8))
        False
    """
    height, width = image.shape
    return hashlib.sha256(f"{height}x{width}\n".encode() + np.ascontiguousarray(image).tobytes()).hexdigest()
