from __future__ import annotations

import os
import struct
import zipfile

import pytest
import zip_bombs

from hwr_core.datasets.sources.archive import is_ignored, is_zip, open_source
from hwr_core.datasets.sources.image_index import ImageIndex
from hwr_core.errors import DataError, ImageError


def test_folder_source_lists_files_without_hidden_ones(make):
    for name in ("b/two.png", "a.png", ".git/x.png", "__MACOSX/a.png", "Thumbs.db", "b/._two.png"):
        make.file(name, "x")
    assert open_source(make.folder).names() == ["a.png", "b/two.png"]


def test_zip_source_lists_members_without_system_files(make):
    path = make.zip("w.zip", {"n/a.png": "x", "__MACOSX/n/._a.png": "x", "n/.DS_Store": "x", "n/": ""})
    source = open_source(path)
    assert source.names() == ["n/a.png"]
    assert source.open("n/a.png") == b"x"
    assert not source.is_folder("n")
    source.close()


@pytest.mark.parametrize("name", ["../a.png", "a/../../b.png", "/etc/a.png", "C:/a.png", "a\\..\\b.png"])
def test_zip_source_member_outside_is_refused(make, name):
    source = open_source(make.zip("w.zip", {name: "x", "good.png": "y"}))
    assert source.names() == ["good.png"]
    [(refused, sentence)] = source.refused
    assert refused == name
    assert sentence.endswith("It was refused; the other members are read.")
    with pytest.raises(ImageError, match="no such member"):
        source.open(name)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zip_source_equal_names_reads_the_first(make):
    path = make.folder / "w.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", "first")
        archive.writestr("a.png", "second")
    source = open_source(path)
    assert source.open("a.png") == b"first"
    assert "twice" in source.refused[0][1]


def encrypt(path, positions) -> None:
    """Set the flag that says "encrypted" on the members at these positions."""
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        for index in range(10):
            start = data.find(signature, start + 1)
            if start < 0:
                break
            if index in positions:
                struct.pack_into("<H", data, start + offset, 1)
    path.write_bytes(bytes(data))


def test_zip_source_encrypted_zip_raises_and_member_is_refused(make):
    path = make.zip("w.zip", {"a.png": "x", "b.png": "y"})
    encrypt(path, {0})
    source = open_source(path)
    assert source.names() == ["b.png"]
    assert "encrypted" in source.refused[0][1]
    encrypt(path, {0, 1})
    with pytest.raises(DataError, match=r"w.zip is encrypted. Unpack it .*\.$"):
        open_source(path)


def test_zip_source_damaged_zip_or_member_raises(make):
    path = make.zip("w.zip", {"a.png": "x" * 1000, "b.png": "y"})
    data = path.read_bytes()
    path.write_bytes(data.replace(b"xxxx", b"xxxz", 1))
    with pytest.raises(ImageError, match=r"a.png: damaged in the zip \(Bad CRC.*\). Make the zip again\.$"):
        open_source(path).open("a.png")
    path.write_bytes(data[:500])
    with pytest.raises(DataError, match=r"w.zip is no zip that can be read, or is cut short"):
        open_source(path)


def test_sources_too_large_file_is_not_read(make, set_limits):
    path = make.zip("w.zip", {"a.png": "x" * 1000})
    make.file("b.png", "x" * 1000)
    for source, name in ((open_source(path), "a.png"), (open_source(make.folder), "b.png")):
        with pytest.raises(ImageError, match=r"is more than is read .*\. Reduce it first\.$"):
            source.open(name, max_bytes=999)
        assert len(source.open(name, max_bytes=1000)) == 1000
    set_limits(zip_bytes=999)
    with pytest.raises(DataError, match="would unpack to more"):
        open_source(path)


def test_zip_source_bomb_raises_and_odd_members_are_refused(make):
    with pytest.raises(DataError, match=r"^bomb\.zip would unpack to"):
        open_source(make.file("bomb.zip", zip_bombs.bzip2_bomb()))
    data = zip_bombs.nameless(zip_bombs.deflated({"x": b"1", "good.png": b"2", "inner.zip": b"3"}))
    source = open_source(make.file("odd.zip", data))
    assert source.names() == ["good.png"]
    assert len(source.refused) == 2


def test_folder_source_not_a_file_raises(make, monkeypatch):
    make.file("a.png", "x")
    os.mkfifo(make.folder / "pipe.png")
    (make.folder / "link.png").symlink_to("nowhere.png")
    source = open_source(make.folder)
    for name, sentence in (
        ("pipe.png", "no file"),
        ("link.png", "a link to a file that is not"),
        ("c.png", "any more"),
    ):
        with pytest.raises(ImageError, match=sentence):
            source.open(name)
    with pytest.raises(ImageError, match="cannot be read"):
        source.open("a.png/b.png")
    with pytest.raises(DataError, match="no file"):
        open_source(make.folder / "none.zip")

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match=r"cannot be read \(Permission denied\)"):
        open_source(make.folder)


def test_is_zip_by_name_or_first_bytes(make):
    path = make.zip("w.zip", {"a": "x"})
    assert is_zip(path)
    assert is_zip(path.rename(make.folder / "upload"))
    assert not is_zip(make.file("w.csv", "PK"))
    assert not is_zip(make.folder / "none")
    assert is_ignored("__MACOSX/a.png")


def test_image_index_finds_by_path_end_of_path_name_and_id(make):
    for name in (
        "in/pics/a.PNG",
        "in/other/b.jpg",
        "in/c.png",
        "in/more/c.tif",
        "in/cafe\u0301.png",
        "in/dir.png/x.gif",
    ):
        make.file(name, "x")
    images = ImageIndex(open_source(make.folder))
    assert images.find("pics/a.png", "", "in")[0] == "in/pics/a.PNG"
    assert images.find("in\\pics\\a.PNG", "")[0] == "in/pics/a.PNG"
    assert images.find("./other/../other/b.jpg", "", "in")[0] == "in/other/b.jpg"
    assert images.find("/home/ann/in/pics/a.png", "")[0] == "in/pics/a.PNG"
    assert images.find("D:/source/in/c.png", "")[0] == "in/c.png"
    assert images.find("../source/in/c.png", "")[0] == "in/c.png"
    assert images.find("b", "")[0] == "in/other/b.jpg"
    assert images.find("b.jpeg", "")[0] == "in/other/b.jpg"
    assert images.find("", "caf\u00e9")[0] == "in/cafe\u0301.png"
    assert images.find("elsewhere/z.png", "b")[0] == "in/other/b.jpg"
    assert images.find("elsewhere/b.jpg", "")[1] == "missing image"  # it may be another b.jpg
    name, problem, reason = images.find("", "c")
    assert (name, problem) == ("", "ambiguous image")
    assert reason == "2 images are named 'c', such as in/c.png and in/more/c.tif. Give the right one's path."
    assert "is a folder" in images.find("dir.png", "", "in")[2]
    assert "does not have the suffix of an image" in images.find("in/words.txt", "")[2]
    assert "No image in source is named 'q'" in images.find("", "q")[2]
    assert "There is no image /q.png in source" in images.find("/q.png", "")[2]
