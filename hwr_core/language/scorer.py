"""How likely a word is to be written in a language: lexicon, letters, capitals, punctuation, numbers."""

from __future__ import annotations

import json
import math
import re
import zipfile
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from hwr_core.config import read_json
from hwr_core.errors import ConfigError
from hwr_core.language.casing import (
    USUAL,
    CasingModel,
    LanguageWeights,
    apart,
    case_of,
    marks_log_prob,
    number_log_prob,
)
from hwr_core.language.lexicon import Lexicon
from hwr_core.language.ngram import CharacterModel

LANGUAGE_FOLDER = Path(__file__).resolve().parents[2] / "models" / "language"
HABITS_FILE = "habits.json"
PARTS = re.compile(r"[^'’-]*['’]|[^'’-]+|-")  # of joined words: l' and eau; well, - and known


class Cores:
    """Words without marks around them and without digits, taken apart for all languages at once.

    Attributes:
        lowers: their small letters, each once.
        which: `(N,)` the place of each word's in `lowers`.
        cases: `(N,)` places in `CASES`.
        selves: `(row, whether the capital is right)` of English I, I'm and so on.
        joined: rows of words with a hyphen or an apostrophe.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        places: dict[str, int] = {}
        which, cases, self.selves, self.joined = [], [], [], []
        for row, core in enumerate(texts):
            lower = core.lower().replace("’", "'")
            which.append(places.setdefault(lower, len(places)))
            cases.append(case_of(core))
            if lower[0] == "i" and (lower == "i" or lower[1] == "'"):
                self.selves.append((row, core[0] == "I" and core[1:] == lower[1:]))
            if "'" in lower or "-" in lower:
                self.joined.append(row)
        self.lowers, self.which, self.cases = list(places), np.array(which, int), np.array(cases, int)


class Written:
    """Texts as written, taken apart for all languages at once.

    Attributes:
        marks: `(N,)` log probabilities of the marks around.
        bare: places of texts that are marks alone.
        numbers: `(place, core)` of those with digits.
        places, cores: of all others.
        initials: rows of `cores` that are single capitals before a full stop.
    """

    def __init__(self, texts: Sequence[str], manner: CasingModel = USUAL) -> None:
        marks: list[float] = []
        cores: list[str] = []
        self.bare: list[int] = []
        self.places: list[int] = []
        self.initials: list[int] = []
        self.numbers: list[tuple[int, str]] = []
        for place, text in enumerate(texts):
            before, core, after = apart(text)
            marks.append(marks_log_prob(before, after, manner) if core else marks_log_prob("", before, manner))
            if not core:
                self.bare.append(place)
            elif not core.isalpha() and any(character.isdigit() for character in core):
                self.numbers.append((place, core))
            else:
                if len(core) == 1 and core.isupper() and after.startswith("."):
                    self.initials.append(len(cores))
                self.places.append(place)
                cores.append(core)
        self.marks, self.cores = np.array(marks), Cores(cores)


class LanguageModel:
    """The probability of a word as written in one language, punctuation and capitals included.

    A word is taken apart: marks before, core, marks behind. A core with digits is a number, all of them alike; any
    other is a listed word by its frequency, or joined of several by hyphen or apostrophe, or (a few words of a
    hundred: names) any string of letters by character n-grams. So numbers and names are not forced into the lexicon.

    Args:
        code: the language, such as `en`.
        lexicon, letters: its words and its character model.
        habits: shares and weights.
        manner: how capitals and marks are used.
    """

    def __init__(
        self,
        code: str,
        lexicon: Lexicon,
        letters: CharacterModel,
        habits: LanguageWeights | None = None,
        manner: CasingModel = USUAL,
    ) -> None:
        self.code, self.lexicon, self.letters = code, lexicon, letters
        self.habits, self.manner = habits or LanguageWeights(), manner
        log = {name: math.log(getattr(self.habits, name)) for name in ("unlisted", "joined", "possessive")}
        self._joined, self._possessive = log["joined"], log["possessive"]
        listed, capital, unlisted = (
            [self.habits.case * math.log(share) for share in shares]
            for shares in (manner.listed, manner.capital, manner.unlisted)
        )
        self._listed_cases = np.array([listed, capital])  # (2, 4): of a word, and of one that is written with a capital
        self._unlisted_cases = log["unlisted"] + np.array(unlisted)
        self._lower = lru_cache(maxsize=20_000)(self._of_letters)  # words come again: in other capitals, other marks

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
                alphabet = "".join(map(chr, arrays["alphabet"]))
                tree = [arrays[name] for name in ("letters", "counts", "levels", "capitals")]
                return cls(
                    code,
                    Lexicon(alphabet, *tree),
                    CharacterModel(alphabet, arrays["grams"]),
                    load_language_weights(folder),
                )
        except (OSError, EOFError, ValueError, KeyError, ConfigError, zipfile.BadZipFile, zlib.error) as error:
            raise ConfigError(
                f"The language {code} in {folder} is damaged. Make it anew with: python scripts/make_language.py {code}"
            ) from error

    def log_prob(self, text: str) -> float:
        """Natural logarithm of how likely `text` is to be written, above -inf for every string.

        Capitals and marks count with the exponents of `LanguageWeights`, so the sum over all strings is near 1 only
        where those are 1.
        """
        return float(self.log_probs(Written([text], self.manner))[0])

    def log_probs(self, written: Written) -> np.ndarray:
        """`(N,)`, as `log_prob`, of many texts."""
        habits = self.habits
        found = habits.marks * written.marks
        found[written.bare] += math.log(habits.marks_only)
        for place, core in written.numbers:
            found[place] += number_log_prob(core, habits)
        cores = self._cores(written.cores)
        for row in written.initials:
            initial = math.log(habits.initial / 26) - math.log(0.06) * habits.marks  # its full stop is sure
            cores[row] = np.logaddexp(initial, cores[row])
        found[written.places] += cores
        return found

    def _cores(self, cores: Cores) -> np.ndarray:
        """`(N,)` natural logarithms of words without marks around them and without digits."""
        if not cores.texts:
            return np.zeros(0)
        known, capital, letters = np.array([self._lower(lower) for lower in cores.lowers])[cores.which].T
        listed = known + self._listed_cases[capital.astype(int), cores.cases]
        if self.code == "en":
            for row, is_so in cores.selves:
                listed[row] = known[row] + self.habits.case * math.log(0.98 if is_so else 0.005)
        found: np.ndarray = np.logaddexp(listed, self._unlisted_cases[cores.cases] + self.habits.letters * letters)
        for row in cores.joined:
            found[row] = self._with_parts(cores.texts[row], float(found[row]))
        return found

    def _with_parts(self, core: str, found: float) -> float:
        """A word's own log probability, or as several joined."""
        if self.code == "en" and core.lower().replace("’", "'").endswith("'s") and len(core) > 2:
            found = float(np.logaddexp(found, self._possessive + self._cores(Cores([core[:-2]]))[0]))
        parts = PARTS.findall(core)
        if len(parts) > 1:
            words = [part for part in parts if part != "-"]
            joined = self._joined * (len(parts) - len(words)) + float(self._cores(Cores(words)).sum())
            found = float(np.logaddexp(found, joined))
        return found

    def _of_letters(self, lower: str) -> tuple[float, bool, float]:
        """Log probability as a listed word, whether that has a capital, and log probability of its letters."""
        node = self.lexicon.node(lower)
        letters = self.letters.log_prob(lower)
        if node is None:
            return -math.inf, False, letters
        return self.lexicon.log_prob_of(node), bool(self.lexicon.capitals[node]), letters


