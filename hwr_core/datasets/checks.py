"""Checks of transcriptions and images; one sentence for each problem.

Left out: `missing image`, `ambiguous image`, `unreadable image`, `empty image`, `blank image`,
`empty transcription`, `unwritable transcription`, `malformed row`, `duplicate id`, `duplicate image`,
`conflicting labels`, `marked err`, `unlisted`, `refused member`.

Kept and flagged: `too long` (training leaves these out), `size outlier`, `same picture`,
`unknown split`. A transcription of more than 1,000 characters is `too long` and left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from hwr_core.datasets.sample import FLAGGED, Listing, Problem, Sample, shorten
from hwr_core.text.charset import frames_needed
from hwr_core.text.normalize import normalize

MAX_CHARACTERS = 1000
PIXELS_PER_FRAME = 4  # a recognizer's frame is four columns of the canvas
JOINERS = "\u200c\u200d"  # invisible, but they change the joins of Indic letters
OUTLIER_FACTOR = 3.0  # times larger or smaller than the median
OUTLIER_DEVIATIONS = 4.0  # and so many median absolute deviations away from it


def unwritable(text: str) -> str:
    """The reason why no recognizer can write a transcription, or "".

    Example:
        >>> unwritable("naïve"), unwritable("a\\x07b")
        ('', 'it holds a control character, U+0007 at position 1')
    """
    for position, character in enumerate(text):
        where = f"U+{ord(character):04X} at position {position}"
        kind = unicodedata.category(character)
        if character == "\ufffd":
            return f"it holds a replacement character, {where}: the file's encoding was lost"
        if kind == "Cc":
            return f"it holds a control character, {where}"
        if kind in ("Cs", "Co", "Cn"):
            return f"it holds a code that is no character, {where}"
        if unicodedata.bidirectional(character) in ("R", "AL", "RLE", "RLO", "RLI"):
            return f"it holds a character written from right to left, {where}; only left to right can be read"
        if kind == "Cf" and character not in JOINERS:
            return f"it holds an invisible character, {where}"
    return ""


def check_texts(listing: Listing, frames: int) -> list[Sample]:
    """The samples whose id and transcription are good, normalized; problems are added to the listing."""
    good = []
    for sample in _check_labels(_check_ids(listing), listing):
        reason = unwritable(sample.transcription[:MAX_CHARACTERS])
        needed = frames_needed(sample.transcription[:MAX_CHARACTERS])
        shown = shorten(sample.transcription)
        if not sample.transcription:
            listing.leave_out(
                sample, "empty transcription", f"{shorten(sample.word_id)} has no transcription. Add it to the list."
            )
        elif len(sample.transcription) > MAX_CHARACTERS:
            subject = f"The transcription of {shorten(sample.word_id)} has {len(sample.transcription):,} characters"
            listing.leave_out(sample, "too long", f"{subject}: is a quotation mark left open?")
        elif reason:
            sentence = f"The transcription of {shorten(sample.word_id)} cannot be written: {reason}."
            listing.leave_out(sample, "unwritable transcription", sentence)
        else:
            if needed > frames:
                subject = f"{shown!r} needs {needed} frames, the canvas has {frames}"
                listing.flag(sample, "too long", f"{subject}. Training leaves it out; a wider canvas takes it.")
            good.append(sample)
    return good


def _check_ids(listing: Listing) -> list[Sample]:
    rows: dict[str, int] = {}
    good = []
    for original in listing.samples:
        sample = replace(original, transcription=normalize(original.transcription))
        if sample.word_id in rows:
            first = rows[sample.word_id]
            where = f"of row {first}" if first else "of another image"
            listing.leave_out(
                sample, "duplicate id", f"The id {shorten(sample.word_id)} is also that {where}; the first counts."
            )
        else:
            rows[sample.word_id] = sample.row
            good.append(sample)
    return good


def _check_labels(samples: list[Sample], listing: Listing) -> list[Sample]:
    """Leave out the second row of one image; all its rows where their transcriptions differ."""
    by_image: dict[str, Sample] = {}
    conflicting: dict[str, str] = {}
    for sample in samples:
        first = by_image.setdefault(sample.image, sample)
        if first.transcription != sample.transcription:
            pair = f"{shorten(first.transcription)!r} and {shorten(sample.transcription)!r}"
            conflicting.setdefault(sample.image, pair)
    good = []
    for sample in samples:
        first = by_image[sample.image]
        if sample.image in conflicting:
            pair = conflicting[sample.image]
            reason = f"{sample.image} has two transcriptions, {pair}. Correct one of the rows, or remove it."
            listing.leave_out(sample, "conflicting labels", reason)
        elif first is not sample:
            reason = f"{sample.image} is also the image of {first.word_id}, which is used."
            listing.leave_out(sample, "duplicate image", reason)
        else:
            good.append(sample)
    return good


def check_contents(samples: Sequence[Sample], contents: Sequence[str]) -> list[Problem]:
    """Equal files with different transcriptions: flagged only, since a dot may also be a comma."""
    first: dict[str, int] = {}
    problems = []
    for index, content in enumerate(contents):
        other = first.setdefault(content, index)
        one, two = samples[index], samples[other]
        if one.transcription != two.transcription:
            other_text = shorten(two.transcription)
            reason = f"The image is the same as that of {shorten(two.word_id)}, whose transcription is {other_text!r}."
            problems.append(Problem(one.row, one.word_id, one.image, "same picture", FLAGGED, reason))
    return problems


def check_sizes(table: pd.DataFrame) -> list[Problem]:
    """Words far higher or lower, or far wider or narrower for their text, than the others."""
    if len(table) < 8:
        return []
    height = table["height"].to_numpy(float)
    characters = table["transcription"].str.len().to_numpy(float)
    reasons: dict[int, str] = {}
    # The width of fewer than three characters varies too much: a comma is narrow, a dash wide.
    wide = table["width"].to_numpy(float) / np.maximum(characters, 1)
    for values, is_used, dimension in (
        (height, np.ones(len(table), bool), "high"),
        (wide, characters >= 3, "wide for each character"),
    ):
        for index in _outliers(values, is_used):
            median = float(np.median(values[is_used]))
            reason = f"The image is {values[index]:.0f} pixels {dimension}, the others are about {median:.0f}."
            reasons.setdefault(index, f"{reason} Is it cropped correctly?")
    rows = table[["row", "word_id", "image"]]
    return [
        Problem(int(row), word_id, image, "size outlier", FLAGGED, reasons[index])
        for index in sorted(reasons)
        for row, word_id, image in [rows.iloc[index]]
    ]


def _outliers(values: np.ndarray, is_used: np.ndarray) -> list[int]:
    if is_used.sum() < 8:
        return []
    logs = np.log(np.maximum(values, 1))
    distance = np.abs(logs - np.median(logs[is_used]))
    limit = max(np.log(OUTLIER_FACTOR), OUTLIER_DEVIATIONS * 1.48 * float(np.median(distance[is_used])))
    return np.flatnonzero((distance > limit) & is_used).tolist()


def report_table(problems: Sequence[Problem]) -> pd.DataFrame:
    """The problems as a table, in the order of the rows."""
    columns = ["row", "word_id", "image", "problem", "severity", "reason"]
    ordered = sorted(problems, key=lambda problem: problem.row)
    return pd.DataFrame({name: [getattr(problem, name) for problem in ordered] for name in columns}).astype(
        {"row": "int64", **dict.fromkeys(columns[1:], "str")}
    )
