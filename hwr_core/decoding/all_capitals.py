"""Detect words written in capitals throughout (small capitals too) over many words of a writer, and read them so.

A small capital S, O or C has the shape of the lower-case letter, and a network that has seen few small capitals
confuses the other letters too. One word is ambiguous; thirty words of one writer are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from hwr_core.text import Charset

# From the validation words of CSAFE, Copiste and IAM as `models/reader` and `reader-small` read them: the mean of a
# letter's log ratio is -9.1 in the median lower-case word, -5.5 in one of twenty; of the one writer in capitals -2.5
# and -5.0.
NEUTRAL_LOG_RATIO = -5.5  # a mean log ratio that is equally likely in both kinds of word
MAX_LETTER_LOG_RATIO = 10.0  # larger ones carry no more information
MAX_WORD_LOG_RATIO = 4.0  # the letters of a word are not independent
PRIOR_WORDS, PRIOR_SHARE = 20, 0.02  # words with this share in capitals that are added to those observed
MIN_CAPITALS_SHARE = 0.2  # below it no word is read as capitals
LOWER_CASE_LOG_FACTOR = -12.0  # what a lower-case letter's probability is reduced by, relative to its capital's
EM_ITERATIONS = 30


class AllCapitals:
    """The lower-case letters of a charset whose capital is in it.

    Args:
        charset: of the network.
    """

    def __init__(self, charset: Charset) -> None:
        pairs = [
            (charset.encode(lower)[0], charset.encode(lower.upper())[0])
            for lower in charset.characters
            if lower.islower() and len(lower.upper()) == 1 and lower.upper() in charset
        ]
        self._lower = np.array([lower for lower, _ in pairs], int)
        self._upper = np.array([upper for _, upper in pairs], int)
        self._pair = np.full(len(charset) + 1, -1)
        self._pair[self._lower] = self._pair[self._upper] = np.arange(len(pairs))

    def log_ratios(self, log_probs: np.ndarray) -> np.ndarray:
        """Log ratio of capitals to lower case of each word, without its first letter.

        Args:
            log_probs: `(B, T, C)` natural logarithms; column 0 is the blank.

        Returns:
            `(B,)`; NaN for a word without letters after the first.
        """
        best = log_probs.argmax(axis=2)
        previous = np.pad(best, ((0, 0), (1, 0)))[:, :-1]
        begins = (best != 0) & (best != previous)
        letters = begins & (self._pair[best] >= 0) & (np.cumsum(begins, axis=1) > 1)
        words, frames = np.nonzero(letters)
        pairs = self._pair[best[words, frames]]
        ratios = log_probs[words, frames, self._upper[pairs]] - log_probs[words, frames, self._lower[pairs]]
        counts = np.bincount(words, minlength=len(best))
        sums = np.bincount(words, np.clip(ratios, -MAX_LETTER_LOG_RATIO, MAX_LETTER_LOG_RATIO), minlength=len(best))
        means = np.divide(sums, counts, out=np.full(len(best), np.nan), where=counts > 0)
        return np.clip(means - NEUTRAL_LOG_RATIO, -MAX_WORD_LOG_RATIO, MAX_WORD_LOG_RATIO)

    def capitalized(self, log_probs: np.ndarray, words: np.ndarray) -> np.ndarray:
        """`log_probs` `(B, T, C)` with the lower-case probability of `words` `(B,)` bool added to the capitals'."""
        if not words.any() or not len(self._lower):
            return log_probs
        result = log_probs.copy()
        selected = result[words]
        for lower, upper in zip(self._lower, self._upper, strict=True):  # several may share a capital: i and ı
            selected[..., upper] = np.logaddexp(selected[..., lower], selected[..., upper])
        selected[..., self._lower] = selected[..., self._upper] + LOWER_CASE_LOG_FACTOR
        result[words] = selected
        return result


def share_in_capitals(log_ratios: Iterable[float]) -> float:
    """The share of words in capitals, in [0, 1]: a mixture's weight by expectation maximisation.

    Args:
        log_ratios: of `AllCapitals.log_ratios`; NaN is ignored.

    Example:
        >>> share_in_capitals([-3.5] * 30) < 0.02, share_in_capitals([2.0] * 30) > 0.5, share_in_capitals([4.0]) < 0.2
        (True, True, True)
    """
    ratios = np.array([ratio for ratio in log_ratios if not np.isnan(ratio)])
    share = PRIOR_SHARE
    for _ in range(EM_ITERATIONS if len(ratios) else 0):
        share = (_posterior(ratios, share).sum() + PRIOR_WORDS * PRIOR_SHARE) / (len(ratios) + PRIOR_WORDS)
    return float(share)


def in_capitals(log_ratios: np.ndarray, share: float) -> np.ndarray:
    """`(B,)` bool: the words that are more probably in capitals than not, given the share of such words.

    Args:
        log_ratios: `(B,)`; NaN counts as 0.
        share: in [0, 1]; below 0.2 no word is taken for capitals, with 1 all are.
    """
    if share < MIN_CAPITALS_SHARE:
        return np.zeros(len(log_ratios), bool)
    probable: np.ndarray = _posterior(np.nan_to_num(log_ratios), share) > 0.5
    return probable


def _posterior(log_ratios: np.ndarray, share: float) -> np.ndarray:
    odds = share * np.exp(log_ratios)
    posterior: np.ndarray = odds / (odds + (1 - share))
    return posterior


@dataclass
class ShareInCapitals:
    """Running estimate of the share of words in capitals over the batches of a call.

    Attributes:
        fixed: the share that the caller gave, in [0, 1]; None to estimate it.
        log_ratios: of all words so far.
    """

    fixed: float | None = None
    log_ratios: list[float] = field(default_factory=list)

    def update(self, log_ratios: np.ndarray) -> float:
        """The share with these words included."""
        if self.fixed is not None:
            return self.fixed
        self.log_ratios += log_ratios.tolist()
        return share_in_capitals(self.log_ratios)
