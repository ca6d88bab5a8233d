"""Corrections of a data set's transcriptions: stored with the accepted words, applied when the data set is opened.

The source files of the data set are never changed. A correction names the transcription that it replaces: where the
list has changed since, it does not apply any more.
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
CORRECTED: Verdict = "corrected"  # another transcription
SET_ASIDE: Verdict = "set aside"  # the image shows no word, or an illegible one: removed from every part
RIGHT: Verdict = "right"  # the transcription is right: not listed as a possible label error again
VERDICTS = (CORRECTED, SET_ASIDE, RIGHT)


@dataclass(frozen=True, slots=True)
class LabelCorrection:
    """A person's verdict on one transcription: the list's text (`before`), and the image's text (`after`)."""

    word_id: str
    before: str
    after: str
    verdict: Verdict = CORRECTED
    reading: str = ""
    confidence: float = 0.0


class LabelCorrections:
    """The verdicts on the transcriptions of one data set, by its name.

    Args:
        dataset: the data set's name.
        path: the SQLite file; this workspace's own where left out.
    """

    def __init__(self, dataset: str, path: Path | str | None = None) -> None:
        self.dataset = dataset
        self.path = Path(path) if path else database.database_path()

    def add(self, corrections: Sequence[LabelCorrection], *, checkpoint: str = "", who: str = "") -> None:
        """Store verdicts, all in one transaction; an earlier one on the same word is superseded, and stays stored.

        Raises:
            DataError: a correction has no text, or a verdict is unknown.
        """
        made = database.now()
        rows = []
        for correction in corrections:
            after = normalize(correction.after).strip()
            if correction.verdict not in VERDICTS or (correction.verdict == CORRECTED and not after):
                raise DataError(
                    f"The correction of {correction.word_id} needs a text and one of the verdicts "
                    f"{', '.join(VERDICTS)}. Received: {correction.after!r}, {correction.verdict!r}."
                )
            after = after if correction.verdict == CORRECTED else correction.before
            rows.append((
                self.dataset, correction.word_id, correction.before, after, correction.verdict, correction.reading,
                float(correction.confidence), checkpoint, who.strip(), made,
            ))  # fmt: skip
        with database.transaction(self.path) as connection:
            connection.executemany(
                "INSERT INTO label_fixes (dataset, word_id, before, after, verdict, reading, confidence, checkpoint, "
                "who, made) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def undo(self, word_ids: Sequence[str]) -> int:
        """Undo the last verdict on each of these words; returns the number of verdicts undone."""
        undone = 0
        with database.transaction(self.path) as connection:
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
        with database.transaction(self.path, write=False) as connection:
            rows = connection.execute(
                "SELECT word_id, before, after, verdict, reading, confidence FROM label_fixes "
                "WHERE dataset = ? AND undone IS NULL ORDER BY id",
                (self.dataset,),
            ).fetchall()
        return {row["word_id"]: LabelCorrection(*row) for row in rows}  # a later one replaces an earlier one

    def revision(self) -> str:
        """A text that changes with every change of the verdicts; "" where there is none."""
        if not self.path.is_file():
            return ""
        with database.transaction(self.path, write=False) as connection:
            row = connection.execute(
                "SELECT MAX(id), COUNT(undone) FROM label_fixes WHERE dataset = ?", (self.dataset,)
            ).fetchone()
        return "" if row[0] is None else f"{row[0]}-{row[1]}"

    def apply(self, table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
        """The data set's table with the corrections applied.

        Args:
            table: columns word_id, transcription, split among others; not changed.

        Returns:
            The table with the same rows in the same order (words set aside are in no part), and the ids of the words
            whose row was changed.
        """
        corrections = self.current()
        if not corrections:
            return table, []
        table = table.copy()
        changed = []
        columns = table.columns.tolist()
        for row in table["word_id"].isin(corrections).to_numpy().nonzero()[0].tolist():
            correction = corrections[str(table["word_id"].iat[row])]
            if table["transcription"].iat[row] != correction.before or correction.verdict == RIGHT:
                continue
            column, value = ("split", "") if correction.verdict == SET_ASIDE else ("transcription", correction.after)
            table.iat[row, columns.index(column)] = value
            changed.append(correction.word_id)
        return table, changed
