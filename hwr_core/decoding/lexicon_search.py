"""Lexicon search: the most probable lexicon words of images, letter by letter through prefix trees."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from hwr_core.decoding.ctc import LOG_ZERO, Candidates
from hwr_core.language.lexicon import LOG_PROB_STEP, NO_WORD, Lexicon
from hwr_core.text import Charset

MAX_PREFIXES = 32  # that survive each letter
MAX_LOG_PROB_GAP = 14.0  # prefixes whose score is this far below a whole word's are dropped
LOG_PROB_FLOOR = -60.0  # lower ones are raised to it: keeps sums and differences finite
NEGLIGIBLE_PROBABILITY = 1e-20  # changes no sum
MAX_WORD_LETTERS = 28


class Folding:
    """Maps a charset's frames to the lower-case letters of a language.

    Characters that are no letter of the language (digits, marks) count as blank; accents that it lacks are removed.

    Args:
        charset: whose ids the columns of the log-probabilities are.
        alphabet: lower-case letters of the language.
    """

    def __init__(self, charset: Charset, alphabet: str) -> None:
        columns = {letter: column for column, letter in enumerate(alphabet, start=1)}
        self.matrix = np.zeros((len(charset) + 1, len(alphabet) + 1))
        self.matrix[0, 0] = 1
        for label, character in enumerate(charset.characters, start=1):
            letter = character.lower().replace("’", "'")
            base = unicodedata.normalize("NFD", letter)[:1]
            self.matrix[label, columns.get(letter, columns.get(base, 0))] = 1

    def __call__(self, probabilities: np.ndarray) -> np.ndarray:
        """`(..., T, C)` probabilities to `(..., T, A + 1)` of the letters, column 0 the blank; all above 0."""
        return np.maximum(probabilities @ self.matrix, np.exp(LOG_PROB_FLOOR))


class LexiconSet:
    """The trees of several lexicons in one array, for one search through all of them.

    Args:
        lexicons: one a language.
    """

    def __init__(self, lexicons: Sequence[Lexicon]) -> None:
        self.alphabets = [lexicon.alphabet for lexicon in lexicons]
        sizes = [len(lexicon.letters) for lexicon in lexicons]
        self.roots = np.cumsum([0, *sizes[:-1]])
        self.letters, self.counts, self.levels = (
            np.concatenate([getattr(lexicon, name) for lexicon in lexicons]) for name in ("letters", "counts", "levels")
        )
        self.first = np.concatenate(
            [lexicon.first[:-1] + root for lexicon, root in zip(lexicons, self.roots, strict=True)]
        )
        masses = [lexicon.log_masses for lexicon in lexicons]
        self.log_masses = np.concatenate([mass - mass[0] for mass in masses])  # of the words below each node
        apostrophes = np.repeat([alphabet.find("'") for alphabet in self.alphabets], sizes)
        self.elides = (self.letters == apostrophes) & (self.levels != NO_WORD)  # l': another word may follow
        self.elides[self.roots] = False

    def children(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All children: the index into `nodes`, and the child."""
        counts = self.counts[nodes].astype(int)
        rows = np.repeat(np.arange(len(nodes)), counts)
        return rows, np.arange(len(rows)) + np.repeat(self.first[nodes] - np.cumsum(counts) + counts, counts)


