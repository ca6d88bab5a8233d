"""The words of a lexicon that pictures are likeliest to show: letter by letter through the tree, not frame by frame."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from hwr_core.decoding.ctc import NEVER
from hwr_core.language.lexicon import NO_WORD, STEP, Lexicon
from hwr_core.text import Charset

KEPT = 32  # beginnings kept after each letter
FAR = 14.0  # beginnings so much less probable (natural logarithm) than a whole word are dropped
FLOOR = -60.0  # log probabilities below are as good as this: keeps sums and differences finite
NOTHING = 1e-20  # a share of this size changes no sum
LONGEST = 28  # letters


class Folding:
    """Brings a charset's frames to the letters of a language, large and small alike.

    What is no letter of the language (digits, marks) counts as blank; an accent that it does not know is left off.

    Args:
        charset: whose ids the columns of the log-probabilities are.
        alphabet: lower-case letters of the language.
    """

    def __init__(self, charset: Charset, alphabet: str) -> None:
        places = {letter: place for place, letter in enumerate(alphabet, start=1)}
        self.matrix = np.zeros((len(charset) + 1, len(alphabet) + 1))
        self.matrix[0, 0] = 1
        for label, character in enumerate(charset.characters, start=1):
            letter = character.lower().replace("’", "'")
            bare = unicodedata.normalize("NFD", letter)[:1]
            self.matrix[label, places.get(letter, places.get(bare, 0))] = 1

    def __call__(self, probabilities: np.ndarray) -> np.ndarray:
        """`(..., T, C)` probabilities to `(..., T, A + 1)` of the letters, column 0 the blank; none is 0."""
        return np.maximum(probabilities @ self.matrix, np.exp(FLOOR))


class LexiconSet:
    """The trees of several lexicons side by side, so that one search goes through all of them.

    Args:
        lexicons: of as many languages.
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
        self.log_masses = np.concatenate([some - some[0] for some in masses])  # of words with each beginning
        apostrophes = np.repeat([alphabet.find("'") for alphabet in self.alphabets], sizes)
        self.elides = (self.letters == apostrophes) & (self.levels != NO_WORD)  # l': another word may follow
        self.elides[self.roots] = False

    def children(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Each way to go on: the place in `nodes`, and the child."""
        counts = self.counts[nodes].astype(int)
        rows = np.repeat(np.arange(len(nodes)), counts)
        return rows, np.arange(len(rows)) + np.repeat(self.first[nodes] - np.cumsum(counts) + counts, counts)


def likeliest_words(
    frames: np.ndarray,
    grove: LexiconSet,
    languages: Sequence[int],
    *,
    weight: float,
    per_letter: float,
    entries: np.ndarray | None = None,
    starts: Sequence[tuple[int, int]] | None = None,
    joining: float | None = None,
    most: int = 12,
    kept: int = KEPT,
) -> list[list[tuple[str, float]]]:
    """Search the trees of lexicons from letter to letter, for many pictures at once.

    A beginning is kept by how probable it is that the picture's text begins so (all of its continuations together,
    which is exact: no later frame can change it), and by how often words begin so. A finished word has exactly its
    own CTC probability.

    Args:
        frames: `(B, T, A + 1)` probabilities, from the `Folding` of each one's language; zeros behind its letters.
        grove: the lexicons.
        languages: which of them is asked of each picture; a picture may come several times.
        weight, per_letter: as `LanguageScorer` has them.
        entries: `(B, T + 1, 2)` log probabilities that what comes before is written before each frame, ending in a
            blank and in a letter (`beam.prefix_forward`); the pictures' beginnings where left out.
        starts: of each picture the node of its lexicon to begin at, and its last letter's place in the alphabet;
            the root, and none (-1), where left out.
        joining: log probability that another word follows an apostrophe at a word's end (l'eau); never where None.
        most: how many words of a picture.
        kept: beginnings of a picture kept after each letter.

    Returns:
        For each picture `(letters behind the start, log probability that the picture shows them)`, those first that
        are the best with the language's say.
    """
    lattice = _Lattice(frames)
    both, blank, peaks = lattice.entered(entries)
    words = np.arange(len(frames))  # which picture each beginning is of: always in order
    roots = grove.roots[list(languages)]
    nodes, ends_in = np.array(starts or [(0, -1)] * len(frames)).T
    nodes = nodes + roots
    spelled = np.zeros((len(frames), 0), np.uint8)
    said = np.zeros(len(frames))  # by the language so far: of words before a join
    bars = np.full(len(frames), NEVER)
    found: list[_Ends] = []
    for length in range(1, LONGEST + 1):
        if joining is not None:
            nodes, said = _joined(grove, nodes, said, roots[words], joining)
        rows, children = grove.children(nodes)
        letters = grove.letters[children].astype(int)
        begun = lattice.begun(both, blank, words, rows, letters, ends_in)
        words = words[rows]
        begun += peaks[words]
        scores = begun + weight * (said[rows] + grove.log_masses[children]) + per_letter * length
        best = _best(scores, words, bars - FAR, kept)
        if not len(best):
            break
        rows, nodes, letters, words = rows[best], children[best], letters[best], words[best]
        entry = np.where((ends_in[rows] == letters)[:, None], blank[rows], both[rows])
        both, blank, shares = lattice.extended(entry, words, letters)
        said, ends_in = said[rows], letters
        spelled = np.concatenate([spelled[rows], letters[:, None].astype(np.uint8)], axis=1)
        levels = grove.levels[nodes]
        ends = np.flatnonzero(levels != NO_WORD)
        if len(ends):
            whose = words[ends]
            shown = _log(shares[ends]) + peaks[whose]
            judged = shown + weight * (said[ends] - STEP * levels[ends]) + per_letter * length
            found.append((whose, judged, shown, spelled[ends]))
            np.maximum.at(bars, whose, judged)
    return _finished(found, [grove.alphabets[language] for language in languages], most)


_Ends = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # words of one length: picture, judged, shown, letters


def _joined(
    grove: LexiconSet, nodes: np.ndarray, said: np.ndarray, roots: np.ndarray, joining: float
) -> tuple[np.ndarray, np.ndarray]:
    """Beginnings that end in an elision go on at the root; what the language says of them until there is kept."""
    elided = grove.elides[nodes]
    if not elided.any():
        return nodes, said
    return np.where(elided, roots, nodes), np.where(elided, said - STEP * grove.levels[nodes] + joining, said)


def _finished(found: list[_Ends], alphabets: Sequence[str], most: int) -> list[list[tuple[str, float]]]:
    """Each picture's best words."""
    result: list[list[tuple[str, float]]] = [[] for _ in alphabets]
    if not found:
        return result
    words, judged, shown = (np.concatenate([ends[part] for ends in found]) for part in (0, 1, 2))
    spelled = [letters for ends in found for letters in ends[3]]
    order = np.argsort(words, kind="stable")
    for place in order[_best(judged[order], words[order], np.full(len(alphabets), NEVER), most)].tolist():
        if shown[place] > FLOOR * 4:
            word = words[place]
            text = "".join([alphabets[word][letter] for letter in spelled[place].tolist()])
            result[word].append((text, float(shown[place])))
    return result


