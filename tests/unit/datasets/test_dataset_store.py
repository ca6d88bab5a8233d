from __future__ import annotations

import io
import os

import pytest

from hwr_core import jobs
from hwr_core.datasets import (
    add_dataset,
    dataset_folder,
    demo_dataset,
    list_datasets,
    open_dataset,
    remove_dataset,
    resolve,
    save_upload,
    slug,
    start_adding,
)
from hwr_core.datasets.store import datasets_folder
from hwr_core.errors import DataError


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", "/etc", ".hidden", "a b", "é", "x" * 65, "x.", "a\n"]
)
def test_names_that_are_none_are_refused(name):
    with pytest.raises(DataError, match="is no name for a data set"):
        dataset_folder(name)


def test_an_empty_workspace_has_no_data_sets(home):
    assert list_datasets() == []
    with pytest.raises(DataError, match="There is no data set letters"):
        open_dataset("letters")
    with pytest.raises(DataError, match=r"There is no data set letters. Stored: none."):
        remove_dataset("letters")


def test_the_list_tells_each_at_a_glance(make, home):
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
    assert "damaged" in info.notes[0]


def test_progress_has_phases_and_may_stop(make):
    seen = []
    add_dataset("letters", make.writers(), progress=lambda *step: seen.append(step))
    assert list(dict.fromkeys(phase for phase, _, _ in seen)) == ["Reading the list", "Preparing pictures", "Storing"]
    assert ("Preparing pictures", 36, 36) in seen

    def stop(phase, step, steps):
        if step == 20:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        add_dataset("others", make.folder, progress=stop)
    assert not dataset_folder("others").exists()


def test_a_name_is_taken_once(make):
    add_dataset("letters", make.writers())
    with pytest.raises(DataError, match="There is a data set letters already"):
        add_dataset("letters", make.folder)
    with pytest.raises(DataError, match="There is a data set letters already"):
        start_adding("letters", make.folder)


def test_removing_leaves_the_source_alone(make, home):
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


def test_a_running_adding_is_not_disturbed(make):
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
def test_a_source_without_a_good_row_is_refused(make, rows, sentence):
    make.word("a.png")
    path = make.csv(rows)
    with pytest.raises(DataError, match=sentence if rows else "holds no word|has no rows"):
        add_dataset("letters", path)
    assert not dataset_folder("letters").exists()


def test_a_workspace_that_cannot_be_written_is_told(make, home):
    home.write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"The data set letters cannot be stored \(.*\)\.$"):
        add_dataset("letters", make.writers())


def test_an_upload_is_kept_in_the_data_set_and_removed_with_it(make):
    data = make.zip("w.zip", {"yes.png": make.png("yes"), "no.png": make.png("no")}).read_bytes()
    path = save_upload("mine", "../My words (1).ZIP", io.BytesIO(data))
    assert path.parent == dataset_folder("mine") / "upload"
    assert path.name == "My-words-1.zip"
    dataset = add_dataset("mine", path)
    assert sorted(dataset.table["transcription"]) == ["no", "yes"]
    remove_dataset("mine")
    assert not path.exists()


def test_resolve_takes_names_and_paths(make):
    path = make.writers()
    dataset = resolve(str(path))
    assert dataset.name == "words"
    assert resolve("words").folder == dataset.folder
    created = dataset.description["created"]
    assert resolve(path).description["created"] == created
    with pytest.raises(DataError, match=r"There is no data set 'nothing', and no file or folder .* Stored: words."):
        resolve("nothing")
    for odd in ("a\0b", "x" * 5000, "bytes\udce9.zip", str(make.folder / "none.csv")):
        with pytest.raises(DataError, match=r"\.$"):
            resolve(odd)


def test_resolve_reads_a_changed_source_again(make):
    path = make.writers()
    assert len(resolve(path)) == 36
    path.write_text(path.read_text() + "\n")
    with path.open("a") as file:
        file.write("extra,extra,hand1\n")
    make.word("extra.png", "extra")
    assert len(resolve(path)) == 37


def test_resolve_keeps_sources_of_one_name_apart(make):
    one, two = make.folder / "one", make.folder / "two"
    for folder, text in ((one, "first"), (two, "second")):
        make.word(f"{folder.name}/letters/{text}.png", text)
        make.word(f"{folder.name}/letters/{text}er.png", text)
    first, second = resolve(one / "letters"), resolve(two / "letters")
    assert first.name == "letters"
    assert second.name.startswith("letters-")
    assert resolve(two / "letters").folder == second.folder
    assert second.table["transcription"].tolist() == ["second", "seconder"]
    make.word("two/letters/new.png", "new")
    assert len(resolve(two / "letters")) == 3


def test_resolve_takes_a_list_inside_a_zip(make):
    path = make.zip("w.zip", {"n/mine.csv": "id,text\na,x\nb,y\n", "n/a.png": make.png("x"), "n/b.png": make.png("y")})
    assert resolve(path / "n" / "mine.csv").name == "mine"


def test_the_demo_is_added_when_first_asked_for(make, monkeypatch):
    archive = make.zip("demo-words.zip", {f"{word}.png": make.png(word) for word in ("one", "two", "three")})
    monkeypatch.setattr("hwr_core.synthesis.demo_zip", lambda: archive, raising=False)
    dataset = demo_dataset()
    assert dataset.name == "demo"
    assert len(dataset) == 3
    assert resolve("demo").description["created"] == demo_dataset().description["created"]
    remove_dataset("demo")
    assert len(resolve("demo")) == 3


@pytest.mark.parametrize(
    ("text", "name"), [("Élise's words (2)", "Elise-s-words-2"), ("日本", "words"), ("../..", "words")]
)
def test_names_made_from_text(text, name):
    assert slug(text) == name
    dataset_folder(name)


def test_add_dataset_reserved_name_is_refused(home, tmp_path):
    """Under that name it would be taken for the accepted words, and be replaced by them without a word."""
    with pytest.raises(DataError, match="Choose another name"):
        add_dataset("my-corrections", tmp_path)
    assert not dataset_folder("my-corrections").exists()
