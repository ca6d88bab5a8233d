"""Corrections of a data set's transcriptions: kept beside the accepted words, laid over the set when it is opened.

The files that the data set was read from are never touched. A fix names the transcription that it replaces: where
the list has changed since, the fix does not apply any more, and the list counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hwr_core.corrections import database
from hwr_core.errors import DataError
from hwr_core.text import normalize

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["corrected", "set aside", "right"]
CORRECTED: Verdict = "corrected"  # it says something else
ASIDE: Verdict = "set aside"  # the picture shows no word, or none that can be told: in no part any more
RIGHT: Verdict = "right"  # the transcription is right after all: not to be asked about again
VERDICTS = (CORRECTED, ASIDE, RIGHT)


@dataclass(frozen=True, slots=True)
class LabelCorrection:
    """A person's verdict on one transcription: what the list says (`before`), and what the picture says (`after`)."""

    word_id: str
    before: str
    after: str
    verdict: Verdict = CORRECTED
    reading: str = ""
    confidence: float = 0.0


class LabelCorrections:
    """The verdicts on the transcriptions of one data set, by its name.

    Args:
        dataset: its name.
        path: the SQLite file; this workspace's own where left out.
    """

    def __init__(self, dataset: str, path: Path | str | None = None) -> None:
        self.dataset = dataset
        self.path = Path(path) if path else database.database_path()

    def add(self, fixes: Sequence[LabelCorrection], *, checkpoint: str = "", who: str = "") -> None:
        """Store verdicts, all in one transaction; an earlier one on the same word is superseded, and kept.

        Raises:
            DataError: a correction has no text, or a verdict is unknown.
        """
        made = database.now()
        rows = []
        for fix in fixes:
            after = normalize(fix.after).strip()
            if fix.verdict not in VERDICTS or (fix.verdict == CORRECTED and not after):
                raise DataError(
                    f"The correction of {fix.word_id} needs a text and one of the verdicts {', '.join(VERDICTS)}. "
                    f"Received: {fix.after!r}, {fix.verdict!r}."
                )
            after = after if fix.verdict == CORRECTED else fix.before
            rows.append((self.dataset, fix.word_id, fix.before, after, fix.verdict, fix.reading,
                         float(fix.confidence), checkpoint, who.strip(), made))  # fmt: skip
        with database.opened(self.path) as connection:
            connection.executemany(
                "INSERT INTO label_fixes (dataset, word_id, before, after, verdict, reading, confidence, checkpoint, "
                "who, made) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def undo(self, word_ids: Sequence[str]) -> int:
        """Take back the last verdict on each of these words; returns how many were."""
        undone = 0
        with database.opened(self.path) as connection:
            for word_id in word_ids:
                undone += connection.execute(
                    "UPDATE label_fixes SET undone = ? WHERE id = (SELECT MAX(id) FROM label_fixes "
                    "WHERE dataset = ? AND word_id = ? AND undone IS NULL)",
                    (database.now(), self.dataset, word_id),
                ).rowcount
        return undone

    def current(self) -> dict[str, LabelCorrection]:
        """Word -> the verdict that stands."""
        if not self.path.is_file():
            return {}
        with database.opened(self.path, write=False) as connection:
            rows = connection.execute(
                "SELECT word_id, before, after, verdict, reading, confidence FROM label_fixes "
                "WHERE dataset = ? AND undone IS NULL ORDER BY id",
                (self.dataset,),
            ).fetchall()
        return {row["word_id"]: LabelCorrection(*row) for row in rows}  # a later one takes the earlier one's place

    def revision(self) -> str:
        """Another text after every change."""
        if not self.path.is_file():
            return ""
        with database.opened(self.path, write=False) as connection:
            row = connection.execute(
                "SELECT MAX(id), COUNT(undone) FROM label_fixes WHERE dataset = ?", (self.dataset,)
            ).fetchone()
        return "" if row[0] is None else f"{row[0]}-{row[1]}"

    def overlay(self, table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
        """The data set's table as corrected.

        Args:
            table: columns word_id, transcription, split among others; not changed.

        Returns:
            The table, of as many rows in the same order (words set aside are in no part), and the ids of the words
            whose row differs from the list.
        """
        fixes = self.current()
        if not fixes:
            return table, []
        table = table.copy()
        changed = []
        columns = table.columns.tolist()
        for place in table["word_id"].isin(fixes).to_numpy().nonzero()[0].tolist():
            fix = fixes[str(table["word_id"].iat[place])]
            if table["transcription"].iat[place] != fix.before or fix.verdict == RIGHT:
                continue
            column, value = ("split", "") if fix.verdict == ASIDE else ("transcription", fix.after)
            table.iat[place, columns.index(column)] = value
            changed.append(fix.word_id)
        return table, changed
