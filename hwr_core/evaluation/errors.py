"""The words that were read wrongly: in what way, and the worst of them first."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

KINDS = ("case only", "accents only", "punctuation only", "one character", "two characters", "more", "nothing read")
ORDERS = ("most wrong", "most certain")


def kind_of(transcription: str, reading: str, edits: int) -> str:
    """In what way a reading is wrong: the first of `KINDS` that holds, "right" where it is not.

    Example:
        >>> kind_of("Word,", "word,", 1), kind_of("Word,", "Word", 1), kind_of("été", "ete", 2), kind_of("a", "b", 1)
        ('case only', 'punctuation only', 'accents only', 'one character')
    """
    if transcription == reading:
        return "right"
    if not reading:
        return "nothing read"
    if transcription.casefold() == reading.casefold():
        return "case only"
    if _bare(transcription) == _bare(reading):
        return "accents only"
    if _letters(transcription) == _letters(reading) != "":
        return "punctuation only"
    return {1: "one character", 2: "two characters"}.get(edits, "more")


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _letters(text: str) -> str:
    return "".join(c for c in text if not unicodedata.category(c).startswith("P"))


def kinds(readings: pandas.DataFrame) -> dict[str, int]:
    """How many words are wrong in each way; every kind is there, in the order of `KINDS`."""
    found = [
        kind_of(*row) for row in zip(readings["transcription"], readings["reading"], readings["edits"], strict=True)
    ]
    return {kind: found.count(kind) for kind in KINDS}


def worst_words(readings: pandas.DataFrame, writer: str = "", order: str = "most wrong") -> pandas.DataFrame:
    """The words read wrongly.

    Args:
        readings: of `read_words`.
        writer: only this writer's; "" takes all.
        order: "most wrong": most edits a character first, the more certain of equals first; "most certain": the
            errors that a threshold on the confidence would let through come first.

    Returns:
        The wrong rows of `readings`, in that order.
    """
    wrong = readings[readings["edits"] > 0]
    if writer:
        wrong = wrong[wrong["writer"] == writer]
    share = wrong["edits"] / wrong["transcription"].str.len().clip(lower=1)
    by = ["confidence", "share"] if order == "most certain" else ["share", "confidence"]
    return wrong.assign(share=share).sort_values(by, ascending=False, kind="stable").drop(columns="share")
