"""How likely a word is to be written in a language: lexicon, letters, capitals, punctuation, numbers."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from hwr_core.errors import ConfigError
from hwr_core.text.lexicon import Lexicon, load_words
from hwr_core.text.ngram import CharacterModel

LANGUAGE_FOLDER = Path(__file__).resolve().parents[2] / "models" / "language"
WRITTEN = re.compile(r"^([^\w]*)(.*?)([^\w]*)$", re.DOTALL)
PARTS = re.compile(r"[^'’-]*['’]|[^'’-]+|-")  # of joined words: l' and eau; well, - and known

# Shares among the words of running text, rounded from the training words of Copiste (CC BY 4.0).
NUMBER, MARKS_ONLY, UNLISTED = 0.02, 0.002, 0.08
BEFORE = {"": 0.975, "(": 0.005, '"': 0.006, "'": 0.002, "«": 0.001, "-": 0.0005, "[": 0.0002}
AFTER = {
    "": 0.87, ".": 0.05, ",": 0.048, ")": 0.003, ":": 0.004, "-": 0.003, '"': 0.003, ";": 0.002, "!": 0.001, "?": 0.001,
    "'": 0.001, '."': 0.002, ',"': 0.001, "),": 0.001, ").": 0.001, "»": 0.001, "...": 0.0005,
}  # fmt: skip
STRAY = 1e-3  # a mark that the tables do not have there
JOINED = 0.01  # one word of a hyphenated or elided one
LISTED_CASE = {"lower": 0.82, "title": 0.15, "upper": 0.02, "mixed": 1e-4}
NAME_CASE = {"lower": 0.4, "title": 0.5, "upper": 0.09, "mixed": 5e-3}
LETTERS_IN_NUMBERS = 0.02  # such as those of 14th


class LanguageModel:
    """The probability of a word as written in one language, punctuation and capitals included.

    A word is taken apart: marks before, core, marks behind. A core with digits is a number, all of them alike; any
    other is a listed word by its frequency, or joined of several by hyphen or apostrophe, or (8 % of words: names)
    any string of letters by character 4-grams. So numbers and names are not forced into the lexicon.

    Args:
        code: the language, such as `en`.
        lexicon, letters: its words and its character model.
    """

    def __init__(self, code: str, lexicon: Lexicon, letters: CharacterModel) -> None:
        self.code, self.lexicon, self.letters = code, lexicon, letters
        self.log_prob = lru_cache(maxsize=200_000)(self._log_prob)  # the beam's candidates come again and again

    @classmethod
    def load(cls, code: str, folder: Path = LANGUAGE_FOLDER) -> LanguageModel:
        """Open a language that `scripts/make_language.py` made.

        Raises:
            ConfigError: there is none of that code, or its files are damaged.
        """
        if code not in languages(folder):
            raise ConfigError(
                f"There is no language {code!r} in {folder}. Choose one of {', '.join(languages(folder)) or 'none'}, "
                f"or make it with: python scripts/make_language.py {code}"
            )
        try:
            with np.load(folder / f"{code}.npz", allow_pickle=False) as arrays:
                lexicon = Lexicon(load_words(folder / f"{code}.words.txt"), arrays["frequencies"])
                letters = CharacterModel("".join(map(chr, arrays["alphabet"])), arrays["letters"])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ConfigError(
                f"The language {code} in {folder} is damaged. Make it anew with: python scripts/make_language.py {code}"
            ) from error
        return cls(code, lexicon, letters)

    def _log_prob(self, text: str) -> float:
        """Natural logarithm of the probability that `text` is written, above -inf for every string."""
        match = WRITTEN.match(text)
        assert match  # every string has the three parts, empty or not
        before, core, after = match.groups()
        if not core:
            return math.log(MARKS_ONLY) + _marks(before or " ", {})
        around = _marks(before, BEFORE) + _marks(after, AFTER)
        if any(character.isdigit() for character in core):
            return around + _number(core)
        return around + self._core(core)

    def _core(self, core: str) -> float:
        lower = core.lower().replace("’", "'")
        case = _case(core)
        listed = self._listed(core, lower, case)
        name = math.log(UNLISTED * NAME_CASE[case]) + self.letters.log_prob(lower)
        found = np.logaddexp(listed, name)
        parts = PARTS.findall(core)
        if len(parts) > 1:
            each = (math.log(JOINED) if part == "-" else self._core(part) for part in parts)
            found = np.logaddexp(found, sum(each))
        return float(found)

    def _listed(self, core: str, lower: str, case: str) -> float:
        known = self.lexicon.log_prob(lower)
        if self.code == "en" and (lower == "i" or lower.startswith("i'")):
            return known + math.log(0.98 if core[0] == "I" and core[1:] == lower[1:] else 0.005)
        return known + math.log(LISTED_CASE[case])


def _case(core: str) -> str:
    if core == core.lower():
        return "lower"
    if core[0] == core[0].upper() and core[1:] == core[1:].lower():
        return "title"
    return "upper" if core == core.upper() else "mixed"


def _marks(marks: str, table: dict[str, float]) -> float:
    share = table.get(marks)
    return math.log(share) if share else len(marks) * math.log(STRAY)


def _number(core: str) -> float:
    each = (math.log(0.09) if c.isdigit() else math.log(LETTERS_IN_NUMBERS) for c in core)
    return math.log(NUMBER) + sum(each)


def languages(folder: Path = LANGUAGE_FOLDER) -> list[str]:
    """The codes of the languages that are there, sorted."""
    return sorted(path.name.removesuffix(".words.txt") for path in folder.glob("*.words.txt"))


@lru_cache(maxsize=8)
def load_language(code: str) -> LanguageModel:
    """A shipped language, opened once."""
    return LanguageModel.load(code)


def shares_of_languages(texts: Sequence[str], models: Sequence[LanguageModel], rounds: int = 3) -> list[float]:
    """How much of a batch is in which language: mixture weights by expectation maximisation.

    Args:
        texts: first readings of a batch; wrong ones weigh little, since no language likes them.
        models: the languages asked.
        rounds: of the maximisation; a single word hardly moves the weights from equal.

    Returns:
        One share a language, above 0, together 1.
    """
    shares = np.full(len(models), 1 / len(models))
    if len(models) == 1 or not texts:
        return shares.tolist()
    scores = np.array([[model.log_prob(text) for model in models] for text in texts])
    likelihoods = np.exp(scores - scores.max(axis=1, keepdims=True))
    for _ in range(rounds):
        weights = shares * likelihoods
        weights /= weights.sum(axis=1, keepdims=True)
        shares = (weights.sum(axis=0) + 1) / (len(texts) + len(models))  # one word of each for caution
    return shares.tolist()


def mixed_log_prob(text: str, models: Sequence[LanguageModel], shares: Sequence[float]) -> float:
    """Natural logarithm of the text's probability where each language has its share."""
    return float(
        np.logaddexp.reduce(
            [math.log(share) + model.log_prob(text) for model, share in zip(models, shares, strict=True)]
        )
    )
