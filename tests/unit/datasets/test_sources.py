from __future__ import annotations

import pytest

from hwr_core.datasets.sources.detect import list_file, read_source
from hwr_core.datasets.sources.folder import word_in_name
from hwr_core.errors import DataError

WORDS = """#--- words.txt ---#
#
a01-000u-00-00 ok 154 408 768 27 51 AT A
a01-000u-00-01 err 154 507 766 213 48 NN MOVE
a01-000u-00-02 ok 154 796 764 70 50 TO to
b01-001-00-00 ok 154 796 764 70 50 TO one two
b01-001-00-01 ok 154 796
"""
LINES = "a01-000u-00 ok 154 19 408 746 1661 89 A|MOVE|to\nb01-001-00 ok 154 19 408 746 1661 89 one|.\n"


def texts(listing) -> dict[str, str]:
    return {sample.word_id: sample.transcription for sample in listing.samples}


def problems(listing) -> list[tuple[str, str]]:
    return [(problem.word_id, problem.problem) for problem in listing.problems]


def test_read_source_csv_reads_every_column(make):
    make.word("words/x/a1.png")
    make.csv(
        [("a", "été", "words/x/a1.png", "w1", "f1", "dev"), ("b", "no", "words/x/b.png", "w1", "f1", "train")],
        ("word_id", "transcription", "image", "writer", "form", "split"),
    )
    listing = read_source(make.folder)
    [sample] = listing.samples
    assert (sample.word_id, sample.transcription, sample.image) == ("a", "été", "words/x/a1.png")
    assert (sample.writer, sample.form, sample.split, sample.row) == ("w1", "f1", "validation", 2)
    assert problems(listing) == [("b", "missing image")]
    assert listing.problems[0].row == 3
    assert listing.reader == "csv"
    assert listing.columns["split"] == "split"


def test_read_source_csv_without_images_finds_them_by_id(make):
    make.word("deep/er/a.JPG")
    assert texts(read_source(make.csv([("a", "hello")]))) == {"a": "hello"}


def test_read_source_csv_without_ids_uses_image_paths(make):
    make.word("one/1.png")
    make.word("two/1.png")
    make.csv([("one/1.png", "x"), ("two/1.png", "y"), ("three/1.png", "z"), ("", "q")], ("file", "text"))
    listing = read_source(make.folder)
    assert texts(listing) == {"one/1": "x", "two/1": "y"}
    assert problems(listing) == [("three/1", "missing image"), ("", "missing image")]


def test_read_source_csv_with_image_root(make, tmp_path):
    make.word("store/pics/a.png")
    path = make.csv([("a", "x", "pics/a.png")], ("id", "text", "image"), name="lists/words.csv")
    listing = read_source(path, image_root=make.folder / "store")
    assert listing.samples[0].image == "pics/a.png"
    archive = make.zip("pics.zip", {"pics/a.png": make.png()})
    listing = read_source(path, image_root=archive)
    assert listing.samples[0].image == "pics/a.png"
    assert listing.reader == "zip/csv"


def test_read_source_csv_malformed_rows_are_reported(make):
    make.word("a.png")
    make.word("b.png")
    make.word("c.png")
    make.file("words.csv", "word_id,transcription\na,one,two\nb,fine,,\nc\n")
    listing = read_source(make.folder)
    assert texts(listing) == {"b": "fine", "c": ""}
    assert "has 3 cells, the header 2" in listing.problems[0].reason


def test_read_source_csv_huge_cell_and_repeated_column(make):
    make.word("a.png")
    make.file("words.csv", "word_id,transcription,transcription\na,x,y\nb," + "z" * 2_100_000 + ",\n")
    listing = read_source(make.folder)
    assert texts(listing) == {"a": "x"}
    assert problems(listing) == [("b", "malformed row")]
    assert "more than once" in listing.notes[0]


