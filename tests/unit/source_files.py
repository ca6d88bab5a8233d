"""Sources of words as users have them: lists, folders and zips of drawn words."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from hwr_core.imaging import encode_png


def draw_word(text: str, height: int = 40, ink: int = 20) -> np.ndarray:
    """`(height, W)` uint8 image of `text` in OpenCV's stroke font."""
    image = np.full((height, 24 + 20 * max(1, len(text))), 245, np.uint8)
    cv2.putText(image, text, (8, height - 12), cv2.FONT_HERSHEY_SIMPLEX, height / 45, ink, 2)
    return image


class SourceFiles:
    """Writes sources as users have them, below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def word(self, name: str, text: str = "word") -> Path:
        return self.file(name, self.png(text))

    @staticmethod
    def png(text: str = "word") -> bytes:
        return encode_png(draw_word(text))

    def file(self, name: str, data: bytes | str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def csv(self, rows, header=("word_id", "transcription"), name="words.csv") -> Path:
        text = io.StringIO()
        csv.writer(text).writerows([header, *rows])
        return self.file(name, text.getvalue())

    def zip(self, name: str, members: dict[str, bytes | str]) -> Path:
        path = self.folder / name
        with zipfile.ZipFile(path, "w") as archive:
            for member, data in members.items():
                archive.writestr(member, data)
        return path

    def writers(self, count: int = 12, words: int = 3) -> Path:
        """A CSV of `count` writers with `words` words each."""
        rows = []
        for writer in range(count):
            for word in range(words):
                text = f"w{writer}{'abcdefgh'[word]}"
                rows.append((text, text, f"writer{writer}"))
                self.word(f"images/{text}.png", text)
        return self.csv(rows, ("word_id", "transcription", "writer"))


@pytest.fixture
def make(tmp_path) -> SourceFiles:
    return SourceFiles(tmp_path / "source")
