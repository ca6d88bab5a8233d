from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from source_files import SourceFiles

from hwr_core import jobs
from hwr_core.config import CanvasConfig
from hwr_core.corrections import AcceptedWords
from hwr_core.datasets import (
    add_dataset,
    dataset_folder,
    demo_dataset,
    list_datasets,
    my_corrections,
    open_dataset,
    open_or_add,
    refresh,
    remove_dataset,
    save_upload,
    slug,
    start_adding,
)
from hwr_core.datasets.job import run_job
from hwr_core.datasets.store import datasets_folder
from hwr_core.errors import DataError
from hwr_core.imaging import read_image


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", "/etc", ".hidden", "a b", "é", "x" * 65, "x.", "a\n"]
)
def test_dataset_folder_invalid_name_raises(name):
    with pytest.raises(DataError, match="is no name for a data set"):
        dataset_folder(name)


def test_list_datasets_empty_workspace_is_empty(home):
    assert list_datasets() == []
    with pytest.raises(DataError, match="There is no data set letters"):
        open_dataset("letters")
    with pytest.raises(DataError, match=r"There is no data set letters. Stored: none."):
        remove_dataset("letters")


def test_list_datasets_gives_counts(make, home):
    add_dataset("letters", make.writers(), progress=lambda *step: None)
    (home / "datasets" / ".hidden").mkdir()
    [info] = list_datasets()
    assert (info.name, info.words, info.writers, info.problems, info.reader) == ("letters", 36, 12, 0, "csv")
    assert sum(info.parts.values()) == 36
    assert info.is_ready
    assert info.created > 1e9
    (info.folder / "dataset.json").write_text("{")
    [info] = list_datasets()
    assert not info.is_ready
    assert "damaged" in info.problem


def set_key(name: str, value: object) -> Callable[[bytes], bytes]:
    """A damage of dataset.json: another value of a key, or none where it is None."""

    def damage(data: bytes) -> bytes:
        values = {**json.loads(data), name: value}
        return json.dumps({key: value for key, value in values.items() if value is not None}).encode()

    return damage


def parquet_of(**columns: list) -> Callable[[bytes], bytes]:
    """A damage of a table: another table in its place."""
    return lambda data: pd.DataFrame(columns).to_parquet()


def without(column: str) -> Callable[[bytes], bytes]:
    return lambda data: pd.read_parquet(io.BytesIO(data)).drop(columns=column).to_parquet()


def retyped(column: str, kind: str) -> Callable[[bytes], bytes]:
    return lambda data: pd.read_parquet(io.BytesIO(data)).astype({column: kind}).to_parquet()