def test_read_source_csv_unknown_split_is_reported(make):
    make.word("a.png")
    make.csv([("a", "x", "bonus")], ("id", "text", "split"))
    listing = read_source(make.folder)
    assert listing.samples[0].split == ""
    assert problems(listing) == [("a", "unknown split")]


def test_read_source_one_csv_for_each_part(make):
    make.word("a.png")
    make.word("b.png")
    make.csv([("a", "x")], name="train.csv")
    make.csv([("b", "y")], name="val.csv")
    listing = read_source(make.folder)
    assert {sample.word_id: sample.split for sample in listing.samples} == {"a": "train", "b": "validation"}


def test_read_source_several_lists_uses_the_one_with_known_columns(make):
    make.word("a.png")
    make.csv([("a", "x")], name="words.csv")
    make.csv([("1", "2")], ("colour", "size"), name="others.csv")
    make.csv([("a", "z")], name="old/words.csv")
    make.file("broken.csv", b"\x00\x01\x02" * 100)
    assert texts(read_source(make.folder)) == {"a": "x"}


def test_read_source_ambiguous_lists_raises(make):
    make.word("a.png")
    make.csv([("a", "x")], name="first.csv")
    second = make.csv([("a", "y")], name="second.csv")
    with pytest.raises(
        DataError, match=r"source holds 2 possible lists: first.csv, second.csv. Name one: source/first.csv\.$"
    ):
        read_source(make.folder)
    assert texts(read_source(second)) == {"a": "y"}


def test_read_source_list_inside_a_zip(make):
    members = {"n/one.csv": "id,text\na,x\n", "n/two.csv": "id,text\na,y\n", "n/a.png": make.png()}
    path = make.zip("w.zip", members)
    assert texts(read_source(path / "n/two.csv")) == {"a": "y"}
    assert list_file(path / "n/two.csv") == path


def test_read_source_iam_words(make):
    make.file("ascii/words.txt", WORDS)
    make.file("ascii/forms.txt", "# forms\na01-000u 000 2 prt 7 5 52 36\n")
    make.word("words/a01/a01-000u/a01-000u-00-00.png")
    make.word("words/b01/b01-001/b01-001-00-00.png")
    listing = read_source(make.folder)
    assert listing.reader == "iam"
    assert texts(listing) == {"a01-000u-00-00": "A", "b01-001-00-00": "one two"}
    first = listing.samples[0]
    assert (first.writer, first.form, first.row) == ("000", "a01-000u", 3)
    assert problems(listing) == [
        ("a01-000u-00-01", "marked err"),
        ("a01-000u-00-02", "missing image"),
        ("b01-001-00-01", "malformed row"),
    ]
    assert texts(read_source(make.folder / "ascii" / "words.txt")) == texts(listing)


def test_read_source_iam_lines_where_only_lines_have_images(make):
    make.file("words.txt", WORDS)
    make.file("lines.txt", LINES)
    make.word("lines/a01/a01-000u/a01-000u-00.png")
    make.word("lines/b01/b01-001/b01-001-00.png")
    listing = read_source(make.zip("iam.zip", {p.relative_to(make.folder).as_posix(): p.read_bytes()
                                               for p in make.folder.rglob("*.*") if p.is_file()}))  # fmt: skip
    assert listing.reader == "zip/iam"
    assert texts(listing) == {"a01-000u-00": "A MOVE to", "b01-001-00": "one ."}
    assert "writers are not known" in listing.notes[0]


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        (("trainset.txt", "a01-000u-00\n"), ("validationset1.txt", "b01-001-00\n")),
        (("tr.lst", "a01-000u\n"), ("va.lst", "b01-001\n")),
        (("train.uttlist", "a01-000u-00-00.png\n"), ("validation.uttlist", "b01-001-00-00\n")),
    ],
)
def test_read_source_iam_official_lists_give_the_split(make, train, validation):
    make.file("words.txt", WORDS)
    make.file(*train)
    make.file(*validation)
    make.file("test.txt", "nothing here\n")
    for name in ("a01-000u-00-00", "a01-000u-00-02", "b01-001-00-00"):
        make.word(f"words/{name}.png")
    listing = read_source(make.folder)
    parts = {sample.word_id: sample.split for sample in listing.samples}
    assert parts["a01-000u-00-00"] == "train"
    assert parts["b01-001-00-00"] == "validation"
    assert any("The split comes from" in note and "test.txt" not in note for note in listing.notes)
    if train[0] == "train.uttlist":
        assert ("a01-000u-00-02", "unlisted") in problems(listing)


