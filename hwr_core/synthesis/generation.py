"""Labelled synthetic words; each depends on the seed and its index only."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from hwr_core.errors import ConfigError, DataError
from hwr_core.imaging.image_io import encode_png
from hwr_core.synthesis.fonts import Face, font_metrics
from hwr_core.synthesis.render import render_word
from hwr_core.synthesis.style import Style
from hwr_core.synthesis.words import WordSource
from hwr_core.synthesis.writers import Mix, random_style

WORDS_PER_WRITER = 24
CHUNK = 120  # words per task of a worker: five writers
MAX_DRAWS = 50  # words drawn until the face can write one
PNG_COMPRESSION = 3
COLUMNS = ("word_id", "transcription", "image", "writer", "form", "split")


@dataclass(frozen=True)
class SyntheticWord:
    """One labelled image.

    Attributes:
        text: the transcription.
        image: `(H, W)` uint8 grey, dark ink on light paper.
        style_name: name of the face.
        writer: id, e.g. `s7-00012`: one style, `WORDS_PER_WRITER` consecutive words.
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
    """Generate words; their order does not depend on the number of workers.

    Args:
        count: number of words.
        faces: the fonts, all used equally often.
        seed: the same seed, faces and languages give the same words.
        languages: as for `WordSource`.
        workers: processes (1: this one). With more than one, call from under
            `if __name__ == "__main__":`, as Python's `spawn` demands.
        mix: how strongly writers, papers and scans differ.

    Raises:
        ConfigError: count, workers or languages are out of their range.
        DataError: no faces, or the package wordfreq is missing.
    """
    if count < 0 or workers < 1:
        raise ConfigError(f"count must be >= 0, workers >= 1. Received: count={count}, workers={workers}")
    if not faces:
        raise DataError("No faces to write with. Expected at least one. Run `make fonts`, then `find_fonts`.")
    return _generate(count, WordMaker(tuple(faces), seed, tuple(languages), mix), workers)


def _generate(count: int, maker: WordMaker, workers: int) -> Iterator[SyntheticWord]:
    spans = [(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
    if workers == 1 or len(spans) < 2:
        for start, stop in spans:
            yield from (maker.make(index) for index in range(start, stop))
        return
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    arguments = (maker.faces, maker.seed, maker.words.languages, maker.mix)
    with context.Pool(min(workers, len(spans)), _start_worker, arguments) as pool:
        for words in pool.imap(_make_span, spans):
            yield from words


class WordMaker:
    """Makes any word from its index."""

    def __init__(self, faces: tuple[Face, ...], seed: int, languages: tuple[str, ...], mix: Mix | None = None) -> None:
        self.faces, self.seed, self.mix = faces, seed, mix or Mix()
        self.words = WordSource(seed, languages)
        self.style = lru_cache(maxsize=16)(self._style)

    def make(self, index: int) -> SyntheticWord:
        """The word at `index`, from 0."""
        writer = index // WORDS_PER_WRITER
        style = self.style(writer)
        rng = np.random.default_rng([self.seed, 2, index])
        text = self._text(style, rng)
        image = render_word(text, style.face, style, rng)
        return SyntheticWord(text, image, style.face.name, f"s{self.seed}-{writer:05d}")

    def _style(self, writer: int) -> Style:
        """A writer's style; every round of writers uses each face once, in a new order."""
        turn, place = divmod(writer, len(self.faces))
        order = np.random.default_rng([self.seed, 0, turn]).permutation(len(self.faces))
        face = self.faces[int(order[place])]
        return random_style(face, np.random.default_rng([self.seed, 1, writer]), self.mix)

    def _text(self, style: Style, rng: np.random.Generator) -> str:
        face = style.face
        for _ in range(MAX_DRAWS):
            text = self.words.draw(rng)
            if style.capitals != "text":
                text = text.upper()
            elif text.isupper() and len(text) > 3 and font_metrics(face.path).cursive:
                text = text.lower()
            if face.can_write(text):
                return text
        raise DataError(
            f"The face '{face.name}' could write none of {MAX_DRAWS} words in {self.words.languages}. "
            f"It has {len(face.characters)} characters. Leave it out."
        )


_makers: list[WordMaker] = []  # one in a worker process


def _start_worker(faces: tuple[Face, ...], seed: int, languages: tuple[str, ...], mix: Mix) -> None:
    import cv2

    cv2.setNumThreads(1)  # the processes are the threads
    _makers[:] = [WordMaker(faces, seed, languages, mix)]


def _make_span(span: tuple[int, int]) -> list[SyntheticWord]:
    return [_makers[0].make(index) for index in range(*span)]


def split_of(writer: str) -> str:
    """The part of a writer, by a hash of the id: 70 % train, 15 % validation, 15 % test."""
    from hwr_core.datasets.split import hash_fraction  # imports pandas, which worker processes do without

    position = hash_fraction(writer)
    return "train" if position < 0.7 else "validation" if position < 0.85 else "test"


def save_words(words: Iterator[SyntheticWord], folder: Path, *, split: str | None = None) -> int:
    """Write a data set, `folder/words.csv` and `folder/words/WRITER/*.png`; returns the number of words.

    Args:
        words: from `generate`.
        folder: a new or empty folder.
        split: one part for all words; by writer if None (`split_of`).

    Raises:
        DataError: the folder is not empty.
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
            (folder / row[2]).write_bytes(encode_png(word.image, PNG_COMPRESSION))
            table.writerow(row)
    return number


def save_zip(words: Iterator[SyntheticWord], path: Path, *, name: str = "", split: str | None = None) -> int:
    """Write the data set as one zip, `NAME/words.csv` and `NAME/words/WRITER/*.png`; returns the number of words.

    The same words give the same bytes.

    Args:
        words: from `generate`.
        path: the archive; overwritten if it exists.
        name: the folder in it; the stem of `path` if empty.
        split: one part for all words; by writer if None (`split_of`).
    """
    name, number = name or Path(path).stem, 0
    listing = io.StringIO()
    table = csv.writer(listing, lineterminator="\n")
    table.writerow(COLUMNS)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for number, word in enumerate(words, start=1):
            row = row_of(word, number, split)
            archive.writestr(zipfile.ZipInfo(f"{name}/{row[2]}"), encode_png(word.image, PNG_COMPRESSION))
            table.writerow(row)
        archive.writestr(zipfile.ZipInfo(f"{name}/words.csv"), listing.getvalue(), zipfile.ZIP_DEFLATED)
    return number


def row_of(word: SyntheticWord, number: int, split: str | None) -> tuple[str, ...]:
    """The word's row, `COLUMNS`; `number` counts from 1."""
    word_id = f"{word.writer}-{number - 1:06d}"
    image = f"words/{word.writer}/{word_id}.png"
    return word_id, word.text, image, word.writer, word.style_name, split or split_of(word.writer)
