"""The weights of the languages: shares of kinds of words, and how much a language counts against the image."""

from __future__ import annotations

from dataclasses import dataclass, fields

from hwr_core.errors import ConfigError


@dataclass(frozen=True)
class LanguageWeights:
    """Shares and weights, tuned on validation words by `benchmarks/tune_language.py`.

    Attributes:
        number, marks_only, initial, unlisted: shares among all words of numbers, marks alone, single capitals with
            a full stop, and words in no lexicon.
        joined: probability that a hyphen or an elision joins one more word.
        possessive: probability that a word takes 's (English).
        odd: probability that digits and letters mix in any other way than 14th or 5km.
        case, marks: exponents of the probabilities of capitals and of marks around a word: the image determines
            them better than letters.
        letters: exponent of the character n-grams' probability of words in no lexicon: names differ from other words.
        weight, per_letter: of the whole score, see `decoding.language_rescoring.LanguageScorer`.
    """

    number: float = 0.02
    marks_only: float = 0.003
    initial: float = 0.004
    unlisted: float = 0.08
    joined: float = 0.01
    possessive: float = 0.01
    odd: float = 1e-3
    case: float = 1.0
    marks: float = 1.0
    letters: float = 1.0
    weight: float = 0.7
    per_letter: float = 1.0

    @classmethod
    def from_dict(cls, values: dict[str, float]) -> LanguageWeights:
        """Raise `ConfigError` for unknown names and for values that are not positive numbers."""
        names = {attribute.name for attribute in fields(cls)}
        valid = {name: float(value) for name, value in values.items() if name in names and _is_positive(value)}
        if len(valid) != len(values):
            raise ConfigError(
                f"Language weights are positive numbers named {', '.join(sorted(names))}. Received: {values}. "
                "Make them anew with benchmarks/tune_language.py."
            )
        return cls(**valid)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e3