def test_read_source_iam_missing_raises(make):
    make.word("a.png")
    make.file("words.txt", "hello\n")
    with pytest.raises(DataError, match=r"There is no words.txt or lines.txt of the IAM database in source\."):
        read_source(make.folder, "iam")
    path = make.file("mine.txt", "# only a comment\n")
    with pytest.raises(DataError, match="holds no row of IAM's form"):
        read_source(path, "iam")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("word.png", "word"), ("word_2.png", "word"), ("word (2).png", "word"), ("word(12).png", "word"),
        ("003_word.png", "word"), ("003_word_2.png", "word"), ("word - Copy.png", "word"), ("1984.png", "1984"),
        ("1984_2.png", "1984"), ("7_1984_1.png", "1984"), ("catch-22.png", "catch-22"), ("cafe\u0301.tif", "caf\u00e9"),
        ("Mr..png", "Mr."), ("two words.png", "two words"), ("_2.png", "_2"), ("\U0001f600.png", "\U0001f600"),
        ("a/b/it's.png", "it's"),
    ],
)  # fmt: skip
def test_word_in_name(name, word):
    assert word_in_name(name) == word


def test_read_source_folder_gives_writers_and_parts(make):
    for name in ("train/ann/hello.png", "train/bob/hello_2.png", "test/cy/yes.png"):
        make.word(name)
    listing = read_source(make.folder)
    words = [(sample.transcription, sample.writer, sample.split) for sample in listing.samples]
    assert words == [("yes", "cy", "test"), ("hello", "ann", "train"), ("hello", "bob", "train")]
    assert listing.reader == "folder"
    assert len(listing.notes) == 2


def test_read_source_one_folder_gives_no_writer(make):
    archive = make.zip("w.zip", {"top/a.png": make.png(), "top/b.png": make.png()})
    assert [sample.writer for sample in read_source(archive).samples] == ["", ""]


@pytest.mark.parametrize(
    ("source", "reader", "sentence"),
    [
        ("none.csv", "auto", "There is no file or folder"),
        ("a.png", "auto", "is one image. Give its folder"),
        ("empty", "auto", "holds no list and no image. Expected a CSV"),
        ("empty", "folder", "holds no word"),
        ("empty", "csv", "There is no CSV file in empty"),
        ("packed", "auto", "Unpack words.tgz first"),
        ("a.png", "magic", "There is no reader 'magic'. Known: auto, csv, iam, folder."),
    ],
)
def test_read_source_unreadable_raises(make, source, reader, sentence):
    make.word("a.png")
    (make.folder / "empty").mkdir()
    make.file("packed/words.tgz", "x")
    with pytest.raises(DataError, match=sentence) as caught:
        read_source(make.folder / source, reader)
    assert str(caught.value).endswith(".")


def test_read_source_txt_list_needs_reader_csv(make):
    make.word("a.png")
    make.file("labels.txt", "file\ttext\na.png\thello\n")
    assert texts(read_source(make.folder, "csv")) == {"a": "hello"}
    assert texts(read_source(make.folder / "labels.txt")) == {"a": "hello"}


def test_read_source_refused_members_are_reported(make):
    listing = read_source(make.zip("w.zip", {"../x.png": make.png(), "good.png": make.png()}))
    assert texts(listing) == {"good": "good"}
    assert [problem.problem for problem in listing.problems] == ["refused member"]
