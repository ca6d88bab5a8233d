"""Tokens outside dictionaries: numbers, dates, times, prices, initials, single letters, titles, abbreviations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwr_core.synthesis.languages import ABBREVIATIONS, BY_CODE

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ROMAN = "II III IV VI VII VIII IX XI XII XIV XV XVI XVIII XIX XX XXI"


def pick(options: Sequence[str], rng: np.random.Generator) -> str:
    """One of the options, all equally likely."""
    return options[int(rng.integers(len(options)))]


def special(language: str, rng: np.random.Generator) -> str:
    """A random token outside dictionaries, as the language writes it."""
    kind = int(rng.integers(14))
    if kind == 0:
        return str(rng.integers(10))
    if kind <= 3:
        return str(rng.integers(10 ** int(rng.integers(1, 6))))
    if kind == 4:
        return str(rng.integers(1750, 2031))
    if kind <= 6:
        return written_date(language, rng)
    if kind == 7:
        return price(language, rng)
    if kind == 8:
        return numeral(language, rng)
    if kind <= 10:
        initials = "ABCDEFGHIJKLMNOPRSTVWXYZQU"
        return "".join(f"{pick(initials, rng)}." for _ in range(int(rng.integers(1, 4))))
    if kind == 11:
        return pick(ALPHABET, rng)
    if kind == 12 and BY_CODE[language].titles:
        return pick(BY_CODE[language].titles.split(), rng)
    return pick(f"{ABBREVIATIONS} {ROMAN}".split(), rng)


def price(language: str, rng: np.random.Generator) -> str:
    """An amount of money: £12.50, 12,50€."""
    amount = str(rng.integers(1, 500)) + (f".{rng.integers(100):02d}" if rng.random() < 0.5 else "")
    return pick(BY_CODE[language].currency, rng).replace("_", amount.replace(".", BY_CODE[language].decimal))


def written_date(language: str, rng: np.random.Generator) -> str:
    """A date or a part of one: 3/12/97, 12-04-1986, 12.4.1986, 1970's, Sept, 14th, 1er."""
    day, month, year = int(rng.integers(1, 32)), int(rng.integers(1, 13)), int(rng.integers(1900, 2030))
    kind = int(rng.integers(6))
    if kind == 0:
        return f"{day}/{month}/{year % 100:02d}"
    if kind == 1:
        return f"{day:02d}-{month:02d}-{year}"
    if kind == 2:
        return f"{day}.{month}.{year}" if language not in ("en", "fr") else f"{year}-{(year + 1) % 100:02d}"
    if kind == 3 and language == "en":
        return f"{year // 10 * 10}" + pick(("s", "'s"), rng)
    if kind == 4 and BY_CODE[language].months:
        return pick(BY_CODE[language].months.split(), rng)
    return ordinal(day, language)


def ordinal(number: int, language: str) -> str:
    """An ordinal number: 1st, 2nd, 13th; in French 1er, 2e; elsewhere 1., 2º.

    Example:
        >>> [ordinal(number, "en") for number in (1, 12, 23)]
        ['1st', '12th', '23rd']
    """
    if language == "fr":
        return f"{number}er" if number == 1 else f"{number}e"
    if language in ("es", "it", "pt"):
        return f"{number}º"
    if language != "en":
        return f"{number}e" if language == "nl" else f"{number}."
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def numeral(language: str, rng: np.random.Generator) -> str:
    """A number with a separator or sign: 12:45, 9h30, 3.5, 1,250, 45%, 1/2."""
    kind = int(rng.integers(5))
    first, second = int(rng.integers(1, 24)), int(rng.integers(60))
    decimal = BY_CODE[language].decimal
    if kind == 0:
        return f"{first}{'h' if language == 'fr' else ':'}{second:02d}"
    if kind == 1:
        return f"{first}{decimal}{second}"
    if kind == 2:
        return (
            f"{first}{',' if decimal == '.' else '.'}{int(rng.integers(1000)):03d}"
            if language != "fr"
            else f"{first}000"
        )
    if kind == 3:
        return f"{second}%"
    return f"{first % 5 + 1}/{first % 8 + 2}"
