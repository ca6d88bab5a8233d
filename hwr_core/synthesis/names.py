"""Names of people and places, and the words that take a capital wherever they stand."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("names.txt")


@lru_cache(maxsize=1)
def listed() -> dict[str, tuple[str, ...]]:
    """Section -> its entries: `given`, `family`, `place`, `word` (names that are words, too), `capital`, `upper`."""
    sections: dict[str, tuple[str, ...]] = {}
    section = ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
            sections[section] = ()
        elif section:
            sections[section] += tuple(line.split())
    return sections


@lru_cache(maxsize=1)
def proper() -> dict[str, str]:
    """How a word of a list in lower case is written: `london` -> `London`; not `hill`, which is a word, too."""
    lists = listed()
    names = [name for section in ("given", "family", "place") for name in lists[section]]
    return {name.lower(): name for name in names if name.lower() not in lists["word"]}


def name(rng: np.random.Generator) -> str:
    """A person's or place's name; now and then a compound one: McQuaid, O'Brien, Smith-Jones, Jean-Paul."""
    lists, kind = listed(), rng.random()

    def one(section: str) -> str:
        return lists[section][int(rng.integers(len(lists[section])))]

    if kind < 0.36:
        return one("given")
    if kind < 0.66:
        return one("family")
    if kind < 0.9:
        return one("place")
    if kind < 0.92:
        return f"{one('given')}-{one('given')}"
    if kind < 0.94:
        return f"{one('family')}-{one('family')}"
    before = ("Mc", "O'", "D'", "Mac", "St-", "de", "van", "von", "Le", "La")
    prefix = before[int(rng.integers(len(before)))]
    return prefix if prefix.islower() else prefix + one("family")