JSON, WORDS, PROBLEMS = "dataset.json", "words.parquet", "report.parquet"
DAMAGES = {
    **{f"{file} empty": (file, lambda data: b"") for file in (JSON, WORDS, PROBLEMS)},
    **{f"{file} truncated": (file, lambda data: data[: len(data) // 2]) for file in (JSON, WORDS, PROBLEMS)},
    **{f"{file} is a {text}": (file, lambda data, text=text: text.encode())
       for file in (JSON, WORDS, PROBLEMS) for text in ("[]", "[1, 2]", "null", "3", '"text"', "{}")},
    **{f"{file} of random bytes": (file, lambda data: bytes(range(256)) * 9) for file in (JSON, WORDS, PROBLEMS)},
    "json nested too deep": (JSON, lambda data: b"[" * 100_000),
    **{f"json without {name}": (JSON, set_key(name, None))
       for name in ("format_version", "source", "reader", "pictures", "content", "stamp", "split_by", "words",
                    "writers", "problems", "left_out", "created", "parts", "notes")},
    **{f"json {name}={value!r}": (JSON, set_key(name, value))
       for name, value in (("words", "36"), ("words", True), ("words", 3.5), ("words", -1), ("words", [36]),
                           ("words", 37), ("problems", 5), ("parts", []), ("parts", {"train": "many"}),
                           ("notes", "none"), ("notes", [1]), ("source", 3), ("reader", ["csv"]), ("pictures", {}),
                           ("content", 1), ("created", "today"), ("created", 1e300), ("created", float("nan")),
                           ("created", float("inf")), ("format_version", 99), ("format_version", "1"))},
    "another table": (WORDS, parquet_of(a=[1])),
    "another report": (PROBLEMS, parquet_of(a=[1])),
    "table of no rows": (WORDS, lambda data: pd.read_parquet(io.BytesIO(data)).head(0).to_parquet()),
    "table without content": (WORDS, without("content")),
    "report without reason": (PROBLEMS, without("reason")),
    "table with text rows": (WORDS, retyped("row", "str")),
    "table with number words": (WORDS, lambda data: pd.read_parquet(io.BytesIO(data)).assign(form=1).to_parquet()),
}  # fmt: skip


@pytest.fixture(scope="module")
def stored_files(tmp_path_factory):
    """The files of a data set of 36 words, added once."""
    folder = tmp_path_factory.mktemp("stored")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HWR_HOME", str(folder))
        return add_dataset("letters", SourceFiles(folder / "source").writers()).folder


@pytest.mark.parametrize("damage", DAMAGES)
def test_list_datasets_damaged_file_is_listed_with_one_sentence(stored_files, damage):
    folder = dataset_folder("letters")
    shutil.copytree(stored_files, folder)
    shutil.copytree(stored_files, dataset_folder("sound"))
    jobs.write_status(folder, jobs.Status(state="done", message="36 words are ready."))
    file, change = DAMAGES[damage]
    (folder / file).write_bytes(change((folder / file).read_bytes()))
    info, sound = list_datasets()
    assert (info.name, info.is_ready, info.words) == ("letters", False, 0)
    assert sound.is_ready
    assert not sound.problem
    assert info.problem.startswith("The data set letters ")
    assert info.problem.endswith("Remove it and add it again.")
    assert "\n" not in info.problem
    assert file in info.problem or "another version" in info.problem
    with pytest.raises(DataError) as error:
        open_dataset("letters")
    assert str(error.value) == info.problem
    remove_dataset("letters")
    assert [info.name for info in list_datasets()] == ["sound"]


@pytest.mark.parametrize("file", [JSON, WORDS, PROBLEMS])
def test_list_datasets_missing_file_is_not_ready(stored_files, file):
    folder = dataset_folder("letters")
    shutil.copytree(stored_files, folder)
    (folder / file).unlink()
    [info] = list_datasets()
    assert not info.is_ready
    assert file == JSON or file in info.problem


@pytest.mark.parametrize("file", ["request.json", "status.json"])
@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '{"source": 3, "state": 3}'])
def test_list_datasets_damaged_job_file_is_listed(home, file, text):
    folder = dataset_folder("letters")
    folder.mkdir(parents=True)
    (folder / file).write_text(text)
    [info] = list_datasets()
    assert (info.is_ready, info.source) == (False, "")


def test_list_datasets_file_in_place_of_the_folder_is_empty(home):
    home.mkdir()
    (home / "datasets").write_text("no folder")
    assert list_datasets() == []


def test_open_dataset_after_the_workspace_moved(make, home, tmp_path, monkeypatch):
    data = make.zip("w.zip", {f"{word}.png": make.png(word) for word in ("yes", "no", "on")}).read_bytes()
    add_dataset("uploaded", save_upload("uploaded", "words.zip", io.BytesIO(data)))
    (home / "words").mkdir()
    (home / "words" / "tea.png").write_bytes(make.png("tea"))
    (home / "words" / "ink.png").write_bytes(make.png("ink"))
    add_dataset("folder", home / "words")
    add_dataset("outside", make.writers())
    AcceptedWords().accept(read_image(make.png("tea")), "tea")
    my_corrections()
    created = {info.name: info.created for info in list_datasets()}
    sources = {info.name: Path(info.source).relative_to(home) for info in list_datasets() if info.name != "outside"}
    moved = tmp_path / "moved"
    home.rename(moved)
    monkeypatch.setenv("HWR_HOME", str(moved))
    for name, source in sources.items():
        assert open_dataset(name).source == str(moved / source)
    for info in list_datasets():
        dataset = open_dataset(info.name)
        assert (info.is_ready, info.source) == (True, dataset.source)
        assert dataset.image(0).size
        assert dataset.canvases(CanvasConfig(height=32)).shape[0] == len(dataset)
    assert not refresh()  # the accepted words are still those of the data set
    assert open_or_add(moved / "words").description["created"] > created["folder"]  # gets a name of its own
    assert open_or_add("folder").description["created"] == created["folder"]
    assert open_dataset("outside").source == str(make.folder / "words.csv")


def test_open_dataset_absolute_paths_of_earlier_versions_are_read(make, home):
    data = make.zip("w.zip", {f"{word}.png": make.png(word) for word in ("yes", "no")}).read_bytes()
    path = save_upload("uploaded", "words.zip", io.BytesIO(data))
    folder = add_dataset("uploaded", path).folder
    values = json.loads((folder / JSON).read_text())
    assert (values["source"], values["pictures"]) == ("datasets/uploaded/upload/words.zip",) * 2
    (folder / JSON).write_text(json.dumps({**values, "source": str(path), "pictures": str(path)}))
    assert open_dataset("uploaded").source == str(path) == list_datasets()[0].source
    assert open_dataset("uploaded").image(1).size


def test_start_adding_request_has_paths_relative_to_the_workspace(make, home, tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "launch", lambda module, folder, **_: 0)
    data = make.zip("w.zip", {f"{word}.png": make.png(word) for word in ("yes", "no")}).read_bytes()
    start_adding("uploaded", save_upload("uploaded", "words.zip", io.BytesIO(data)))
    home.rename(tmp_path / "moved")
    monkeypatch.setenv("HWR_HOME", str(tmp_path / "moved"))
    assert list_datasets()[0].source == str(tmp_path / "moved/datasets/uploaded/upload/words.zip")
    assert run_job(dataset_folder("uploaded")).state == "done"
    assert len(open_dataset("uploaded")) == 2


def test_add_dataset_progress_has_phases_and_may_stop(make):
    seen = []
    add_dataset("letters", make.writers(), progress=lambda *step: seen.append(step))
    assert list(dict.fromkeys(phase for phase, _, _ in seen)) == ["Reading the list", "Preparing images", "Storing"]
    assert ("Preparing images", 36, 36) in seen

    def stop(phase, step, steps):
        if step == 20:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        add_dataset("others", make.folder, progress=stop)
    assert not dataset_folder("others").exists()


def test_add_dataset_existing_name_raises(make):
    add_dataset("letters", make.writers())
    with pytest.raises(DataError, match="There is a data set letters already"):
        add_dataset("letters", make.folder)
    with pytest.raises(DataError, match="There is a data set letters already"):
        start_adding("letters", make.folder)


def test_remove_dataset_keeps_the_source(make, home):
    path = make.writers()
    before = sorted(make.folder.rglob("*"))
    add_dataset("letters", path)
    remove_dataset("letters")
    assert not dataset_folder("letters").exists()
    assert sorted(make.folder.rglob("*")) == before
    datasets_folder().mkdir(exist_ok=True)
    dataset_folder("link").symlink_to(make.folder)
    remove_dataset("link")
    assert sorted(make.folder.rglob("*")) == before


def test_add_and_remove_dataset_running_job_raises(make):
    path = make.writers()
    folder = dataset_folder("letters")
    status = jobs.Status(state="running", pid=os.getppid(), process_started=jobs.process_start(os.getppid()))
    jobs.write_status(folder, status)
    with pytest.raises(DataError, match="letters is being added at the moment"):
        remove_dataset("letters")
    for adding in (add_dataset, start_adding):
        with pytest.raises(DataError, match="letters is being added already"):
            adding("letters", path)
    assert list_datasets()[0].status.state == "running"


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], r"The data set has no rows\."),
        ([("a", ""), ("b", "x")], r"None of the 2 rows can be used: 1 .*, 1 .*\. The first: .*\.$"),
    ],
)
def test_add_dataset_no_good_row_raises(make, rows, sentence):
    make.word("a.png")
    path = make.csv(rows)
    with pytest.raises(DataError, match=sentence if rows else "holds no word|has no rows"):
        add_dataset("letters", path)
    assert not dataset_folder("letters").exists()


