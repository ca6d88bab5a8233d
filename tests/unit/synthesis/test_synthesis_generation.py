"""Generated data sets: independent of the number of workers, saved in the layout that `add_dataset` reads."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hwr_core.cli.synthesize import main
from hwr_core.errors import ConfigError, DataError
from hwr_core.synthesis import Face, Mix, SyntheticWord, generate, save_words
from hwr_core.synthesis.generation import CHUNK, COLUMNS, WORDS_PER_WRITER, split_of

pytest.importorskip("wordfreq")


def same(one: SyntheticWord, two: SyntheticWord) -> bool:
    names = (one.text, one.writer, one.style_name) == (two.text, two.writer, two.style_name)
    return names and np.array_equal(one.image, two.image)


def test_generate_two_workers_give_the_same_words(faces: list[Face]) -> None:
    count = CHUNK + 30
    serial = list(generate(count, faces, seed=5))
    parallel = list(generate(count, faces, seed=5, workers=2))
    assert len(serial) == len(parallel) == count
    assert all(map(same, serial, parallel))


def test_generate_smaller_count_gives_a_prefix(faces: list[Face]) -> None:
    short, long = list(generate(10, faces, seed=2)), list(generate(40, faces, seed=2))
    assert all(map(same, short, long))
    assert not all(map(same, short, generate(10, faces, seed=3)))


def test_generate_uses_every_face_equally_and_one_per_writer(faces: list[Face]) -> None:
    words = list(generate(WORDS_PER_WRITER * 6, faces, seed=1))
    assert set(Counter(word.style_name for word in words).values()) == {WORDS_PER_WRITER * 2}
    assert len({word.writer for word in words}) == 6
    assert len({(word.writer, word.style_name) for word in words}) == 6
    assert all(word.image.dtype == np.uint8 and word.image.ndim == 2 for word in words)


def test_generate_invalid_arguments_raise_at_the_call(faces: list[Face]) -> None:
    with pytest.raises(DataError, match="No faces"):
        generate(1, [])
    with pytest.raises(ConfigError, match="count must be"):
        generate(-1, faces)
    with pytest.raises(ConfigError, match="languages"):
        generate(1, faces, languages=("xx",))
    assert list(generate(0, faces)) == []


def test_generate_face_without_letters_raises(font_folder: Path) -> None:
    symbols = Face.open(font_folder / "STIXSizFourSymReg.ttf")
    with pytest.raises(DataError, match="could write none of"):
        list(generate(1, [symbols]))


def test_split_of_many_writers_gives_70_15_15_percent() -> None:
    parts = Counter(split_of(f"s0-{number:05d}") for number in range(2000))
    assert parts["train"] / 2000 == pytest.approx(0.7, abs=0.04)
    assert parts["validation"] / 2000 == pytest.approx(0.15, abs=0.03)


def test_command_line_writes_a_data_set_once(font_folder: Path, tmp_path: Path, capsys) -> None:
    common = ["--count", "30", "--fonts", str(font_folder), "--faces", "DejaVuSans", "--seed", "4"]
    assert main([str(tmp_path / "set"), *common, "--languages", "en", "fr"]) == 0
    with (tmp_path / "set" / "words.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30
    assert tuple(rows[0]) == COLUMNS
    assert len({row["word_id"] for row in rows}) == 30
    for row in rows:
        assert row["split"] == split_of(row["writer"])
        with Image.open(tmp_path / "set" / row["image"]) as image:
            assert image.mode == "L"
    assert main([str(tmp_path / "set"), *common]) == 1  # never over another data set
    assert "is not empty" in capsys.readouterr().err


def test_command_line_sheet_writes_an_image(font_folder: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    options = ["--sheet", str(sheet), "--count", "7", "--fonts", str(font_folder), "--faces", "DejaVuSans"]
    assert main(options) == 0
    assert Image.open(sheet).size == (1800, 240)


def test_command_line_missing_fonts_fails_with_instructions(tmp_path: Path, capsys) -> None:
    assert main(["--sheet", str(tmp_path / "sheet.png"), "--fonts", str(tmp_path)]) == 1
    assert "make fonts" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([])


def test_save_words_split_applies_to_all_words(faces: list[Face], tmp_path: Path) -> None:
    assert save_words(generate(3, faces), tmp_path / "set", split="train") == 3
    assert (tmp_path / "set" / "words.csv").read_text(encoding="utf-8").count(",train\n") == 3


def test_generate_mix_capitals_gives_only_capitals(faces: list[Face]) -> None:
    words = list(generate(200, faces, seed=4, mix=Mix(capitals=1)))
    assert all(word.text == word.text.upper() for word in words)
    assert any(word.text.isalpha() and len(word.text) > 4 for word in words)
