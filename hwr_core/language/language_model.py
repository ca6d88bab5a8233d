"""Probability of a word in a language: lexicon, character n-grams, casing, punctuation, numbers."""

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
    DEFAULT_CASING,
    CasingModel,
    case_index,
    marks_log_prob,
    number_log_prob,
    split_marks,
)
from hwr_core.language.lexicon import Lexicon
from hwr_core.language.ngram import CharacterModel
from hwr_core.language.weights import LanguageWeights

LANGUAGE_FOLDER = Path(__file__).resolve().parents[2] / "models" / "language"
WEIGHTS_FILE = "habits.json"
PARTS = re.compile(r"[^'’-]*['’]|[^'’-]+|-")  # of compounds: l' and eau; well, - and known


class WordCores:
    """Words without marks and digits, split once for all languages.

    Attributes:
        lowers: the distinct lower-case forms.
        which: `(N,)` index of each word into `lowers`.
        cases: `(N,)` indices into `CASES`.
        pronouns: `(row, whether the capital is right)` of English I, I'm and so on.
        compounds: rows of words with a hyphen or an apostrophe.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        indices: dict[str, int] = {}
        which, cases, self.pronouns, self.compounds = [], [], [], []
        for row, core in enumerate(texts):
            lower = core.lower().replace("’", "'")
            which.append(indices.setdefault(lower, len(indices)))
            cases.append(case_index(core))
            if lower[0] == "i" and (lower == "i" or lower[1] == "'"):
                self.pronouns.append((row, core[0] == "I" and core[1:] == lower[1:]))
            if "'" in lower or "-" in lower:
                self.compounds.append(row)
        self.lowers, self.which, self.cases = list(indices), np.array(which, int), np.array(cases, int)


class SplitTexts:
    """Texts split into marks and cores, once for all languages.

    Attributes:
        marks: `(N,)` log probabilities of the marks around each core.
        marks_only: rows of texts that are marks alone.
        numbers: `(row, core)` of texts with digits.
        rows, cores: of all others.
        initials: indices into `cores` of single capitals before a full stop.
    """

    def __init__(self, texts: Sequence[str], casing: CasingModel = DEFAULT_CASING) -> None:
        marks: list[float] = []
        cores: list[str] = []
        self.marks_only: list[int] = []
        self.rows: list[int] = []
        self.initials: list[int] = []
        self.numbers: list[tuple[int, str]] = []
        for row, text in enumerate(texts):
            before, core, after = split_marks(text)
            marks.append(marks_log_prob(before, after, casing) if core else marks_log_prob("", before, casing))
            if not core:
                self.marks_only.append(row)
            elif not core.isalpha() and any(character.isdigit() for character in core):
                self.numbers.append((row, core))
            else:
                if len(core) == 1 and core.isupper() and after.startswith("."):
                    self.initials.append(len(cores))
                self.rows.append(row)
                cores.append(core)
        self.marks, self.cores = np.array(marks), WordCores(cores)


class LanguageModel:
    """The probability of a word as written in one language, punctuation and capitals included.

    A word is leading marks, core, trailing marks. A core with digits is a number, all numbers of a length alike; any
    other is a lexicon word by its frequency, or a compound joined by hyphen or apostrophe, or (a few words of a
    hundred: names) any string of letters by character n-grams. So numbers and names are not forced into the lexicon.

    Args:
        code: the language, such as `en`.
        lexicon, letters: its words and its character n-grams.
        weights: shares and weights.
        casing: use of capitals and marks.
    """

    def __init__(
        self,
        code: str,
        lexicon: Lexicon,
        letters: CharacterModel,
        weights: LanguageWeights | None = None,
        casing: CasingModel = DEFAULT_CASING,
    ) -> None:
        self.code, self.lexicon, self.letters = code, lexicon, letters
        self.weights, self.casing = weights or LanguageWeights(), casing
        log = {name: math.log(getattr(self.weights, name)) for name in ("unlisted", "joined", "possessive")}
        self._joined, self._possessive = log["joined"], log["possessive"]
        listed, capital, unlisted = (
            [self.weights.case * math.log(share) for share in shares]
            for shares in (casing.listed, casing.capital, casing.unlisted)
        )
        self._listed_cases = np.array([listed, capital])  # (2, 4): of a word, and of one that always has a capital
        self._unlisted_cases = log["unlisted"] + np.array(unlisted)
        self._cached_features = lru_cache(maxsize=20_000)(self._core_features)  # words recur in other casing and marks

    @classmethod
    def load(cls, code: str, folder: Path = LANGUAGE_FOLDER) -> LanguageModel:
        """Load a language made by `scripts/make_language.py`.

        Raises:
            ConfigError: no such language, or its files are damaged.
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
        """Natural logarithm of the probability of `text`, above -inf for every string.

        Capitals and marks count with the exponents of `LanguageWeights`, so the sum over all strings is near 1 only
        where those are 1.
        """
        return float(self.log_probs(SplitTexts([text], self.casing))[0])

    def log_probs(self, texts: SplitTexts) -> np.ndarray:
        """`(N,)`: `log_prob` of each text."""
        weights = self.weights
        log_probs = weights.marks * texts.marks
        log_probs[texts.marks_only] += math.log(weights.marks_only)
        for row, core in texts.numbers:
            log_probs[row] += number_log_prob(core, weights)
        cores = self._core_log_probs(texts.cores)
        for index in texts.initials:
            initial = math.log(weights.initial / 26) - math.log(0.06) * weights.marks  # its full stop is certain
            cores[index] = np.logaddexp(initial, cores[index])
        log_probs[texts.rows] += cores
        return log_probs

    def _core_log_probs(self, cores: WordCores) -> np.ndarray:
        """`(N,)` natural logarithms of words without marks and digits."""
        if not cores.texts:
            return np.zeros(0)
        known, capital, letters = np.array([self._cached_features(lower) for lower in cores.lowers])[cores.which].T
        listed = known + self._listed_cases[capital.astype(int), cores.cases]
        if self.code == "en":
            for row, is_upper in cores.pronouns:
                listed[row] = known[row] + self.weights.case * math.log(0.98 if is_upper else 0.005)
        log_probs: np.ndarray = np.logaddexp(listed, self._unlisted_cases[cores.cases] + self.weights.letters * letters)
        for row in cores.compounds:
            log_probs[row] = self._compound_log_prob(cores.texts[row], float(log_probs[row]))
        return log_probs

    def _compound_log_prob(self, core: str, log_prob: float) -> float:
        """The sum of a word's own log probability and of it as several words joined."""
        if self.code == "en" and core.lower().replace("’", "'").endswith("'s") and len(core) > 2:
            log_prob = float(np.logaddexp(log_prob, self._possessive + self._core_log_probs(WordCores([core[:-2]]))[0]))
        parts = PARTS.findall(core)
        if len(parts) > 1:
            words = [part for part in parts if part != "-"]
            joined = self._joined * (len(parts) - len(words)) + float(self._core_log_probs(WordCores(words)).sum())
            log_prob = float(np.logaddexp(log_prob, joined))
        return log_prob

    def _core_features(self, lower: str) -> tuple[float, bool, float]:
        """Log probability as a lexicon word, whether that always has a capital, and log probability by n-grams."""
        node = self.lexicon.node(lower)
        letters = self.letters.log_prob(lower)
        if node is None:
            return -math.inf, False, letters
        return self.lexicon.log_prob_of(node), bool(self.lexicon.capitals[node]), letters