def _best(scores: np.ndarray, words: np.ndarray, bars: np.ndarray, most: int) -> np.ndarray:
    """The places of each picture's best scores above its bar, best first; `words` is in order, and so are they."""
    above = np.flatnonzero(scores > bars[words])
    words = words[above]
    order = np.lexsort((-scores[above], words))
    return above[order[np.arange(len(words)) - words.searchsorted(words) < most]]


def _log(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(values)


class _Lattice:
    """Sums over the paths of B pictures: probabilities, not logarithms, since no path that matters comes near 0.

    Every row of `both` and `blank` is a beginning: `(T,)` the probability that exactly it is written before each
    frame, and that a blank is its end.

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
            if longer[:, 1:, width:].max(initial=0) < NOTHING:
                break
            runs, width = longer, 2 * width
            self.runs.append(runs)
        self.size = runs.shape[1]
        self.runs = [runs.reshape(-1, runs.shape[2]) for runs in self.runs]

    def entered(self, entries: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`both` and `blank` of where each picture is entered, and the logarithms of their scales."""
        count, frames = self.frames.shape[:2]
        if entries is None:
            blank = np.ones((count, frames))
            blank[:, 1:] = np.cumprod(self.frames[:, :-1, 0], axis=1)
            return blank, blank, np.zeros(count)
        peaks = np.maximum(entries.max(axis=(1, 2)), -1e5)
        shares = np.exp(entries[:, :-1] - peaks[:, None, None])
        return shares.sum(axis=2), shares[..., 0], peaks

    def begun(
        self,
        both: np.ndarray,
        blank: np.ndarray,
        whose: np.ndarray,
        rows: np.ndarray,
        letters: np.ndarray,
        last: np.ndarray,
    ) -> np.ndarray:
        """Log probability of every text that begins with each of `rows` and one letter more.

        Args:
            both, blank: of the beginnings.
            whose: the picture of each.
            rows, letters: beginnings and what they go on with.
            last: the letter that each beginning ends in.
        """
        found = self._by_word(both, whose, self.frames)[rows, letters + 1]
        twice = np.flatnonzero(last[rows] == letters)  # the same letter again needs a blank between
        if len(twice):
            frames = self.runs[0][whose[rows[twice]] * self.size + letters[twice] + 1]
            found[twice] = np.einsum("nt,nt->n", blank[rows[twice]], frames)
        return _log(found)

    def extended(
        self, entry: np.ndarray, words: np.ndarray, letters: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`both` and `blank` behind one more letter, and the probability of exactly that.

        It is written in frame t if it is in t - 1 or is entered there: w[t] = (w[t - 1] + entry[t]) p[t], solved by
        doubling.
        """
        places = words * self.size + letters + 1
        written, width = entry * self.runs[0][places], 1
        for runs in self.runs:
            written[:, width:] += written[:, :-width] * runs[places, width:]
            width *= 2
        ended = self._by_word(written, words, self.blanks)
        both, blank = np.zeros(written.shape), np.zeros(written.shape)
        blank[:, 1:] = ended[:, :-1]
        np.add(ended[:, :-1], written[:, :-1], out=both[:, 1:])
        return both, blank, ended[:, -1] + written[:, -1]

    @staticmethod
    def _by_word(rows: np.ndarray, words: np.ndarray, matrices: np.ndarray) -> np.ndarray:
        """Each row times the matrix of its picture."""
        if len(matrices) == 1:
            return rows @ matrices[0]
        found = np.empty((len(rows), matrices.shape[2]))
        edges = np.searchsorted(words, np.arange(len(matrices) + 1)).tolist()
        for matrix, begin, end in zip(matrices, edges[:-1], edges[1:], strict=True):
            if end > begin:
                np.matmul(rows[begin:end], matrix, out=found[begin:end])
        return found