def load_language_weights(folder: Path) -> LanguageWeights:
    """What was tuned and kept beside the languages; the defaults where nothing was."""
    path = folder / HABITS_FILE
    return LanguageWeights.from_dict(read_json(path)["habits"]) if path.is_file() else LanguageWeights()


def save_language_weights(folder: Path, habits: dict[str, float], measured: dict[str, object]) -> None:
    """Keep tuned habits, with what was measured with them."""
    text = json.dumps({"habits": habits, "measured": measured}, indent=1) + "\n"
    (folder / HABITS_FILE).write_text(text, encoding="utf-8")


def languages(folder: Path = LANGUAGE_FOLDER) -> list[str]:
    """The codes of the languages that are there, sorted."""
    return sorted(path.stem for path in folder.glob("*.npz"))


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
    written = Written(texts, models[0].manner)
    scores = np.stack([model.log_probs(written) for model in models], axis=1)
    likelihoods = np.exp(scores - scores.max(axis=1, keepdims=True))
    for _ in range(rounds):
        weights = shares * likelihoods
        weights /= weights.sum(axis=1, keepdims=True)
        shares = (weights.sum(axis=0) + 1) / (len(texts) + len(models))  # one word of each for caution
    return shares.tolist()


def mixed_log_probs(texts: Sequence[str], models: Sequence[LanguageModel], shares: Sequence[float]) -> np.ndarray:
    """`(N,)` natural logarithms of the texts' probabilities where each language has its share."""
    written = Written(texts, models[0].manner)
    scores = [math.log(share) + model.log_probs(written) for model, share in zip(models, shares, strict=True)]
    found: np.ndarray = np.logaddexp.reduce(scores)
    return found
