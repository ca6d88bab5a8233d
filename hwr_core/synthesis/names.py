"""Names of people and places, and words that always take a capital."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("names.txt")


@lru_cache(maxsize=1)
def name_lists() -> dict[str, tuple[str, ...]]:
    """Section -> entries: `given`, `family`, `place`, `word` (names that are words too), `capital`, `upper`."""
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
def proper_nouns() -> dict[str, str]:
    """Lower case -> spelling of a name: `london` -> `London`; without names that are words too, such as `hill`."""
    lists = name_lists()
    names = [name for section in ("given", "family", "place") for name in lists[section]]
    return {name.lower(): name for name in names if name.lower() not in lists["word"]}


def random_name(rng: np.random.Generator) -> str:
    """A name of a person or place, sometimes a compound: McQuaid, O'Brien, Smith-Jones, Jean-Paul."""
    lists, kind = name_lists(), rng.random()

    def pick(section: str) -> str:
        return lists[section][int(rng.integers(len(lists[section])))]

    if kind < 0.36:
        return pick("given")
    if kind < 0.66:
        return pick("family")
    if kind < 0.9:
        return pick("place")
    if kind < 0.92:
        return f"{pick('given')}-{pick('given')}"
    if kind < 0.94:
        return f"{pick('family')}-{pick('family')}"
    prefixes = ("Mc", "O'", "D'", "Mac", "St-", "de", "van", "von", "Le", "La")
    prefix = prefixes[int(rng.integers(len(prefixes)))]
    return prefix if prefix.islower() else prefix + pick("family")
