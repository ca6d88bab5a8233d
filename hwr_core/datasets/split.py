"""The part of each word: its source's own split, else by a hash of its writer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import pandas as pd

from hwr_core.datasets.sample import PARTS

TRAIN_SHARE, VALIDATION_SHARE = 0.8, 0.1
NAMES = {
    "train": ("train", "training", "tr", "trn", "learn", "learning"),
    "validation": ("validation", "valid", "val", "va", "dev", "development"),
    "test": ("test", "testing", "te", "tst", "heldout"),
}
_PART_OF = {name: part for part, names in NAMES.items() for name in names}


@dataclass
class Split:
    """A part for each row; `by` names what decided it: "own column", "writer", "form" or "word"."""

    parts: list[str]
    by: str
    notes: list[str] = field(default_factory=list)


def part_named(name: str) -> str:
    """The part that a name stands for, or "".

    Example:
        >>> part_named("Dev"), part_named("validationset1"), part_named("bonus")
        ('validation', 'validation', '')
    """
    key = "".join(character for character in name.casefold() if character.isalpha())
    return _PART_OF.get(key) or _PART_OF.get(key.removesuffix("set").removesuffix("words").removesuffix("lines"), "")


def hash_fraction(key: str) -> float:
    """A number in [0, 1) that depends on `key` only: no seed, no order."""
    return int.from_bytes(hashlib.sha256(key.encode(errors="surrogatepass")).digest()[:8], "big") / 2**64


def assign_parts(table: pd.DataFrame) -> Split:
    """Give every row a part.

    Rows that have one keep it. The others go by writer, whole writers to one part; where fewer than two are
    known, by form, and where fewer than two forms are known, by word. If train or validation would be empty, the
    writers with the nearest hash fractions are moved there.

    Args:
        table: columns word_id, writer, form, split ("" where unknown).
    """
    if table.empty:
        return Split([], "word")
    unit, by, notes = _units(table)
    given = table["split"].where(table["split"].isin(PARTS), "")
    if not (given == "train").any() and (given != "").any():
        notes.append("The source's split has no train part, so it was not used.")
        given = given.where(given == "train", "")
    own = given[given != ""].groupby(unit[given != ""]).agg(lambda parts: parts.mode().iloc[0])
    part_of = {key: own.get(key) or _part_drawn(hash_fraction(key)) for key in unit.unique()}
    parts = given.where(given != "", unit.map(part_of))
    moved = _fill_missing(part_of, set(parts))
    if moved:
        moving = unit.isin(moved) & ((given == "") | (given == "train"))
        parts = parts.mask(moving, unit.map(moved))
        if (given != "").any():
            notes.append(f"The source's split has no validation part; {len(moved)} of its {by}s became one.")
    notes += _warnings(table, parts, by)
    return Split(parts.tolist(), "own column" if (given != "").all() else by, notes)


def _units(table: pd.DataFrame) -> tuple[pd.Series, str, list[str]]:
    """The unit that is not divided: a key for each row, its kind, and a note where it is not the writer."""
    writers, forms = (table[name].mask(table[name] == "").nunique() for name in ("writer", "form"))
    if writers >= 2:
        unit = table["writer"].mask(table["writer"] == "", table["form"])
        return unit.mask(unit == "", table["word_id"]), "writer", []
    known = "One writer is known" if writers else "No writers are known"
    by = "form" if forms >= 2 else "word"
    note = f"{known}, so it is split by {by}: the split is not writer-independent."
    unit = table["form"] if by == "form" else table["word_id"]
    return unit.mask(unit == "", table["word_id"]), by, [note]


def _part_drawn(number: float) -> str:
    if number < TRAIN_SHARE:
        return "train"
    return "validation" if number < TRAIN_SHARE + VALIDATION_SHARE else "test"


def _fill_missing(part_of: dict[str, str], present: set[str]) -> dict[str, str]:
    """Unit -> part of the units moved so that train and validation are not empty; updates `part_of`."""
    order = sorted(part_of, key=lambda key: (hash_fraction(key), key))
    moved: dict[str, str] = {}
    if len(order) < 2:
        return moved
    if "train" not in present:
        spare = [key for key in order if part_of[key] == "test"] or order
        moved[spare[0]] = "train"
    if "validation" not in present:
        free = [key for key in order if part_of[key] == "train" and key not in moved]
        if len(free) + len(moved) > 1:  # the tenth of the train writers with the highest fractions
            last = free[-max(1, round(VALIDATION_SHARE * len(free))) :]
        else:
            last = [key for key in order if key not in moved and part_of[key] == "test"][-1:]
        moved.update(dict.fromkeys(last, "validation"))
    part_of.update(moved)
    return moved


def _warnings(table: pd.DataFrame, parts: pd.Series, by: str) -> list[str]:
    notes = []
    if by == "writer":
        several = int((parts.groupby(table["writer"]).nunique() > 1).drop("", errors="ignore").sum())
        if several:
            subject = "1 writer is" if several == 1 else f"{several} writers are"
            notes.append(f"{subject} in more than one part of the source's split: it is not writer-independent.")
    if "validation" not in set(parts):
        notes.append("It has no validation part: one word alone cannot be divided.")
    return notes
