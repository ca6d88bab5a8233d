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
from hwr_core.text.habits import USUAL, Habits, Manner, apart, case_of, marks_log_prob, number_log_prob
from hwr_core.text.lexicon import Lexicon
from hwr_core.text.ngram import CharacterModel

LANGUAGE_FOLDER = Path(__file__).resolve().parents[2] / "models" / "language"
HABITS_FILE = "habits.json"
PARTS = re.compile(r"[^'’-]*['’]|[^'’-]+|-")  # of joined words: l' and eau; well, - and known


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
        habits: Habits | None = None,
        manner: Manner = USUAL,
    ) -> None:
        self.code, self.lexicon, self.letters = code, lexicon, letters
        self.habits, self.manner = habits or Habits(), manner
        self._log = {name: math.log(getattr(self.habits, name)) for name in ("unlisted", "joined", "possessive")}
        self._listed_cases, self._capital_cases, self._unlisted_cases = (
            [self.habits.case * math.log(share) for share in shares]
            for shares in (manner.listed, manner.capital, manner.unlisted)
        )
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
                alphabet = "".join(map(chr, arrays["alphabet"]))
                tree = [arrays[name] for name in ("letters", "counts", "levels", "capitals")]
                return cls(code, Lexicon(alphabet, *tree), CharacterModel(alphabet, arrays["grams"]), habits_of(folder))
        except (OSError, EOFError, ValueError, KeyError, ConfigError, zipfile.BadZipFile, zlib.error) as error:
            raise ConfigError(
                f"The language {code} in {folder} is damaged. Make it anew with: python scripts/make_language.py {code}"
            ) from error

    def _log_prob(self, text: str) -> float:
        """Natural logarithm of how likely `text` is to be written, above -inf for every string.

        Capitals and marks count with the exponents of `Habits`, so the sum over all strings is near 1 only where
        those are 1.
        """
        before, core, after = apart(text)
        if not core:
            return math.log(self.habits.marks_only) + self.habits.marks * marks_log_prob("", before, self.manner)
        around = self.habits.marks * marks_log_prob(before, after, self.manner)
        if any(character.isdigit() for character in core):
            return around + number_log_prob(core, self.habits)
        if len(core) == 1 and core.isupper() and after.startswith("."):
            initial = math.log(self.habits.initial / 26) - math.log(0.06) * self.habits.marks  # its full stop is sure
            return around + float(np.logaddexp(initial, self._core(core)))
        return around + self._core(core)

    def _core(self, core: str) -> float:
        lower = core.lower().replace("’", "'")
        case = case_of(core)
        found = self._listed(core, lower, case)
        name = self._log["unlisted"] + self._unlisted_cases[case] + self.habits.letters * self.letters.log_prob(lower)
        found = max(found, name) + math.log1p(math.exp(-abs(found - name)))
        if "'" not in lower and "-" not in lower:
            return found
        if self.code == "en" and lower.endswith("'s") and len(core) > 2:
            found = float(np.logaddexp(found, self._log["possessive"] + self._core(core[:-2])))
        parts = PARTS.findall(core)
        if len(parts) > 1:
            each = [self._log["joined"] if part == "-" else self._core(part) for part in parts]
            found = float(np.logaddexp(found, sum(each)))
        return found

    def _listed(self, core: str, lower: str, case: int) -> float:
        node = self.lexicon.node(lower)
        known = -math.inf if node is None else self.lexicon.log_prob_of(node)
        if known == -math.inf:
            return known
        if self.code == "en" and (lower == "i" or lower.startswith("i'")):
            return known + self.habits.case * math.log(0.98 if core[0] == "I" and core[1:] == lower[1:] else 0.005)
        return known + (self._capital_cases if self.lexicon.capitals[node] else self._listed_cases)[case]


def habits_of(folder: Path) -> Habits:
    """What was tuned and kept beside the languages; the defaults where nothing was."""
    path = folder / HABITS_FILE
    return Habits.from_dict(read_json(path)["habits"]) if path.is_file() else Habits()


def save_habits(folder: Path, habits: dict[str, float], measured: dict[str, object]) -> None:
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
    scores = np.array([[model.log_prob(text) for model in models] for text in texts])
    likelihoods = np.exp(scores - scores.max(axis=1, keepdims=True))
    for _ in range(rounds):
        weights = shares * likelihoods
        weights /= weights.sum(axis=1, keepdims=True)
        shares = (weights.sum(axis=0) + 1) / (len(texts) + len(models))  # one word of each for caution
    return shares.tolist()


def mixed_log_prob(text: str, models: Sequence[LanguageModel], shares: Sequence[float]) -> float:
    """Natural logarithm of the text's probability where each language has its share."""
    scores = [math.log(share) + model.log_prob(text) for model, share in zip(models, shares, strict=True)]
    return scores[0] if len(scores) == 1 else float(np.logaddexp.reduce(scores))
