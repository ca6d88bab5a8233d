"""Zips from outside are read member by member, within the limits."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
import zip_bombs

from hwr_core import zips
from hwr_core.errors import DataError, ImageError
from hwr_core.limits import MB
from hwr_core.zips import Zip

SetLimits = Callable[..., None]


def opened(data: bytes) -> Zip:
    return Zip(io.BytesIO(data), "w.zip", DataError)


def test_zip_of_a_thousand_times_forty_megabytes_is_refused_unread():
    data = zip_bombs.bzip2_bomb()
    assert len(data) < 200_000
    with pytest.raises(DataError, match=r"^w\.zip would unpack to .* times its size \(40\.0 GB\), at most"):
        opened(data)


def test_zip_member_of_bzip2_is_refused_since_it_unpacks_without_bounds():
    archive = opened(zip_bombs.bzip2_bomb(1, 5))
    assert archive.members == {}
    assert "not compressed in the usual way" in archive.refused[0][1]


def test_zip_of_a_repetitive_list_is_refused_at_a_public_link(set_limits: SetLimits):
    rows = b"w000001,because,images/w000001.png,writer-1\n"
    data = zip_bombs.deflated({"words.csv": b"word_id,transcription,image,writer\n" + rows * 700_000})
    assert 30 * MB / len(data) > 200
    assert opened(data).members
    set_limits(public=True)
    with pytest.raises(DataError, match="times its size"):
        opened(data)


def test_zip_beyond_its_number_of_members_or_sum_is_refused(set_limits: SetLimits):
    data = zip_bombs.deflated({f"{index}.png": b"x" * 1000 for index in range(5)})
    set_limits(zip_members=4)
    with pytest.raises(DataError, match=r"^w\.zip has 5 members, at most 4 are read"):
        opened(data)
    set_limits(zip_bytes=4_999)
    with pytest.raises(DataError, match=r"would unpack to more than is taken: 4,999|5,000 bytes"):
        opened(data)


def test_zip_member_that_is_larger_than_it_says_is_damaged_and_takes_no_memory():
    data = zip_bombs.with_declared_size(zip_bombs.deflated({"a.png": bytes(80 * MB)}), 1000)
    archive = opened(data)
    tracemalloc.start()
    with pytest.raises(ImageError, match=r"^a\.png: damaged in the zip .*Make the zip again\.$"):
        archive.read("a.png", 100 * MB)
    assert tracemalloc.get_traced_memory()[1] < 8 * MB
    tracemalloc.stop()


def test_zip_counts_what_comes_out_against_its_limits(set_limits: SetLimits, monkeypatch: pytest.MonkeyPatch):
    """Also where the directory was believed: the count of what was read does not depend on it."""
    data = zip_bombs.deflated({"a.png": b"a" * 3000, "b.png": b"b" * 3000})
    archive = opened(data)
    set_limits(zip_bytes=5000)
    for _ in range(3):
        assert archive.read("a.png", MB) == b"a" * 3000  # again and again: counted once
    with pytest.raises(ImageError, match="more than is taken"):
        archive.read("b.png", MB)


def test_zip_member_beyond_its_size_is_refused():
    archive = opened(zip_bombs.deflated({"a.png": b"a" * 3000}))
    with pytest.raises(ImageError, match=r"a\.png: 3,000 bytes is more than is read \(at most 2,999 bytes\)"):
        archive.read("a.png", 2999)
    assert len(archive.read("a.png", 3000)) == 3000


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zip_odd_members_are_refused_each_with_a_sentence_and_the_good_one_is_read():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x", b"nameless")
        for name in ("good.png", "good.png", "inner.zip", "../up.png", "folder/", "folder/ "):
            archive.writestr(name, name.encode())
    found = opened(zip_bombs.nameless(file.getvalue()))
    assert list(found.members) == ["good.png"]
    assert found.read("good.png", MB) == b"good.png"
    sentences = " ".join(sentence for _, sentence in found.refused)
    assert len(found.refused) == 5
    for part in ("has no name", "is in the zip twice", "is a zip in the zip", "points outside"):
        assert part in sentences


def test_zip_encrypted_is_refused():
    data = bytearray(zip_bombs.deflated({"a.png": b"x"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", data, data.index(signature) + offset, 1)
    with pytest.raises(DataError, match="is encrypted"):
        opened(bytes(data))


def test_zip_of_lzma_is_unpacked_in_small_steps():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.png", bytes(9 * MB))
    assert len(opened(file.getvalue()).read("a.png", 10 * MB)) == 9 * MB
    assert zips.STEP_BYTES[zipfile.ZIP_LZMA] <= 4096