def search_lexicons(
    frames: np.ndarray,
    lexicons: LexiconSet,
    languages: Sequence[int],
    *,
    weight: float,
    per_letter: float,
    entries: np.ndarray | None = None,
    starts: Sequence[tuple[int, int]] | None = None,
    joining: float | None = None,
    max_words: int = 12,
    max_prefixes: int = MAX_PREFIXES,
) -> list[Candidates]:
    """Search the trees of lexicons letter by letter, for many images at once.

    A prefix is ranked by the probability that the image's text begins so (all of its continuations together, which is
    exact: no later frame can change it), and by the share of words that begin so. A finished word has exactly its own
    CTC probability.

    Args:
        frames: `(B, T, A + 1)` probabilities, from the `Folding` of each one's language; zeros behind its letters.
        lexicons: the lexicons.
        languages: the lexicon of each image, an index; an image may come several times.
        weight, per_letter: as in `LanguageScorer`.
        entries: `(B, T + 1, 2)` log probabilities that the given prefix is written before each frame, ending in a
            blank and in a letter (`beam_search.prefix_forward`); None without prefixes.
        starts: of each image the node of its lexicon to start at, and the index of its last letter in the alphabet;
            None for the root and no letter (-1).
        joining: log probability that another word follows an apostrophe at a word's end (l'eau); None for never.
        max_words: words of an image at most.
        max_prefixes: prefixes of an image that survive each letter.

    Returns:
        For each image `(letters after the start, CTC log probability)`, best language score first.
    """
    lattice = _Lattice(frames)
    total, blank, peaks = lattice.entry(entries)
    images = np.arange(len(frames))  # the image of each prefix: always in order
    roots = lexicons.roots[list(languages)]
    nodes, ends_in = np.array(starts or [(0, -1)] * len(frames)).T
    nodes = nodes + roots
    spelled = np.zeros((len(frames), 0), np.uint8)
    language = np.zeros(len(frames))  # log probability of the words before a join
    thresholds = np.full(len(frames), LOG_ZERO)
    results: list[_Words] = []
    for length in range(1, MAX_WORD_LETTERS + 1):
        if joining is not None:
            nodes, language = _joined(lexicons, nodes, language, roots[images], joining)
        rows, children = lexicons.children(nodes)
        letters = lexicons.letters[children].astype(int)
        log_probs = lattice.prefix_log_probs(total, blank, images, rows, letters, ends_in)
        images = images[rows]
        log_probs += peaks[images]
        scores = log_probs + weight * (language[rows] + lexicons.log_masses[children]) + per_letter * length
        best = _best(scores, images, thresholds - MAX_LOG_PROB_GAP, max_prefixes)
        if not len(best):
            break
        rows, nodes, letters, images = rows[best], children[best], letters[best], images[best]
        entry = np.where((ends_in[rows] == letters)[:, None], blank[rows], total[rows])
        total, blank, shares = lattice.extended(entry, images, letters)
        language, ends_in = language[rows], letters
        spelled = np.concatenate([spelled[rows], letters[:, None].astype(np.uint8)], axis=1)
        levels = lexicons.levels[nodes]
        ends = np.flatnonzero(levels != NO_WORD)
        if len(ends):
            word_images = images[ends]
            log_probs = _log(shares[ends]) + peaks[word_images]
            scores = log_probs + weight * (language[ends] - LOG_PROB_STEP * levels[ends]) + per_letter * length
            results.append((word_images, scores, log_probs, spelled[ends]))
            np.maximum.at(thresholds, word_images, scores)
    return _finished(results, [lexicons.alphabets[language] for language in languages], max_words)


_Words = tuple[
    np.ndarray, np.ndarray, np.ndarray, np.ndarray
]  # of one length: image, score, CTC log probability, letters


def _joined(
    lexicons: LexiconSet, nodes: np.ndarray, language: np.ndarray, roots: np.ndarray, joining: float
) -> tuple[np.ndarray, np.ndarray]:
    """Continue prefixes that end in an elision at the root, with the log probability of the word so far."""
    elided = lexicons.elides[nodes]
    if not elided.any():
        return nodes, language
    return np.where(elided, roots, nodes), np.where(
        elided, language - LOG_PROB_STEP * lexicons.levels[nodes] + joining, language
    )


def _finished(results: list[_Words], alphabets: Sequence[str], max_words: int) -> list[Candidates]:
    """Each image's best words."""
    best: list[Candidates] = [[] for _ in alphabets]
    if not results:
        return best
    images, scores, log_probs = (np.concatenate([words[part] for words in results]) for part in (0, 1, 2))
    spelled = [letters for words in results for letters in words[3]]
    order = np.argsort(images, kind="stable")
    for index in order[_best(scores[order], images[order], np.full(len(alphabets), LOG_ZERO), max_words)].tolist():
        if log_probs[index] > LOG_PROB_FLOOR * 4:
            image = images[index]
            text = "".join([alphabets[image][letter] for letter in spelled[index].tolist()])
            best[image].append((text, float(log_probs[index])))
    return best


def _best(scores: np.ndarray, images: np.ndarray, thresholds: np.ndarray, max_results: int) -> np.ndarray:
    """Indices of each image's best scores above its threshold, best first; `images` and the result are in order."""
    above = np.flatnonzero(scores > thresholds[images])
    images = images[above]
    order = np.lexsort((-scores[above], images))
    return above[order[np.arange(len(images)) - images.searchsorted(images) < max_results]]


