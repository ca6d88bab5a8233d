from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest

from hwr_core.config import CanvasConfig
from hwr_core.datasets import PARTS, add_dataset, open_dataset
from hwr_core.datasets.canvas_cache import CanvasFile, canvas_key, content_of, prepare_all, sweep
from hwr_core.datasets.dataset import COLUMNS, report_csv
from hwr_core.datasets.sources.archive import open_source
from hwr_core.errors import DataError, ImageError
from hwr_core.imaging import ink_canvas, read_picture


@pytest.fixture
def dataset(make):
    return add_dataset("letters", make.writers())


def test_a_data_set_is_what_was_added(dataset, make):
    assert len(dataset) == 36
    assert dataset.table.columns.tolist() == COLUMNS
    assert dataset.reader == "csv"
    assert dataset.source == str(make.folder / "words.csv")
    assert dataset.name == "letters"
    assert dataset.table["row"].tolist() == list(range(2, 38))
    assert set(dataset.table["split"]) <= set(PARTS)
    sample = dataset.sample(4)
    assert (sample.word_id, sample.writer, sample.row) == ("w1b", "hand1", 6)
    picture = dataset.picture(4)
    assert picture.shape == tuple(dataset.table[["height", "width"]].iloc[4])
    assert dataset.counts == {}
    assert dataset.notes == []


def test_the_parts_divide_the_rows(dataset):
    rows = np.concatenate([dataset.part(part) for part in PARTS])
    assert sorted(rows) == list(range(36))
    assert len(dataset.part("train"))
    assert len(dataset.part("validation"))
    with pytest.raises(DataError, match=r"There is no part 'val'. Known: train, validation, test."):
        dataset.part("val")


def test_opened_again_it_is_the_same(dataset):
    again = open_dataset("letters")
    pd.testing.assert_frame_equal(again.table, dataset.table)
    assert np.array_equal(again.canvases(), dataset.canvases())
    assert pickle.loads(pickle.dumps(again)).picture(0).shape == again.picture(0).shape


def test_canvases_are_those_of_imaging_in_the_order_of_the_table(make):
    path = make.writers(4)
    (make.folder / "pictures/w1b.png").write_bytes(b"broken")
    dataset = add_dataset("letters", path)
    canvases = dataset.canvases()
    assert canvases.shape == (11, 64, 256)
    assert isinstance(canvases, np.memmap)
    for index in range(len(dataset)):
        assert np.array_equal(canvases[index], ink_canvas(dataset.picture(index)))


def test_other_canvas_sizes_are_made_once(dataset):
    seen = []
    config = CanvasConfig(height=32, width=128)
    canvases = dataset.canvases(config, lambda *step: seen.append(step))
    assert canvases.shape == (36, 32, 128)
    assert seen[0] == ("Preparing pictures", 0, 36)
    assert seen[-1] == ("Preparing pictures", 36, 36)
    assert np.array_equal(canvases[3], ink_canvas(dataset.picture(3), config))
    seen.clear()
    dataset.canvases(config, lambda *step: seen.append(step))
    assert seen == []


def test_canvases_made_another_way_are_made_again(dataset, monkeypatch):
    before = sorted(dataset.folder.glob("canvases-*"))
    monkeypatch.setattr("hwr_core.datasets.canvas_cache.CANVAS_VERSION", 99)
    dataset.canvases()
    [after] = dataset.folder.glob("canvases-*")
    assert [after] != before


def test_pictures_that_changed_are_not_mixed_in(dataset, make):
    make.word("pictures/w0a.png", "other")
    (make.folder / "pictures/w0b.png").unlink()
    with pytest.raises(DataError, match=r"^2 pictures of letters have changed since it was added .*again\.$"):
        dataset.canvases(CanvasConfig(height=32))
    assert not list(dataset.folder.glob(".*"))
    assert len(dataset.canvases()) == 36  # those that are prepared stay
    with pytest.raises(ImageError, match=r"w0b.png"):
        dataset.picture(1)


def test_a_source_that_is_gone_is_told(dataset, make):
    make.folder.rename(make.folder.with_name("moved"))
    with pytest.raises(ImageError, match="not there any more"):
        open_dataset("letters").picture(0)