def test_add_dataset_unwritable_workspace_raises(make, home):
    home.write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"The data set letters cannot be stored \(.*\)\.$"):
        add_dataset("letters", make.writers())


def test_save_upload_is_stored_and_removed_with_the_data_set(make):
    data = make.zip("w.zip", {"yes.png": make.png("yes"), "no.png": make.png("no")}).read_bytes()
    path = save_upload("mine", "../My words (1).ZIP", io.BytesIO(data))
    assert path.parent == dataset_folder("mine") / "upload"
    assert path.name == "My-words-1.zip"
    dataset = add_dataset("mine", path)
    assert sorted(dataset.table["transcription"]) == ["no", "yes"]
    remove_dataset("mine")
    assert not path.exists()


def test_resolve_name_or_path_opens(make):
    path = make.writers()
    dataset = open_or_add(str(path))
    assert dataset.name == "words"
    assert open_or_add("words").folder == dataset.folder
    created = dataset.description["created"]
    assert open_or_add(path).description["created"] == created
    with pytest.raises(DataError, match=r"There is no data set 'nothing', and no file or folder .* Stored: words."):
        open_or_add("nothing")
    for odd in ("a\0b", "x" * 5000, "bytes\udce9.zip", str(make.folder / "none.csv")):
        with pytest.raises(DataError, match=r"\.$"):
            open_or_add(odd)


