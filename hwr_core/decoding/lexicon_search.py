"""The words of a lexicon that a picture is likeliest to show: letter by letter through the tree, not frame by frame."""

from __future__ import annotations

import unicodedata

import numpy as np

from hwr_core.decoding.ctc import NEVER
from hwr_core.text import Charset
from hwr_core.text.lexicon import NO_WORD, STEP, Lexicon

KEPT = 32  # beginnings kept after each letter
FAR = 14.0  # beginnings so much less probable (natural logarithm) than a whole word are dropped
FLOOR = -60.0  # log probabilities below are as good as this: keeps sums and differences finite
IMPOSSIBLE = -1e5
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

    def __call__(self, log_probs: np.ndarray) -> np.ndarray:
        """`(T, C)` natural logarithms to `(T, A + 1)` of the letters, column 0 the blank."""
        return np.log(np.maximum(np.exp(log_probs) @ self.matrix, np.exp(FLOOR)))


def likeliest_words(
    folded: np.ndarray,
    lexicon: Lexicon,
    *,
    weight: float,
    per_letter: float,
    entry: tuple[np.ndarray, np.ndarray] | None = None,
    start: int = 0,
    last: int = -1,
    joining: float | None = None,
    most: int = 12,
    kept: int = KEPT,
) -> list[tuple[str, float]]:
    """Search the tree of a lexicon from letter to letter.

    A beginning is kept by how probable it is that the picture's text begins so (all of its continuations together,
    which is exact: no later frame can change it), and by how often words begin so. A finished word has exactly its
    own CTC probability.

    Args:
        folded: `(T, A + 1)` natural logarithms, from `Folding`.
        lexicon: with the letters of the folding.
        weight, per_letter: as `Judge` has them.
        entry: `(T + 1,)` log probabilities that what comes before is written before each frame, ending in a blank
            and in a letter (`beam.prefix_forward`); the picture's beginning where left out.
        start, last: the node to begin at, and its last letter's place in the alphabet; the root, and none.
        joining: log probability that another word follows an apostrophe at a word's end (l'eau); never where None.
        most: how many words.
        kept: beginnings kept after each letter.

    Returns:
        `(letters behind the start, log probability that the picture shows them)`, those first that are the best
        with the language's say.
    """
    frames = np.exp(folded)
    sums = np.cumsum(folded, axis=0)
    masses = lexicon.log_masses
    apostrophe = lexicon.alphabet.find("'")
    if entry is None:
        entry = np.concatenate([[0.0], sums[:, 0]]), np.full(len(folded) + 1, NEVER)
    blank, written = entry
    blank, written = np.maximum(blank, IMPOSSIBLE)[None], np.maximum(written, IMPOSSIBLE)[None]
    nodes, ends_in, texts = np.array([start]), np.array([last]), [""]
    said = np.zeros(1)  # by the language so far: of words before a join
    finished: list[tuple[float, str, float]] = []
    bar = NEVER
    for length in range(1, LONGEST + 1):
        rows, children, joined = _children(lexicon, nodes, ends_in, apostrophe, joining)
        if not len(rows):
            break
        letters = lexicon.letters[children].astype(int)
        begun = _beginnings(blank, written, frames, rows, letters, ends_in)
        prior = said[rows] + joined + masses[children] - masses[0]
        scores = begun + weight * prior + per_letter * length
        best = np.argsort(-scores, kind="stable")[:kept]
        best = best[scores[best] > bar - FAR]
        if not len(best):
            break
        rows, children, letters = rows[best], children[best], letters[best]
        said = said[rows] + joined[best]
        before = np.where((ends_in[rows] == letters)[:, None], NEVER, written[rows])
        blank, written = _extended(np.logaddexp(blank[rows], before), folded, sums, letters)
        nodes, ends_in = children, letters
        texts = [texts[row] + lexicon.alphabet[letter] for row, letter in zip(rows, letters, strict=True)]
        levels = lexicon.levels[nodes]
        ends = np.flatnonzero(levels != NO_WORD)
        shown = np.logaddexp(blank[ends, -1], written[ends, -1])
        judged = shown + weight * (said[ends] - STEP * levels[ends]) + per_letter * length
        finished += zip(judged.tolist(), [texts[end] for end in ends], shown.tolist(), strict=True)
        if joining is not None:
            said = np.where((levels != NO_WORD) & (letters == apostrophe), said - STEP * levels, said)
        bar = max(bar, float(judged.max(initial=NEVER)))
    finished.sort(key=lambda item: -item[0])
    return [(text, score) for _, text, score in finished[:most] if score > FLOOR * 4]


def _children(
    lexicon: Lexicon, nodes: np.ndarray, last: np.ndarray, apostrophe: int, joining: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each way to go on: `(row of the beginning, child's node, log probability of joining)`."""
    starts = nodes
    joined = np.zeros(len(nodes))
    if joining is not None and apostrophe >= 0:
        elided = (last == apostrophe) & (lexicon.levels[nodes] != NO_WORD)
        starts, joined = np.where(elided, 0, nodes), np.where(elided, joining, 0.0)
    counts = lexicon.counts[starts].astype(int)
    rows = np.repeat(np.arange(len(nodes)), counts)
    offsets = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rows, lexicon.first[starts][rows] + offsets, joined[rows]


def _beginnings(
    blank: np.ndarray,
    written: np.ndarray,
    frames: np.ndarray,
    rows: np.ndarray,
    letters: np.ndarray,
    last: np.ndarray,
) -> np.ndarray:
    """Log probability of every text that begins with each of `rows` and one letter more: one product of matrices."""
    both = np.logaddexp(blank, written)[:, :-1]
    peak = np.maximum(both.max(axis=1), IMPOSSIBLE)
    with np.errstate(divide="ignore"):
        found = np.log(np.exp(both - peak[:, None]) @ frames)[rows, letters + 1]
        twice = np.flatnonzero(last[rows] == letters)  # the same letter again needs a blank between
        if len(twice):
            entry = np.exp(blank[rows[twice], :-1] - peak[rows[twice], None])
            found[twice] = np.log((entry * frames[:, letters[twice] + 1].T).sum(axis=1))
    return found + peak[rows]


def _extended(
    entry: np.ndarray, folded: np.ndarray, sums: np.ndarray, letters: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`(H, T + 1)` log probabilities behind one more letter: w[t+1] = (w[t] + entry[t]) p[t], solved by sums."""
    blank, written = np.full_like(entry, NEVER), np.full_like(entry, NEVER)
    of_letter = sums[:, letters + 1].T  # (H, T)
    before = of_letter - folded[:, letters + 1].T
    written[:, 1:] = of_letter + np.logaddexp.accumulate(entry[:, :-1] - before, axis=1)
    blank[:, 2:] = sums[1:, 0] + np.logaddexp.accumulate(written[:, 1:-1] - sums[:-1, 0], axis=1)
    return blank, written
