"""Labelled words without end: every word depends on the seed and its own number only."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np

from hwr_core.errors import ConfigError, DataError
from hwr_core.synthesis.fonts import Face, measure
from hwr_core.synthesis.render import render_word
from hwr_core.synthesis.style import Style
from hwr_core.synthesis.words import WordSource
from hwr_core.synthesis.writers import Mix, random_style

WORDS_A_WRITER = 24
CHUNK = 120  # words a worker makes at a time: five writers
TRIES = 50  # words drawn until the face can write one
COLUMNS = ("word_id", "transcription", "image", "writer", "form", "split")


@dataclass(frozen=True)
class SyntheticWord:
    """One labelled picture.

    Attributes:
        text: what is written.
        image: `(H, W)` uint8 grey, dark ink on light paper.
        style_name: the face's name.
        writer: a name for the writer, e.g. `s7-00012`: one style, `WORDS_A_WRITER` words in a row.
    """

    text: str
    image: np.ndarray
    style_name: str
    writer: str


def generate(
    count: int,
    faces: Sequence[Face],
    seed: int = 0,
    languages: Sequence[str] = ("en",),
    workers: int = 1,
    *,
    mix: Mix | None = None,
) -> Iterator[SyntheticWord]:
    """Words in a fixed order, whatever the number of workers.

    Args:
        count: how many words.
        faces: the hands to write in, all used equally often.
        seed: the same seed, faces and languages give the same words.
        languages: as for `WordSource`.
        workers: processes to spread the work over (1: this one). With more than one, call from under
            `if __name__ == "__main__":`, as Python's `spawn` demands.
        mix: how strongly writers, papers and pictures differ.

    Raises:
        ConfigError: count, workers or languages are out of their range.
        DataError: no faces, or the package wordfreq is missing.
    """
    if count < 0 or workers < 1:
        raise ConfigError(f"count must be >= 0, workers >= 1. Received: count={count}, workers={workers}")
    if not faces:
        raise DataError("No faces to write with. Expected at least one. Run `make fonts`, then `find_fonts`.")
    return _generate(count, Maker(tuple(faces), seed, tuple(languages), mix), workers)


def _generate(count: int, maker: Maker, workers: int) -> Iterator[SyntheticWord]:
    spans = [(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
    if workers == 1 or len(spans) < 2:
        for start, stop in spans:
            yield from (maker.make(index) for index in range(start, stop))
        return
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    needed = (maker.faces, maker.seed, maker.words.languages, maker.mix)
    with context.Pool(min(workers, len(spans)), _start_worker, needed) as pool:
        for words in pool.imap(_make_span, spans):
            yield from words


class Maker:
    """Makes any word by its number."""

    def __init__(self, faces: tuple[Face, ...], seed: int, languages: tuple[str, ...], mix: Mix | None = None) -> None:
        self.faces, self.seed, self.mix = faces, seed, mix or Mix()
        self.words = WordSource(seed, languages)
        self.style = lru_cache(maxsize=16)(self._style)

    def make(self, index: int) -> SyntheticWord:
        """Word number `index`."""
        writer = index // WORDS_A_WRITER
        style = self.style(writer)
        rng = np.random.default_rng([self.seed, 2, index])
        text = self._text(style, rng)
        image = render_word(text, style.face, style, rng)
        return SyntheticWord(text, image, style.face.name, f"s{self.seed}-{writer:05d}")

    def _style(self, writer: int) -> Style:
        """A writer's habits; every round of writers uses each face once, in a new order."""
        turn, place = divmod(writer, len(self.faces))
        order = np.random.default_rng([self.seed, 0, turn]).permutation(len(self.faces))
        face = self.faces[int(order[place])]
        return random_style(face, np.random.default_rng([self.seed, 1, writer]), self.mix)

    def _text(self, style: Style, rng: np.random.Generator) -> str:
        face = style.face
        for _ in range(TRIES):
            text = self.words.draw(rng)
            if style.capitals != "text":
                text = text.upper()
            elif text.isupper() and len(text) > 3 and measure(face.path).cursive:
                text = text.lower()
            if face.can_write(text):
                return text
        raise DataError(
            f"The face '{face.name}' could write none of {TRIES} words in {self.words.languages}. "
            f"It has {len(face.characters)} characters. Leave it out."
        )


_makers: list[Maker] = []  # a worker process has one


def _start_worker(faces: tuple[Face, ...], seed: int, languages: tuple[str, ...], mix: Mix) -> None:
    import cv2

    cv2.setNumThreads(1)  # the processes are the threads
    _makers[:] = [Maker(faces, seed, languages, mix)]


def _make_span(span: tuple[int, int]) -> list[SyntheticWord]:
    return [_makers[0].make(index) for index in range(*span)]


def split_of(writer: str) -> str:
    """The part a writer belongs to, by the hash of the name: 70 % train, 15 % validation, 15 % test."""
    draw = int.from_bytes(sha256(writer.encode()).digest()[:8], "big") / 2**64
    return "train" if draw < 0.7 else "validation" if draw < 0.85 else "test"


def save_words(words: Iterator[SyntheticWord], folder: Path, *, split: str | None = None) -> int:
    """Write a data set: `folder/words.csv` and `folder/words/WRITER/*.png`; returns how many words.

    Args:
        words: as `generate` makes them.
        folder: a new or empty folder.
        split: the same part for all words; otherwise by writer (`split_of`).

    Raises:
        DataError: the folder holds something already.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise DataError(f"{folder} is not empty. Expected a new folder, so that nothing is overwritten.")
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    with (folder / "words.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for number, word in enumerate(words, start=1):
            row = row_of(word, number, split)
            (folder / row[2]).parent.mkdir(parents=True, exist_ok=True)
            (folder / row[2]).write_bytes(as_png(word.image))
            table.writerow(row)
    return number


def save_zip(words: Iterator[SyntheticWord], path: Path, *, name: str = "", split: str | None = None) -> int:
    """The same as one zip, `NAME/words.csv` and `NAME/words/WRITER/*.png`; returns how many words.

    The same words give the same bytes.

    Args:
        words: as `generate` makes them.
        path: the archive; one that is there is overwritten.
        name: the folder in it; the archive's own name where left out.
        split: the same part for all words; otherwise by writer (`split_of`).
    """
    name, number = name or Path(path).stem, 0
    listing = io.StringIO()
    table = csv.writer(listing, lineterminator="\n")
    table.writerow(COLUMNS)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for number, word in enumerate(words, start=1):
            row = row_of(word, number, split)
            archive.writestr(zipfile.ZipInfo(f"{name}/{row[2]}"), as_png(word.image))
            table.writerow(row)
        archive.writestr(zipfile.ZipInfo(f"{name}/words.csv"), listing.getvalue(), zipfile.ZIP_DEFLATED)
    return number


def row_of(word: SyntheticWord, number: int, split: str | None) -> tuple[str, ...]:
    """The word's row of the table, `COLUMNS`; `number` counts from 1."""
    word_id = f"{word.writer}-{number - 1:06d}"
    image = f"words/{word.writer}/{word_id}.png"
    return word_id, word.text, image, word.writer, word.style_name, split or split_of(word.writer)


def as_png(image: np.ndarray) -> bytes:
    """One grey picture as a file."""
    import cv2

    return cv2.imencode(".png", image, (cv2.IMWRITE_PNG_COMPRESSION, 3))[1].tobytes()
