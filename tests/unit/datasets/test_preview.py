"""The columns of a list, and a name, before it is added."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwr_core.datasets.preview import are_sufficient, preview_list, read_head, suggested_name
from hwr_core.errors import DataError


def test_preview_list_recognizes_columns_and_ignores_a_cut_line():
    preview = preview_list("words.csv", "Text;File;Größe\nthé;a.png;3\nca".encode())
    assert preview.header == ["Text", "File", "Größe"]
    assert preview.columns == {"transcription": "Text", "image": "File"}


def test_preview_list_empty_file_raises():
    with pytest.raises(DataError, match="is empty"):
        preview_list("words.csv", b"\n")


@pytest.mark.parametrize(
    ("columns", "expected"),
    [(["transcription", "image"], True), (["transcription", "word_id"], True), (["transcription"], False),
     (["image", "word_id"], False)],
)  # fmt: skip
def test_are_sufficient_needs_a_transcription_and_a_key(columns: list[str], expected: bool):
    assert are_sufficient(columns) is expected


def test_suggested_name_generic_list_takes_the_folder(tmp_path: Path):
    folder = tmp_path / "My letters"
    folder.mkdir()
    for name in ("words.csv", "Écrits.csv"):
        (folder / name).write_bytes(b"text\n")
    names = [suggested_name(path) for path in (folder / "words.csv", folder / "Écrits.csv", folder)]
    assert names == ["my-letters", "ecrits", "my-letters"]
    assert read_head(folder / "words.csv") == b"text\n"