def _log(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(values)


class _Lattice:
    """Sums over the paths of B images: probabilities, not logarithms, since no path that matters comes near 0.

    Every row of `total` and `blank` is a prefix: `(T,)` the probability that exactly it is written before each frame,
    and that it ends in a blank there.

    Args:
        frames: `(B, T, A + 1)` probabilities.
    """

    def __init__(self, frames: np.ndarray) -> None:
        self.frames = frames
        steps = np.cumsum(np.log(frames[:, :, 0]), axis=1)
        self.blanks = np.triu(np.exp(np.minimum(steps[:, None, :] - steps[:, :, None], 0)), 1)  # from frame to frame
        runs = np.ascontiguousarray(frames.transpose(0, 2, 1))
        self.runs, width = [runs], 1  # of 1, 2, 4 .. frames of a letter, ending at each frame
        while 2 * width < frames.shape[1]:
            longer = runs.copy()
            longer[:, :, width:] *= runs[:, :, :-width]
            if longer[:, 1:, width:].max(initial=0) < NEGLIGIBLE_PROBABILITY:
                break
            runs, width = longer, 2 * width
            self.runs.append(runs)
        self.size = runs.shape[1]
        self.runs = [runs.reshape(-1, runs.shape[2]) for runs in self.runs]

    def entry(self, entries: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`total` and `blank` at the start of each image, and the logarithms of their scales."""
        count, frames = self.frames.shape[:2]
        if entries is None:
            blank = np.ones((count, frames))
            blank[:, 1:] = np.cumprod(self.frames[:, :-1, 0], axis=1)
            return blank, blank, np.zeros(count)
        peaks = np.maximum(entries.max(axis=(1, 2)), -1e5)
        shares = np.exp(entries[:, :-1] - peaks[:, None, None])
        return shares.sum(axis=2), shares[..., 0], peaks

    def prefix_log_probs(
        self,
        total: np.ndarray,
        blank: np.ndarray,
        images: np.ndarray,
        rows: np.ndarray,
        letters: np.ndarray,
        last: np.ndarray,
    ) -> np.ndarray:
        """Log probability of all texts that begin with each of `rows` and one more letter.

        Args:
            total, blank: of the prefixes.
            images: the image of each.
            rows, letters: prefixes and their next letters.
            last: the last letter of each prefix.
        """
        probabilities = self._multiplied(total, images, self.frames)[rows, letters + 1]
        repeated = np.flatnonzero(last[rows] == letters)  # the same letter again needs a blank between
        if len(repeated):
            frames = self.runs[0][images[rows[repeated]] * self.size + letters[repeated] + 1]
            probabilities[repeated] = np.einsum("nt,nt->n", blank[rows[repeated]], frames)
        return _log(probabilities)

    def extended(
        self, entry: np.ndarray, images: np.ndarray, letters: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`total` and `blank` after one more letter, and the probability of exactly that text.

        The letter is written in frame t if it is in t - 1 or begins there: w[t] = (w[t - 1] + entry[t]) p[t], solved by
        doubling.
        """
        indices = images * self.size + letters + 1
        written, width = entry * self.runs[0][indices], 1
        for runs in self.runs:
            written[:, width:] += written[:, :-width] * runs[indices, width:]
            width *= 2
        ended = self._multiplied(written, images, self.blanks)
        total, blank = np.zeros(written.shape), np.zeros(written.shape)
        blank[:, 1:] = ended[:, :-1]
        np.add(ended[:, :-1], written[:, :-1], out=total[:, 1:])
        return total, blank, ended[:, -1] + written[:, -1]

    @staticmethod
    def _multiplied(rows: np.ndarray, images: np.ndarray, matrices: np.ndarray) -> np.ndarray:
        """Each row times the matrix of its image."""
        if len(matrices) == 1:
            return rows @ matrices[0]
        products = np.empty((len(rows), matrices.shape[2]))
        edges = np.searchsorted(images, np.arange(len(matrices) + 1)).tolist()
        for matrix, begin, end in zip(matrices, edges[:-1], edges[1:], strict=True):
            if end > begin:
                np.matmul(rows[begin:end], matrix, out=products[begin:end])
        return products
