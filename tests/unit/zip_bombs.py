"""Zips that unpack to far more than they are, and others that are none of ours."""

from __future__ import annotations

import bz2
import io
import struct
import zipfile
import zlib


def bzip2_bomb(members: int = 1000, megabytes: int = 40) -> bytes:
    """So many images of so many megabytes, in some 166 bytes each."""
    size = megabytes * 1_000_000
    data, checksum = bz2.compress(bytes(size)), zlib.crc32(bytes(size))
    file, directory = io.BytesIO(), io.BytesIO()
    for index in range(members):
        name = b"%04d.png" % index
        common = struct.pack("<HHHHHIIIHH", 46, 0, 12, 0, 33, checksum, len(data), size, len(name), 0)
        directory.write(b"PK\x01\x02" + struct.pack("<H", 46) + common)
        directory.write(struct.pack("<HHHII", 0, 0, 0, 0, file.tell()) + name)
        file.write(b"PK\x03\x04" + common + name + data)
    start = file.tell()
    file.write(directory.getvalue())
    file.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, members, members, directory.tell(), start, 0))
    return file.getvalue()


def deflated(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def with_declared_size(data: bytes, size: int) -> bytes:
    """The same zip, whose directory gives its first member another size."""
    changed = bytearray(data)
    struct.pack_into("<I", changed, data.rindex(b"PK\x01\x02") + 24, size)
    return bytes(changed)


def nameless(data: bytes) -> bytes:
    """A zip whose first member has lost its name in the directory; made from a name of one character."""
    start, end = data.index(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    (size,) = struct.unpack_from("<I", data, end + 12)
    directory = data[start : start + 28] + b"\0\0" + data[start + 30 : start + 46] + data[start + 47 : end]
    return data[:start] + directory + data[end : end + 12] + struct.pack("<I", size - 1) + data[end + 16 :]
