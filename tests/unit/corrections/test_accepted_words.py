"""Accepted words: nothing lost, nothing doubled, everything taken back that was taken back."""

from __future__ import annotations

import csv
import io
import os
import signal
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hwr_core.corrections import AcceptedWords, database
from hwr_core.corrections.accepted_words import picture_key
from hwr_core.datasets import MY_CORRECTIONS, add_dataset, list_datasets, my_corrections, refresh, resolve
from hwr_core.datasets.my_corrections import export, parts_of
from hwr_core.errors import DataError
from hwr_core.imaging import read_picture

KILLED = """
import sys
import numpy as np
from hwr_core.corrections import Corrections
for number in range(10_000):
    made = Corrections().accept(np.full((40, 60), number % 250, np.uint8), f"word{number}")
    print(made.id, flush=True)
"""


def picture(number: int, text: str = "word") -> np.ndarray:
    import cv2

    drawn = np.full((44, 150), 245, np.uint8)
    cv2.putText(drawn, f"{text}{number}", (6, 32), cv2.FONT_HERSHEY_SIMPLEX, 1, 20, 2)
    return drawn


@pytest.fixture
def corrections() -> AcceptedWords:
    return AcceptedWords()


def accept(corrections: AcceptedWords, *texts: str, **known: object) -> list:
    return [corrections.accept(picture(number), text, **known) for number, text in enumerate(texts)]


def test_a_word_is_kept_with_all_that_is_known_of_it(corrections: AcceptedWords):
    made = corrections.accept(
        picture(1), " cafe\u0301 ", reading="cate", confidence=0.61, prefix="caf", checkpoint="starter",
        who="Ada ", writer="Anna", source="page.png", word_id="w7",
    )  # fmt: skip
    (found,) = AcceptedWords().current()
    assert found == made
    assert found.text == "café"
    assert (found.reading, found.confidence, found.prefix, found.checkpoint) == ("cate", 0.61, "caf", "starter")
    assert (found.who, found.writer, found.source, found.word_id) == ("Ada", "Anna", "page.png", "w7")
    assert found.made.endswith("+00:00")
    assert found.is_changed
    np.testing.assert_array_equal(read_picture(corrections.png(found.picture), "p"), picture(1))


def test_a_hand_can_be_named_afterwards(corrections: AcceptedWords):
    assert corrections.rename("", "Anna") == 0
    accept(corrections, "tea", "ink")
    corrections.accept(picture(5), "moon", writer="Bo")
    corrections.undo(corrections.accept(picture(6), "gone").id)
    before = corrections.revision()
    assert corrections.rename("", " Anna ") == 2
    assert corrections.writers() == {"Anna": 2, "Bo": 1}
    assert corrections.revision() != before
    assert corrections.rename("Bo", "Anna") == 1
    assert corrections.writers() == {"Anna": 3}
    assert {word.writer for word in corrections.history()} == {"Anna"}
    with pytest.raises(DataError, match="needs a name"):
        corrections.rename("Anna", " ")


def test_before_the_first_word_there_is_no_file(corrections: AcceptedWords):
    assert corrections.current() == [] == corrections.history()
    assert (corrections.count(), corrections.revision(), corrections.undo_last()) == (0, "", None)
    assert corrections.forget() == 0
    assert not refresh()
    assert not corrections.path.exists()


@pytest.mark.parametrize("text", ["", "  ", "x" * 501])
def test_what_is_no_word_is_refused(corrections: AcceptedWords, text: str):
    with pytest.raises(DataError, match="1 to 500 characters"):
        corrections.accept(picture(0), text)
    assert corrections.count() == 0


def test_what_is_no_picture_is_refused(corrections: AcceptedWords):
    with pytest.raises(DataError, match="grey picture"):
        corrections.accept(np.zeros((4, 4, 3), np.uint8), "word")


def test_a_later_word_on_the_same_picture_supersedes_and_undo_brings_the_first_back(corrections: AcceptedWords):
    first = corrections.accept(picture(0), "becouse")
    second = corrections.accept(picture(0), "because")
    assert [word.text for word in corrections.current()] == ["because"]
    assert corrections.undo(second.id).undone
    assert [word.text for word in corrections.current()] == ["becouse"]
    undone = corrections.undo(second.id).undone
    assert corrections.undo(second.id).undone == undone  # once is enough
    corrections.undo(first.id)
    assert corrections.current() == []
    assert [word.text for word in corrections.history()] == ["becouse", "because"]


def test_undo_last(corrections: AcceptedWords):
    accept(corrections, "a", "b", "c")
    assert corrections.undo_last().text == "c"
    assert corrections.undo_last().text == "b"
    assert [word.text for word in corrections.current()] == ["a"]
    with pytest.raises(DataError, match="no accepted word number 99"):
        corrections.undo(99)


def test_hands_are_counted_and_forgotten(corrections: AcceptedWords):
    accept(corrections, "a", "b", "c", writer="Anna")
    corrections.accept(picture(7), "d", writer="Bo")
    corrections.accept(picture(8), "e")
    assert corrections.writers() == {"Anna": 3, "": 1, "Bo": 1}
    assert [word.text for word in corrections.current("Bo")] == ["d"]
    assert [word.text for word in corrections.current("")] == ["e"]
    kept = corrections.current("Bo")[0].picture
    gone = corrections.current("Anna")[0].picture
    assert corrections.forget("Anna") == 3
    assert corrections.count() == 2
    assert corrections.png(kept)
    with pytest.raises(DataError, match="no picture"):
        corrections.png(gone)
    assert corrections.forget() == 2