def test_resolve_changed_source_is_read_again(make):
    path = make.writers()
    assert len(open_or_add(path)) == 36
    path.write_text(path.read_text() + "\n")
    with path.open("a") as file:
        file.write("extra,extra,writer1\n")
    make.word("extra.png", "extra")
    assert len(open_or_add(path)) == 37


def test_resolve_sources_of_one_name_get_own_names(make):
    one, two = make.folder / "one", make.folder / "two"
    for folder, text in ((one, "first"), (two, "second")):
        make.word(f"{folder.name}/letters/{text}.png", text)
        make.word(f"{folder.name}/letters/{text}er.png", text)
    first, second = open_or_add(one / "letters"), open_or_add(two / "letters")
    assert first.name == "letters"
    assert second.name.startswith("letters-")
    assert open_or_add(two / "letters").folder == second.folder
    assert second.table["transcription"].tolist() == ["second", "seconder"]
    make.word("two/letters/new.png", "new")
    assert len(open_or_add(two / "letters")) == 3


def test_resolve_list_inside_a_zip_opens(make):
    path = make.zip("w.zip", {"n/mine.csv": "id,text\na,x\nb,y\n", "n/a.png": make.png("x"), "n/b.png": make.png("y")})
    assert open_or_add(path / "n" / "mine.csv").name == "mine"


def test_demo_dataset_is_added_with_the_first_call(make, monkeypatch):
    archive = make.zip("demo-words.zip", {f"{word}.png": make.png(word) for word in ("one", "two", "three")})
    monkeypatch.setattr("hwr_core.datasets.store.demo_zip", lambda: archive, raising=False)
    dataset = demo_dataset()
    assert dataset.name == "demo"
    assert len(dataset) == 3
    assert open_or_add("demo").description["created"] == demo_dataset().description["created"]
    remove_dataset("demo")
    assert len(open_or_add("demo")) == 3


@pytest.mark.parametrize(
    ("text", "name"), [("Élise's words (2)", "Elise-s-words-2"), ("日本", "words"), ("../..", "words")]
)
def test_slug_is_a_valid_name(text, name):
    assert slug(text) == name
    dataset_folder(name)


def test_add_dataset_reserved_name_is_refused(home, tmp_path):
    """Under that name it would be replaced by the accepted words."""
    with pytest.raises(DataError, match="Choose another name"):
        add_dataset("my-corrections", tmp_path)
    assert not dataset_folder("my-corrections").exists()