def load_language_weights(folder: Path) -> LanguageWeights:
    """The tuned weights in the folder of the languages; the defaults where there are none."""
    path = folder / WEIGHTS_FILE
    return LanguageWeights.from_dict(read_json(path)["habits"]) if path.is_file() else LanguageWeights()


def save_language_weights(folder: Path, weights: dict[str, float], measured: dict[str, object]) -> None:
    """Write tuned weights, with the figures measured with them."""
    text = json.dumps({"habits": weights, "measured": measured}, indent=1) + "\n"
    (folder / WEIGHTS_FILE).write_text(text, encoding="utf-8")


def languages(folder: Path = LANGUAGE_FOLDER) -> list[str]:
    """The codes of the available languages, sorted."""
    return sorted(path.stem for path in folder.glob("*.npz"))


@lru_cache(maxsize=8)
def load_language(code: str) -> LanguageModel:
    """A shipped language, loaded once."""
    return LanguageModel.load(code)


def estimate_language_shares(texts: Sequence[str], models: Sequence[LanguageModel], iterations: int = 3) -> list[float]:
    """The share of each language in a batch: mixture weights by expectation maximisation.

    Args:
        texts: best-path readings of a batch; wrong ones count little, being improbable in every language.
        models: the languages.
        iterations: of the maximisation; a single word hardly moves the weights from equal.

    Returns:
        One share a language, above 0, together 1.
    """
    shares = np.full(len(models), 1 / len(models))
    if len(models) == 1 or not texts:
        return shares.tolist()
    split = SplitTexts(texts, models[0].casing)
    scores = np.stack([model.log_probs(split) for model in models], axis=1)
    likelihoods = np.exp(scores - scores.max(axis=1, keepdims=True))
    for _ in range(iterations):
        weights = shares * likelihoods
        weights /= weights.sum(axis=1, keepdims=True)
        shares = (weights.sum(axis=0) + 1) / (len(texts) + len(models))  # a prior of one word of each
    return shares.tolist()


def mixture_log_probs(texts: Sequence[str], models: Sequence[LanguageModel], shares: Sequence[float]) -> np.ndarray:
    """`(N,)` natural logarithms of the texts' probabilities in the mixture of the languages."""
    split = SplitTexts(texts, models[0].casing)
    scores = [math.log(share) + model.log_probs(split) for model, share in zip(models, shares, strict=True)]
    mixture: np.ndarray = np.logaddexp.reduce(scores)
    return mixture
