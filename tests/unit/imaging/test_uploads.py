"""Unpacking of uploaded files."""

from __future__ import annotations

import io
import zipfile

import pytest

from hwr_core.errors import ImageError
from hwr_core.imaging import uploads
from hwr_core.imaging.uploads import unpack_upload


def zip_of(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, name.encode())
    return buffer.getvalue()


def test_unpack_upload_of_an_image_returns_it_as_it_is():
    assert list(unpack_upload("word.png", b"bytes")) == [("word.png", b"bytes")]


def test_unpack_upload_of_a_zip_returns_its_images_alone():
    data = zip_of("a/one.png", "two.PNG", "__MACOSX/one.png", "a/.hidden.png", "notes.txt", "a.png/")
    assert list(unpack_upload("Words.ZIP", data)) == [("one.png", b"a/one.png"), ("two.PNG", b"two.PNG")]


def test_unpack_upload_leaves_out_large_and_surplus_members(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "MAX_MEMBER_BYTES", 5)
    monkeypatch.setattr(uploads, "MAX_IMAGES_PER_ZIP", 2)
    data = zip_of("long-name.png", "1.png", "2.png", "3.png")
    assert [name for name, _ in unpack_upload("words.zip", data)] == ["1.png", "2.png"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK no zip", "this zip cannot be opened"),
        (zip_of("1.png")[:-30], "this zip cannot be opened"),
        (zip_of(), "no images in this zip"),
        (zip_of("notes.txt"), "no images in this zip"),
    ],
    ids=["no zip", "truncated", "empty", "no image"],
)
def test_unpack_upload_of_a_broken_or_empty_zip_raises(data: bytes, sentence: str):
    with pytest.raises(ImageError, match=f"^words.zip: .*{sentence}"):
        list(unpack_upload("words.zip", data))