def test_a_killed_process_loses_no_accepted_word():
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    process = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        promised = [int(process.stdout.readline()) for _ in range(25)]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    promised += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    process.stdout.close()
    stored = [word.id for word in AcceptedWords().history()]
    assert stored[: len(promised)] == promised
    assert len(stored) - len(promised) in (0, 1)  # one may have been stored and not yet said
    assert AcceptedWords().accept(picture(0), "on").id == stored[-1] + 1


def test_an_error_inside_a_transaction_leaves_nothing(corrections: AcceptedWords):
    accept(corrections, "a")

    def begin_and_fail() -> None:
        with database.opened(corrections.path) as connection:
            connection.execute("DELETE FROM corrections")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        begin_and_fail()
    assert corrections.count() == 1


def test_an_older_file_is_brought_to_this_version(corrections: AcceptedWords):
    corrections.path.parent.mkdir(parents=True)
    with sqlite3.connect(corrections.path) as old:
        old.executescript(database.MIGRATIONS[0] + "PRAGMA user_version = 1;")
    old.close()
    accept(corrections, "a")
    with sqlite3.connect(corrections.path) as found:
        assert found.execute("PRAGMA user_version").fetchone()[0] == len(database.MIGRATIONS)
        assert found.execute("SELECT COUNT(*) FROM label_fixes").fetchone()[0] == 0
        assert found.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    found.close()


def test_a_later_file_and_a_damaged_one_are_refused(corrections: AcceptedWords):
    accept(corrections, "a")
    with sqlite3.connect(corrections.path) as later:
        later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(DataError, match="later version"):
        corrections.current()
    corrections.path.write_bytes(b"this is no database, and never was one" * 100)
    with pytest.raises(DataError, match="cannot be opened"):
        corrections.current()


def test_equal_pixels_are_one_picture():
    assert picture_key(picture(1)) == picture_key(picture(1).copy())
    assert picture_key(picture(1)) != picture_key(picture(2))
    assert picture_key(np.asfortranarray(picture(1))) == picture_key(picture(1))


def test_the_export_is_a_data_set_for_the_readers(corrections: AcceptedWords, tmp_path: Path):
    accept(corrections, "tea", 'a "quoted", word', "moon", writer="Anna", reading="tea", confidence=0.5)
    path = tmp_path / "out" / "mine.zip"
    assert export(corrections, path) == 3
    with zipfile.ZipFile(path) as archive:
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open("my-corrections/words.csv"), "utf-8")))
    assert [row["reading"] for row in rows] == ["tea"] * 3
    assert rows[0]["confidence"] == "0.5000"
    dataset = add_dataset("mine", path)
    assert sorted(dataset.table["transcription"]) == ['a "quoted", word', "moon", "tea"]
    assert set(dataset.table["writer"]) == {"Anna"}
    np.testing.assert_array_equal(dataset.picture(dataset.table["transcription"].tolist().index("moon")), picture(2))
    assert list(path.parent.iterdir()) == [path]


def test_an_export_of_nothing_is_refused(corrections: AcceptedWords, tmp_path: Path):
    with pytest.raises(DataError, match="No word was accepted yet"):
        export(corrections, tmp_path / "none.zip")
    with pytest.raises(DataError, match="No word was accepted yet"):
        resolve(MY_CORRECTIONS)


def test_the_data_set_follows_the_words(corrections: AcceptedWords):
    words = accept(corrections, "tea", "ink", "moon", "line", "so", "note", writer="Anna")
    dataset = resolve(MY_CORRECTIONS)
    assert dataset.table["transcription"].tolist() == ["tea", "ink", "moon", "line", "so", "note"]
    assert {"train", "validation"} == set(dataset.table["split"])
    assert dataset.canvases().shape == (6, 64, 256)
    assert not refresh()
    parts = dict(zip(dataset.table["word_id"], dataset.table["split"], strict=True))
    corrections.undo(words[0].id)
    corrections.accept(picture(1), "inks")
    assert refresh()
    dataset = my_corrections()
    assert dataset.table["transcription"].tolist() == ["moon", "line", "so", "note", "inks"]
    assert dataset.canvases().shape == (5, 64, 256)
    assert dataset.picture(4).shape == picture(1).shape
    assert all(parts[word] == part for word, part in zip(dataset.table["word_id"], dataset.table["split"], strict=True))
    assert [info.name for info in list_datasets()] == [MY_CORRECTIONS]
    assert len(list((corrections.path.parent / "corrections").glob("*.zip"))) == 1
    corrections.forget()
    assert refresh()
    assert list_datasets() == []
    assert not refresh()


def test_both_parts_have_a_word(corrections: AcceptedWords):
    for number in range(6):
        corrections.accept(picture(number), "word")
        expected = {"train", "validation"} if number else {parts_of(corrections.current())[0]}
        assert set(parts_of(corrections.current())) == expected
