from __future__ import annotations

import os
import struct
import zipfile

import pytest

from hwr_core.datasets.sources import archive as sources
from hwr_core.datasets.sources.archive import is_ignored, is_zip, open_source
from hwr_core.datasets.sources.image_index import Pictures
from hwr_core.errors import DataError, ImageError


def test_a_folder_lists_its_files_without_hidden_ones(make):
    for name in ("b/two.png", "a.png", ".git/x.png", "__MACOSX/a.png", "Thumbs.db", "b/._two.png"):
        make.file(name, "x")
    assert open_source(make.folder).names() == ["a.png", "b/two.png"]


def test_a_zip_lists_its_members_without_what_systems_leave(make):
    path = make.zip("w.zip", {"n/a.png": "x", "__MACOSX/n/._a.png": "x", "n/.DS_Store": "x", "n/": ""})
    source = open_source(path)
    assert source.names() == ["n/a.png"]
    assert source.open("n/a.png") == b"x"
    assert not source.is_folder("n")
    source.close()


@pytest.mark.parametrize("name", ["../a.png", "a/../../b.png", "/etc/a.png", "C:/a.png", "a\\..\\b.png"])
def test_members_that_point_outside_are_refused_one_by_one(make, name):
    source = open_source(make.zip("w.zip", {name: "x", "good.png": "y"}))
    assert source.names() == ["good.png"]
    [(refused, sentence)] = source.refused
    assert refused == name
    assert sentence.endswith("It was refused; the other members are read.")
    with pytest.raises(ImageError, match="no such member"):
        source.open(name)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_first_of_two_equal_members_is_read(make):
    path = make.folder / "w.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", "first")
        archive.writestr("a.png", "second")
    source = open_source(path)
    assert source.open("a.png") == b"first"
    assert "twice" in source.refused[0][1]


def encrypted(path, which) -> None:
    """Set the flag that says "encrypted" on the members at these positions."""
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        for index in range(10):
            start = data.find(signature, start + 1)
            if start < 0:
                break
            if index in which:
                struct.pack_into("<H", data, start + offset, 1)
    path.write_bytes(bytes(data))


def test_an_encrypted_zip_is_refused_and_an_encrypted_member_left_out(make):
    path = make.zip("w.zip", {"a.png": "x", "b.png": "y"})
    encrypted(path, {0})
    source = open_source(path)
    assert source.names() == ["b.png"]
    assert "encrypted" in source.refused[0][1]
    encrypted(path, {0, 1})
    with pytest.raises(DataError, match=r"w.zip is encrypted. Unpack it .*\.$"):
        open_source(path)


def test_a_damaged_zip_is_refused_and_a_damaged_member_told(make):
    path = make.zip("w.zip", {"a.png": "x" * 1000, "b.png": "y"})
    data = path.read_bytes()
    path.write_bytes(data.replace(b"xxxx", b"xxxz", 1))
    with pytest.raises(ImageError, match=r"a.png: damaged in the zip \(Bad CRC.*\). Make the zip again\.$"):
        open_source(path).open("a.png")
    path.write_bytes(data[:500])
    with pytest.raises(DataError, match=r"w.zip is no zip that can be read, or is cut short"):
        open_source(path)


def test_too_much_is_refused_unread(make, monkeypatch):
    path = make.zip("w.zip", {"a.png": "x" * 1000})
    make.file("b.png", "x" * 1000)
    for source, name in ((open_source(path), "a.png"), (open_source(make.folder), "b.png")):
        with pytest.raises(ImageError, match=r"is more than is read .*\. Cut it down first\.$"):
            source.open(name, most=999)
        assert len(source.open(name, most=1000)) == 1000
    monkeypatch.setattr(sources, "MOST_ZIP_BYTES", 999)
    with pytest.raises(DataError, match="would unpack to more"):
        open_source(path)


def test_what_is_no_file_is_told(make, monkeypatch):
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


def test_a_zip_is_known_by_its_name_or_its_first_bytes(make):
    path = make.zip("w.zip", {"a": "x"})
    assert is_zip(path)
    assert is_zip(path.rename(make.folder / "upload"))
    assert not is_zip(make.file("w.csv", "PK"))
    assert not is_zip(make.folder / "none")
    assert is_ignored("__MACOSX/a.png")


def test_pictures_are_found_by_path_end_of_path_name_and_id(make):
    for name in (
        "in/pics/a.PNG",
        "in/other/b.jpg",
        "in/c.png",
        "in/more/c.tif",
        "in/cafe\u0301.png",
        "in/dir.png/x.gif",
    ):
        make.file(name, "x")
    pictures = Pictures(open_source(make.folder))
    assert pictures.find("pics/a.png", "", "in")[0] == "in/pics/a.PNG"
    assert pictures.find("in\\pics\\a.PNG", "")[0] == "in/pics/a.PNG"
    assert pictures.find("./other/../other/b.jpg", "", "in")[0] == "in/other/b.jpg"
    assert pictures.find("/home/someone/in/pics/a.png", "")[0] == "in/pics/a.PNG"
    assert pictures.find("D:/source/in/c.png", "")[0] == "in/c.png"
    assert pictures.find("../source/in/c.png", "")[0] == "in/c.png"
    assert pictures.find("b", "")[0] == "in/other/b.jpg"
    assert pictures.find("b.jpeg", "")[0] == "in/other/b.jpg"
    assert pictures.find("", "caf\u00e9")[0] == "in/cafe\u0301.png"
    assert pictures.find("elsewhere/z.png", "b")[0] == "in/other/b.jpg"
    assert pictures.find("elsewhere/b.jpg", "")[1] == "missing image"  # another b.jpg may be meant
    name, problem, reason = pictures.find("", "c")
    assert (name, problem) == ("", "ambiguous image")
    assert reason == "2 pictures are named 'c', such as in/c.png and in/more/c.tif. Give the right one's path."
    assert "is a folder" in pictures.find("dir.png", "", "in")[2]
    assert "not named like a picture" in pictures.find("in/words.txt", "")[2]
    assert "No picture named 'q'" in pictures.find("", "q")[2]
    assert "There is no picture /q.png in source" in pictures.find("/q.png", "")[2]
