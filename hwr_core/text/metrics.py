"""Error rates of readings: edits over reference length, as corpus averages."""

from __future__ import annotations

from collections.abc import Sequence

from hwr_core.errors import DataError


def edit_distance(transcription: Sequence, reading: Sequence) -> int:
    """Fewest insertions, deletions and substitutions (Levenshtein 1966).

    Example:
        >>> edit_distance("kitten", "sitting")
        3
    """
    from rapidfuzz.distance import Levenshtein

    return int(Levenshtein.distance(transcription, reading))


def character_error_rate(transcriptions: Sequence[str], readings: Sequence[str]) -> float:
    """All character edits over all reference characters; may exceed 1.

    Raises:
        DataError: the lists differ in length, or there is no reference character.

    Example:
        >>> character_error_rate(["word", "two"], ["ward", "two"])
        0.14285714285714285
    """
    _check(transcriptions, readings)
    edits = sum(edit_distance(a, b) for a, b in zip(transcriptions, readings, strict=True))
    return edits / sum(map(len, transcriptions))


def word_error_rate(transcriptions: Sequence[str], readings: Sequence[str]) -> float:
    """All word edits over all reference words; for one-word samples, the share of words not read exactly.

    Example:
        >>> word_error_rate(["a word", "two"], ["a ward", "two"])
        0.3333333333333333
    """
    _check(transcriptions, readings)
    pairs = [(a.split(), b.split()) for a, b in zip(transcriptions, readings, strict=True)]
    return sum(edit_distance(a, b) for a, b in pairs) / sum(len(a) for a, _ in pairs)


def word_accuracy(transcriptions: Sequence[str], readings: Sequence[str]) -> float:
    """Share of samples read exactly, in [0, 1].

    Example:
        >>> word_accuracy(["word", "two"], ["ward", "two"])
        0.5
    """
    _check(transcriptions, readings)
    return sum(a == b for a, b in zip(transcriptions, readings, strict=True)) / len(transcriptions)


def _check(transcriptions: Sequence[str], readings: Sequence[str]) -> None:
    if len(transcriptions) != len(readings):
        raise DataError(
            f"Every transcription needs one reading. Received: {len(transcriptions)} transcriptions, "
            f"{len(readings)} readings."
        )
    if not any(text.split() for text in transcriptions):
        raise DataError("An error rate needs at least one character of transcription. Received none.")
