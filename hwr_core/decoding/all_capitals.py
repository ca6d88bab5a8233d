"""Words written in capitals throughout, small capitals too: found out over the words of a hand, and read as such.

A small capital S, O or C is a small letter's shape, and to a network that has seen few of them so are the others. One
word leaves it in doubt; thirty words of one hand do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from hwr_core.text import Charset

# From the validation words of CSAFE, Copiste and IAM as `models/reader` and `reader-small` read them: the mean of a
# letter's log ratio is -9.1 in the median word in small letters, -5.5 in one of twenty; of the one writer in capitals
# -2.5 and -5.0.
EVEN = -5.5  # a mean log ratio that is as likely in the one as in the other
LARGEST = 10.0  # of a letter's log ratio: what is beyond says no more
MOST = 4.0  # of a word's: its letters err together
CAUTION, USUAL = 20, 0.02  # so many words of the usual share in capitals are added to those that are seen
ENOUGH = 0.2  # with a lesser share no word is changed
SMALL = -12.0  # logarithm of what is left of a small letter's probability
ROUNDS = 30


class AllCapitals:
    """The small letters of a charset that have a capital in it.

    Args:
        charset: of the network.
    """

    def __init__(self, charset: Charset) -> None:
        pairs = [
            (charset.encode(small)[0], charset.encode(small.upper())[0])
            for small in charset.characters
            if small.islower() and len(small.upper()) == 1 and small.upper() in charset
        ]
        self._small = np.array([small for small, _ in pairs], int)
        self._large = np.array([large for _, large in pairs], int)
        self._pair = np.full(len(charset) + 1, -1)
        self._pair[self._small] = self._pair[self._large] = np.arange(len(pairs))

    def evidence(self, log_probs: np.ndarray) -> np.ndarray:
        """How much more each word looks like capitals than like small letters, its first letter left out.

        Args:
            log_probs: `(B, T, C)` natural logarithms; column 0 is the blank.

        Returns:
            `(B,)` log ratios; NaN for a word without letters behind the first.
        """
        best = log_probs.argmax(axis=2)
        before = np.pad(best, ((0, 0), (1, 0)))[:, :-1]
        begins = (best != 0) & (best != before)
        letters = begins & (self._pair[best] >= 0) & (np.cumsum(begins, axis=1) > 1)
        words, frames = np.nonzero(letters)
        pairs = self._pair[best[words, frames]]
        ratios = log_probs[words, frames, self._large[pairs]] - log_probs[words, frames, self._small[pairs]]
        counts = np.bincount(words, minlength=len(best))
        sums = np.bincount(words, np.clip(ratios, -LARGEST, LARGEST), minlength=len(best))
        means = np.divide(sums, counts, out=np.full(len(best), np.nan), where=counts > 0)
        return np.clip(means - EVEN, -MOST, MOST)

    def read_as(self, log_probs: np.ndarray, words: np.ndarray) -> np.ndarray:
        """`log_probs` `(B, T, C)`, in which small letters of `words` `(B,)` bool count for their capitals."""
        if not words.any() or not len(self._small):
            return log_probs
        changed = log_probs.copy()
        some = changed[words]
        for small, large in zip(self._small, self._large, strict=True):  # several may share a capital: i and ı
            some[..., large] = np.logaddexp(some[..., small], some[..., large])
        some[..., self._small] = some[..., self._large] + SMALL
        changed[words] = some
        return changed


def share_in_capitals(evidence: Iterable[float]) -> float:
    """The share of words in capitals, in [0, 1]: a mixture's weight by expectation maximisation.

    Args:
        evidence: of `AllCapitals.evidence`; NaN says nothing.

    Example:
        >>> share_in_capitals([-3.5] * 30) < 0.02, share_in_capitals([2.0] * 30) > 0.5, share_in_capitals([4.0]) < 0.2
        (True, True, True)
    """
    ratios = np.array([ratio for ratio in evidence if not np.isnan(ratio)])
    share = USUAL
    for _ in range(ROUNDS if len(ratios) else 0):
        share = (_probabilities(ratios, share).sum() + CAUTION * USUAL) / (len(ratios) + CAUTION)
    return float(share)


def in_capitals(evidence: np.ndarray, share: float) -> np.ndarray:
    """`(B,)` bool: the words that are more probably in capitals than not, where a share of them is.

    Args:
        evidence: `(B,)`; NaN goes by the share alone.
        share: in [0, 1]; below 0.2 no word is taken for capitals, with 1 all are.
    """
    if share < ENOUGH:
        return np.zeros(len(evidence), bool)
    probable: np.ndarray = _probabilities(np.nan_to_num(evidence), share) > 0.5
    return probable


def _probabilities(ratios: np.ndarray, share: float) -> np.ndarray:
    odds = share * np.exp(ratios)
    found: np.ndarray = odds / (odds + (1 - share))
    return found


@dataclass
class ShareInCapitals:
    """The share of the words of a call, batch by batch.

    Attributes:
        given: what the caller says it is, in [0, 1]; None where it is to be found out.
        seen: the evidence so far.
    """

    given: float | None = None
    seen: list[float] = field(default_factory=list)

    def of(self, evidence: np.ndarray) -> float:
        """The share, after these words too."""
        if self.given is not None:
            return self.given
        self.seen += evidence.tolist()
        return share_in_capitals(self.seen)
