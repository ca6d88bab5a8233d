"""Accepted and corrected words: what a person settled on for a picture, and all that is known of how.

from hwr_core.corrections.accepted_words import Corrections
corrections = Corrections()                     # of this workspace
made = corrections.accept(picture, "because", reading="becouse", confidence=0.61, writer="Anna")
corrections.current(), corrections.undo(made.id)
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from hwr_core.corrections import database
from hwr_core.errors import DataError
from hwr_core.text import normalize

LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class AcceptedWord:
    """One accepted word.

    Attributes:
        id: rises with time.
        picture: SHA-256 of the picture's size and pixels: the same picture again is known by it.
        text: what the person settled on.
        reading, confidence: what the recognizer had said under `prefix`, and how sure it was, in [0, 1].
        prefix: what the person had typed.
        checkpoint: the recognizer's name.
        who: the name that the person gave, if any.
        writer: whose hand it is, if that was said.
        made: when, UTC, ISO 8601.
        source: the file's name, or the data set's.
        word_id: the word's name in that data set.
        undone: when it was taken back; empty where it stands.
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
        """Whether the person wrote something else than the recognizer had read."""
        return self.text != self.reading


NAMES = tuple(spec.name for spec in fields(AcceptedWord))
# Of each picture the last word that stands: a later one supersedes it, and comes back when that one is undone.
CURRENT = """
    SELECT c.* FROM corrections c
    WHERE c.undone IS NULL AND c.id = (
        SELECT MAX(l.id) FROM corrections l WHERE l.picture = c.picture AND l.undone IS NULL
    )
"""