def test_stopping_leaves_no_half_file(dataset):
    def stop(phase, step, steps):
        if step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dataset.canvases(CanvasConfig(height=32), stop)
    assert len(list(dataset.folder.glob("*canvases*"))) == 1


def test_the_report_has_row_and_reason_and_downloads(make):
    make.word("a.png")
    make.word("b.png")
    make.csv([("a", "one"), ("b", ""), ("=c", "three"), ("b", "two")])
    dataset = add_dataset("mixed", make.folder)
    assert dataset.counts == {"empty transcription": 1, "missing image": 1, "duplicate id": 1}
    assert dataset.report["row"].tolist() == [3, 4, 5]
    assert dataset.report["severity"].unique().tolist() == ["left out"]
    text = dataset.report_csv()
    assert text.startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(io.BytesIO(text))
    assert len(table) == 3
    assert "'=c" in table["word_id"].tolist()  # a spreadsheet must not run it


def test_a_report_holds_no_formulas():
    report = pd.DataFrame({"word_id": ["a-b"], "image": ["+1"], "reason": ["@x"]})
    assert b"a-b,'+1,'@x" in report_csv(report)


def test_damaged_or_foreign_stores_are_told(dataset):
    table = dataset.folder / "words.parquet"
    description = dataset.folder / "dataset.json"
    data, text = table.read_bytes(), description.read_text()
    for file, content, sentence in (
        (table, b"PAR1", "is damaged .words.parquet"),
        (description, b"{", "is damaged .dataset.json"),
        (description, b"[]", "was stored by another version"),
        (description, text.replace('"format_version": 1', '"format_version": 99').encode(), "another version"),
    ):
        table.write_bytes(data)
        description.write_text(text)
        file.write_bytes(content)
        with pytest.raises(DataError, match=sentence):
            open_dataset("letters")


def test_the_cache_is_keyed_by_content_settings_and_version(monkeypatch):
    contents = content_of(["a", "b"], ["1", "2"])
    keys = {
        canvas_key(contents, CanvasConfig()),
        canvas_key(contents, CanvasConfig(width=288)),
        canvas_key(content_of(["a", "b"], ["1", "3"]), CanvasConfig()),
        canvas_key(content_of(["b", "a"], ["1", "2"]), CanvasConfig()),
    }
    monkeypatch.setattr("hwr_core.datasets.canvas_cache.CANVAS_VERSION", 99)
    keys.add(canvas_key(contents, CanvasConfig()))
    assert len(keys) == 5
    assert all(key.startswith("canvases-64x2") for key in keys)


def test_a_canvas_file_of_any_length_opens(tmp_path):
    for rows in (1, 9, 1001):
        with CanvasFile(tmp_path / "c.npy", CanvasConfig(height=32, width=64)) as file:
            for row in range(rows):
                file.append(np.full((32, 64), row % 251, np.uint8))
            file.finish()
        canvases = np.load(tmp_path / "c.npy", mmap_mode="r")
        assert canvases.shape == (rows, 32, 64)
        assert canvases[:, 5, 5].tolist() == [row % 251 for row in range(rows)]


def test_what_killed_processes_left_is_swept(tmp_path):
    kept = [tmp_path / ".canvases.1-5", tmp_path / "canvases-64x256-1.npy", tmp_path / ".odd.file-name"]
    gone = tmp_path / ".canvases.99999999-5"
    for path in (*kept, gone):
        path.touch()
    sweep(tmp_path)
    assert all(path.exists() for path in kept)
    assert not gone.exists()


def test_processes_give_the_same_as_threads(make):
    names = []
    for index in range(700):
        names.append(f"{index}.png")
    picture = make.png("word")
    path = make.folder / "w.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, picture if name != "9.png" else b"")
    found = list(prepare_all(open_source(path), names, CanvasConfig(), processes=2))
    assert len(found) == 700
    assert found[9].problem == "empty image"
    expected = ink_canvas(read_picture(picture))
    assert np.array_equal(found[699].canvas, expected)
    assert found[1].content == found[699].content != ""
