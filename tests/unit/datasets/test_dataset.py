from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest

from hwr_core.config import CanvasConfig
from hwr_core.datasets import PARTS, add_dataset, open_dataset
from hwr_core.datasets.canvas_cache import CanvasFile, canvas_key, content_digest, prepare_all
from hwr_core.datasets.dataset import COLUMNS, report_csv
from hwr_core.datasets.sources.archive import open_source
from hwr_core.errors import DataError, ImageError
from hwr_core.imaging import ink_canvas, read_image


@pytest.fixture
def dataset(make):
    return add_dataset("letters", make.writers())


def test_add_dataset_gives_the_rows_of_the_list(dataset, make):
    assert len(dataset) == 36
    assert dataset.table.columns.tolist() == COLUMNS
    assert dataset.reader == "csv"
    assert dataset.source == str(make.folder / "words.csv")
    assert dataset.name == "letters"
    assert dataset.table["row"].tolist() == list(range(2, 38))
    assert set(dataset.table["split"]) <= set(PARTS)
    sample = dataset.sample(4)
    assert (sample.word_id, sample.writer, sample.row) == ("w1b", "writer1", 6)
    image = dataset.image(4)
    assert image.shape == tuple(dataset.table[["height", "width"]].iloc[4])
    assert dataset.counts == {}
    assert dataset.notes == []


def test_content_key_changes_with_the_images_only(dataset, make):
    again = add_dataset("again", make.folder / "words.csv")
    assert again.content_key == dataset.content_key == open_dataset("letters").content_key
    make.word("images/w0a.png", "other")
    assert add_dataset("other", make.folder / "words.csv").content_key != dataset.content_key


def test_part_divides_the_rows(dataset):
    rows = np.concatenate([dataset.part(part) for part in PARTS])
    assert sorted(rows) == list(range(36))
    assert len(dataset.part("train"))
    assert len(dataset.part("validation"))
    with pytest.raises(DataError, match=r"There is no part 'val'. Known: train, validation, test."):
        dataset.part("val")


def test_open_dataset_again_is_equal(dataset):
    again = open_dataset("letters")
    pd.testing.assert_frame_equal(again.table, dataset.table)
    assert np.array_equal(again.canvases(), dataset.canvases())
    assert pickle.loads(pickle.dumps(again)).image(0).shape == again.image(0).shape


def test_canvases_equal_ink_canvas_in_table_order(make):
    path = make.writers(4)
    (make.folder / "images/w1b.png").write_bytes(b"broken")
    dataset = add_dataset("letters", path)
    canvases = dataset.canvases()
    assert canvases.shape == (11, 64, 256)
    assert isinstance(canvases, np.memmap)
    for index in range(len(dataset)):
        assert np.array_equal(canvases[index], ink_canvas(dataset.image(index)))


def test_canvases_other_size_is_prepared_once(dataset):
    seen = []
    config = CanvasConfig(height=32, width=128)
    canvases = dataset.canvases(config, lambda *step: seen.append(step))
    assert canvases.shape == (36, 32, 128)
    assert seen[0] == ("Preparing images", 0, 36)
    assert seen[-1] == ("Preparing images", 36, 36)
    assert np.array_equal(canvases[3], ink_canvas(dataset.image(3), config))
    seen.clear()
    dataset.canvases(config, lambda *step: seen.append(step))
    assert seen == []


def test_canvases_of_another_version_are_prepared_again(dataset, monkeypatch):
    before = sorted(dataset.folder.glob("canvases-*"))
    monkeypatch.setattr("hwr_core.datasets.canvas_cache.CANVAS_VERSION", 99)
    dataset.canvases()
    [after] = dataset.folder.glob("canvases-*")
    assert [after] != before


def test_canvases_changed_image_raises(dataset, make):
    make.word("images/w0a.png", "other")
    (make.folder / "images/w0b.png").unlink()
    with pytest.raises(DataError, match=r"^2 images of letters have changed since it was added .*again\.$"):
        dataset.canvases(CanvasConfig(height=32))
    assert not list(dataset.folder.glob(".*"))
    assert len(dataset.canvases()) == 36  # those that are prepared stay
    with pytest.raises(ImageError, match=r"w0b.png"):
        dataset.image(1)


def test_image_source_gone_raises(dataset, make):
    make.folder.rename(make.folder.with_name("moved"))
    with pytest.raises(ImageError, match="not there any more"):
        open_dataset("letters").image(0)


def test_canvases_stopped_leaves_no_partial_file(dataset):
    def stop(phase, step, steps):
        if step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dataset.canvases(CanvasConfig(height=32), stop)
    assert len(list(dataset.folder.glob("*canvases*"))) == 1


def test_report_has_rows_reasons_and_csv(make):
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


def test_report_csv_formulas_become_text():
    report = pd.DataFrame({"word_id": ["a-b"], "image": ["+1"], "reason": ["@x"]})
    assert b"a-b,'+1,'@x" in report_csv(report)


def test_open_dataset_damaged_or_other_version_raises(dataset):
    table = dataset.folder / "words.parquet"
    description = dataset.folder / "dataset.json"
    data, text = table.read_bytes(), description.read_text()
    for file, content, sentence in (
        (table, b"PAR1", "is damaged .words.parquet"),
        (description, b"{", "is damaged .dataset.json"),
        (description, b"[]", "is damaged .dataset.json"),
        (description, text.replace('"format_version": 1', '"format_version": 99').encode(), "another version"),
    ):
        table.write_bytes(data)
        description.write_text(text)
        file.write_bytes(content)
        with pytest.raises(DataError, match=sentence):
            open_dataset("letters")


def test_canvas_key_depends_on_content_settings_and_version(monkeypatch):
    contents = content_digest(["a", "b"], ["1", "2"])
    keys = {
        canvas_key(contents, CanvasConfig()),
        canvas_key(contents, CanvasConfig(width=288)),
        canvas_key(content_digest(["a", "b"], ["1", "3"]), CanvasConfig()),
        canvas_key(content_digest(["b", "a"], ["1", "2"]), CanvasConfig()),
    }
    monkeypatch.setattr("hwr_core.datasets.canvas_cache.CANVAS_VERSION", 99)
    keys.add(canvas_key(contents, CanvasConfig()))
    assert len(keys) == 5
    assert all(key.startswith("canvases-64x2") for key in keys)


def test_canvas_file_of_any_length_opens(tmp_path):
    for rows in (1, 9, 1001):
        with CanvasFile(tmp_path / "c.npy", CanvasConfig(height=32, width=64)) as file:
            for row in range(rows):
                file.append(np.full((32, 64), row % 251, np.uint8))
            file.finish()
        canvases = np.load(tmp_path / "c.npy", mmap_mode="r")
        assert canvases.shape == (rows, 32, 64)
        assert canvases[:, 5, 5].tolist() == [row % 251 for row in range(rows)]


def test_prepare_all_processes_equal_threads(make):
    names = []
    for index in range(700):
        names.append(f"{index}.png")
    image = make.png("word")
    path = make.folder / "w.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, image if name != "9.png" else b"")
    prepared = list(prepare_all(open_source(path), names, CanvasConfig(), processes=2))
    assert len(prepared) == 700
    assert prepared[9].problem == "empty image"
    expected = ink_canvas(read_image(image))
    assert np.array_equal(prepared[699].canvas, expected)
    assert prepared[1].content == prepared[699].content != ""
