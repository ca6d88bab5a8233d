"""Unpacking of uploaded files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
import zip_bombs

from hwr_core.errors import ImageError
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


def test_unpack_upload_refuses_large_and_surplus_members_and_takes_the_others(set_limits: Callable[..., None]):
    set_limits(image_bytes=5, zip_images=2)
    found = list(unpack_upload("words.zip", zip_of("long-name.png", "1.png", "2.png", "3.png")))
    assert [name for name, data in found if isinstance(data, bytes)] == ["1.png", "2.png"]
    large, surplus = [str(error) for _, error in found if not isinstance(error, bytes)]
    assert large == "long-name.png: 13 bytes is more than is read (at most 5 bytes). Reduce it first."
    assert surplus.startswith("words.zip: of its 4 images the first 2 were taken; at most 2 and 1.0 GB are at once.")


def test_unpack_upload_takes_images_up_to_their_sum(set_limits: Callable[..., None]):
    set_limits(zip_images_bytes=11)
    found = list(unpack_upload("words.zip", zip_of("1.png", "2.png", "3.png")))
    assert [data for _, data in found[:-1]] == [b"1.png", b"2.png"]
    assert "the first 2 were taken" in str(found[-1][1])


def test_unpack_upload_of_a_bomb_raises():
    with pytest.raises(ImageError, match=r"^words\.zip would unpack to"):
        list(unpack_upload("words.zip", zip_bombs.bzip2_bomb()))


def test_unpack_upload_of_odd_members_gives_their_sentences():
    found = dict(unpack_upload("words.zip", zip_bombs.nameless(zip_of("x", "good.png", "in/inner.zip"))))
    assert found["good.png"] == b"good.png"
    assert "has no name" in str(found["words.zip"])
    assert "a zip in the zip" in str(found["inner.zip"])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK no zip", "no zip that can be read"),
        (zip_of("1.png")[:-30], "no zip that can be read"),
        (zip_of(), "no images in this zip"),
        (zip_of("notes.txt"), "no images in this zip"),
    ],
    ids=["no zip", "truncated", "empty", "no image"],
)
def test_unpack_upload_of_a_broken_or_empty_zip_raises(data: bytes, sentence: str):
    with pytest.raises(ImageError, match=f"^words.zip.*{sentence}"):
        list(unpack_upload("words.zip", data))
