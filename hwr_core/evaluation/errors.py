"""The words that were read wrongly: the kind of error, and the worst of them first."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

KINDS = ("case only", "accents only", "punctuation only", "one character", "two characters", "more", "nothing read")
ORDERS = ("most wrong", "most certain")


def kind_of(transcription: str, reading: str, edits: int) -> str:
    """The kind of a reading's error: the first of `KINDS` that holds, "right" where there is none.

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
    if _without_accents(transcription) == _without_accents(reading):
        return "accents only"
    if _without_punctuation(transcription) == _without_punctuation(reading) != "":
        return "punctuation only"
    return {1: "one character", 2: "two characters"}.get(edits, "more")


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _without_punctuation(text: str) -> str:
    return "".join(c for c in text if not unicodedata.category(c).startswith("P"))


def kinds(readings: pandas.DataFrame) -> dict[str, int]:
    """Number of wrong words of every kind, in the order of `KINDS`."""
    counts = Counter(map(kind_of, readings["transcription"], readings["reading"], readings["edits"]))
    return {kind: counts[kind] for kind in KINDS}


def worst_words(
    readings: pandas.DataFrame, writer: str = "", order: str = "most wrong", kind: str = ""
) -> pandas.DataFrame:
    """The words read wrongly.

    Args:
        readings: of `read_words`.
        writer: only this writer's; "" takes all.
        order: "most wrong": most edits a character first, the more certain of equals first; "most certain": the
            errors that a threshold on the confidence would let through come first.
        kind: only those wrong in this way, one of `KINDS`; "" takes all.

    Returns:
        The wrong rows of `readings` in that order, and their kind.
    """
    import pandas

    wrong = readings[readings["edits"] > 0]
    if writer:
        wrong = wrong[wrong["writer"] == writer]
    columns = zip(wrong["transcription"], wrong["reading"], wrong["edits"], strict=True)
    wrong = wrong.assign(kind=pandas.array([kind_of(*row) for row in columns], dtype="str"))
    if kind:
        wrong = wrong[wrong["kind"] == kind]
    share = wrong["edits"] / wrong["transcription"].str.len().clip(lower=1)
    by = ["confidence", "share"] if order == "most certain" else ["share", "confidence"]
    return wrong.assign(share=share).sort_values(by, ascending=False, kind="stable").drop(columns="share")