class AcceptedWords:
    """The accepted words of a workspace; any number of tabs and processes may have it open.

    Args:
        path: the SQLite file; this workspace's own where left out. It is made with the first word.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = Path(path) if path else database.database_path()

    def accept(
        self,
        picture: np.ndarray,
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
            picture: `(H, W)` uint8 grey, as it was uploaded.
            text: what it says. An earlier word on the same picture is superseded, and kept.

        Raises:
            DataError: there is no text or no picture, or the file cannot be written.
        """
        text = normalize(text).strip()
        if not text or len(text) > LONGEST_TEXT:
            raise DataError(
                f"An accepted word needs 1 to {LONGEST_TEXT} characters. Received: {len(text)}. Type what it says."
            )
        if picture.dtype != np.uint8 or picture.ndim != 2 or not picture.size:
            raise DataError(f"Expected a grey picture (H, W) of uint8. Received: {picture.dtype} {picture.shape}.")
        key = picture_key(picture)
        values = (key, text, normalize(reading), float(confidence), normalize(prefix), checkpoint, who.strip())
        rest = (writer.strip(), database.now(), source, word_id)
        names = ", ".join(NAMES[1:-1])
        with database.opened(self.path) as connection:
            if not connection.execute("SELECT 1 FROM pictures WHERE sha256 = ?", (key,)).fetchone():
                row = (key, as_png(picture), *picture.shape)
                connection.execute("INSERT INTO pictures (sha256, png, height, width) VALUES (?, ?, ?, ?)", row)
            marks = ", ".join("?" * (len(NAMES) - 2))
            cursor = connection.execute(f"INSERT INTO corrections ({names}) VALUES ({marks})", (*values, *rest))
            return self._get(connection, int(cursor.lastrowid or 0))

    def undo(self, number: int) -> AcceptedWord:
        """Take a word back; what it had superseded stands again. Undone twice is undone once.

        Raises:
            DataError: there is no such word.
        """
        with database.opened(self.path) as connection:
            connection.execute(
                "UPDATE corrections SET undone = ? WHERE id = ? AND undone IS NULL", (database.now(), number)
            )
            return self._get(connection, number)

    def undo_last(self) -> AcceptedWord | None:
        """Take back the word accepted last, or None where none stands."""
        if not self.path.is_file():
            return None
        with database.opened(self.path, write=False) as connection:
            row = connection.execute("SELECT MAX(id) FROM corrections WHERE undone IS NULL").fetchone()
        return self.undo(int(row[0])) if row[0] is not None else None

    def current(self, writer: str | None = None) -> list[AcceptedWord]:
        """The words that stand, one a picture, in the order in which they were accepted.

        Args:
            writer: only this hand's; "" are those of which no hand was named. None: all.
        """
        clause, values = ("", ()) if writer is None else (" AND c.writer = ?", (writer,))
        return self._rows(f"{CURRENT}{clause} ORDER BY c.id", values)

    def history(self) -> list[AcceptedWord]:
        """Every word ever accepted: superseded and undone ones too."""
        return self._rows("SELECT * FROM corrections ORDER BY id")

    def writers(self) -> dict[str, int]:
        """Hand -> number of words that stand, the most first; "" where none was named."""
        if not self.path.is_file():
            return {}
        query = f"SELECT writer, COUNT(*) FROM ({CURRENT}) GROUP BY writer ORDER BY COUNT(*) DESC, writer"
        with database.opened(self.path, write=False) as connection:
            return {str(row[0]): int(row[1]) for row in connection.execute(query)}

    def count(self) -> int:
        """How many words stand."""
        return sum(self.writers().values())

    def revision(self) -> str:
        """Another text after every change of the words, and in another file; "" where there never was one."""
        if not self.path.is_file():
            return ""
        with database.opened(self.path, write=False) as connection:
            return "{}-{}".format(*connection.execute("SELECT number, ledger FROM changes").fetchone())

    def png(self, key: str) -> bytes:
        """A picture as PNG, by its SHA-256, or `DataError`."""
        with database.opened(self.path, write=False) as connection:
            row = connection.execute("SELECT png FROM pictures WHERE sha256 = ?", (key,)).fetchone()
        if row is None:
            raise DataError(f"There is no picture {key[:12]}... among the corrections. It may have been forgotten.")
        return bytes(row[0])

    def rename(self, writer: str, to: str) -> int:
        """Give the words of one hand another name; returns how many words that stand have it now from this.

        Args:
            writer: the name until now; "" are the words of which no hand was named.
            to: the name from now on. Where a hand has it already, its words and these are one hand's.

        Raises:
            DataError: `to` is empty.
        """
        to = to.strip()
        if not to:
            raise DataError("A hand needs a name, and none was given. Write one.")
        number = self.writers().get(writer, 0)
        if self.path.is_file():
            with database.opened(self.path) as connection:
                connection.execute("UPDATE corrections SET writer = ? WHERE writer = ?", (to, writer))
        return number

    def forget(self, writer: str | None = None) -> int:
        """Delete words and their pictures for good, history too: all, or one hand's; returns how many words went."""
        if not self.path.is_file():
            return 0
        clause, values = ("", ()) if writer is None else (" WHERE writer = ?", (writer,))
        with database.opened(self.path) as connection:
            gone = connection.execute(f"DELETE FROM corrections{clause}", values).rowcount
            connection.execute("DELETE FROM pictures WHERE sha256 NOT IN (SELECT picture FROM corrections)")
        return gone

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[AcceptedWord]:
        if not self.path.is_file():
            return []
        with database.opened(self.path, write=False) as connection:
            return [_correction(row) for row in connection.execute(query, values)]

    @staticmethod
    def _get(connection: sqlite3.Connection, number: int) -> AcceptedWord:
        row = connection.execute("SELECT * FROM corrections WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise DataError(f"There is no accepted word number {number}. It may have been forgotten.")
        return _correction(row)


def _correction(row: sqlite3.Row) -> AcceptedWord:
    values: dict[str, Any] = {name: row[name] if row[name] is not None else "" for name in NAMES}
    return AcceptedWord(**values)


def picture_key(picture: np.ndarray) -> str:
    """SHA-256 of a grey picture's size and pixels; how its file was compressed does not matter.

    Example:
        >>> picture_key(np.zeros((2, 3), np.uint8)) == picture_key(np.zeros((3, 2), np.uint8))
        False
    """
    height, width = picture.shape
    return hashlib.sha256(f"{height}x{width}\n".encode() + np.ascontiguousarray(picture).tobytes()).hexdigest()


def as_png(picture: np.ndarray) -> bytes:
    """A grey picture as a PNG file."""
    import cv2

    return cv2.imencode(".png", picture)[1].tobytes()
