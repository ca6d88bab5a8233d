"""Broken inputs, each together with a good one: one sentence for the broken one, and the good one is read."""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from hwr_core.datasets import add_dataset
from hwr_core.datasets.dataset import DataSet
from hwr_core.errors import DataError


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge_png(width: int, height: int) -> bytes:
    """A white image of one bit a pixel, compressed row by row."""
    packer = zlib.compressobj(1)
    row = b"\0" + b"\xff" * ((width + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def drawn() -> Image.Image:
    image = np.full((60, 160), 235, np.uint8)
    image[20:40, 20:30] = image[26:32, 40:90] = image[15:45, 100:108] = 25
    return Image.fromarray(image)


def saved(image: Image.Image, form: str, **settings) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **settings)
    return file.getvalue()


def sixteen_bit() -> Image.Image:
    return Image.fromarray(np.asarray(drawn()).astype(np.uint16) * 257)


def palette_with_transparency() -> bytes:
    image = Image.new("P", (160, 60), 0)
    image.putpalette([255, 255, 255, 0, 0, 0] + [0] * 762)
    image.paste(1, (20, 20, 90, 30))
    return saved(image, "PNG", transparency=0)


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(drawn().rotate(90, expand=True), "JPEG", exif=exif)


def specks() -> bytes:
    image = np.full((60, 160), 255, np.uint8)
    image[::20, ::40] = 0
    return saved(Image.fromarray(image), "PNG")


def animated(form: str) -> bytes:
    return saved(drawn().convert("RGB"), form, save_all=True, append_images=[Image.new("RGB", (160, 60))] * 3)


PNG, JPEG = saved(drawn(), "PNG"), saved(drawn(), "JPEG")
GOOD = "good"  # in the tables below: the image is read
UNREADABLE, EMPTY, BLANK = "unreadable image", "empty image", "blank image"

IMAGES = {  # name -> (file, bytes, problem in the report, or GOOD)
    "truncated png": ("x.png", PNG[: len(PNG) // 2], UNREADABLE),
    "png header only": ("x.png", PNG[:20], UNREADABLE),
    "png with a bad checksum": ("x.png", PNG[:50] + b"\0\0\0\0" + PNG[54:], UNREADABLE),
    "truncated jpeg": ("x.jpg", JPEG[: len(JPEG) // 2], UNREADABLE),
    "zero bytes": ("x.png", b"", EMPTY),
    "zeros": ("x.png", bytes(5000), UNREADABLE),
    "text named png": ("x.png", b"This is not an image.\n" * 20, UNREADABLE),
    "html named jpg": ("x.jpg", b"<!DOCTYPE html><html></html>", UNREADABLE),
    "svg named png": ("x.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", UNREADABLE),
    "pdf named tif": ("x.tif", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", UNREADABLE),
    "zip named png": ("x.png", b"PK\x05\x06" + bytes(18), UNREADABLE),
    "30,000 x 30,000": ("x.png", huge_png(30_000, 30_000), UNREADABLE),
    "9,000 x 9,000": ("x.png", huge_png(9_000, 9_000), UNREADABLE),
    "one column, 70,000 high": ("x.png", huge_png(1, 70_000), UNREADABLE),
    "cmyk jpeg": ("x.jpg", saved(drawn().convert("CMYK"), "JPEG"), GOOD),
    "progressive jpeg": ("x.jpeg", saved(drawn(), "JPEG", progressive=True), GOOD),
    "jpeg named png": ("x.png", JPEG, GOOD),
    "16 bit png": ("x.png", saved(sixteen_bit(), "PNG"), GOOD),
    "16 bit tiff": ("x.tiff", saved(sixteen_bit(), "TIFF"), GOOD),
    "floating point tiff": ("x.tif", saved(drawn().convert("F"), "TIFF"), GOOD),
    "1 bit tiff, group 4": ("x.tif", saved(drawn().convert("1"), "TIFF", compression="group4"), GOOD),
    "1 bit png": ("x.png", saved(drawn().convert("1"), "PNG"), GOOD),
    "animated gif": ("x.gif", animated("GIF"), GOOD),
    "animated webp": ("x.webp", animated("WEBP"), GOOD),
    "animated png": ("x.png", animated("PNG"), GOOD),
    "multipage tiff": ("x.tif", animated("TIFF"), GOOD),
    "bmp": ("x.bmp", saved(drawn(), "BMP"), GOOD),
    "grey with alpha": ("x.png", saved(drawn().convert("LA"), "PNG"), GOOD),
    "palette with transparency": ("x.png", palette_with_transparency(), GOOD),
    "turned by exif": ("x.jpg", turned(), GOOD),
    "light on dark": ("x.png", saved(drawn().point(lambda value: 255 - value), "PNG"), GOOD),
    "1 x 1": ("x.png", saved(Image.new("L", (1, 1)), "PNG"), BLANK),
    "2 x 900": ("x.png", saved(Image.new("L", (900, 2), 9), "PNG"), BLANK),
    "all white": ("x.png", saved(Image.new("L", (90, 40), 255), "PNG"), BLANK),
    "all black": ("x.png", saved(Image.new("L", (90, 40), 0), "PNG"), BLANK),
    "a few specks": ("x.png", specks(), BLANK),
    "fully transparent": ("x.png", saved(Image.new("RGBA", (90, 40)), "PNG"), BLANK),
    "a name with spaces": ("a  b c.png", PNG, GOOD),
    "a name in decomposed unicode": (unicodedata.normalize("NFD", "été.png"), PNG, GOOD),
    "a name with an emoji": ("\U0001f600.png", PNG, GOOD),
    "an ending in capitals": ("x.PNG", PNG, GOOD),
    "no ending": ("x", PNG, "missing image"),
}


def is_one_sentence(text: str) -> bool:
    return "Traceback" not in text and "\n" not in text and text.endswith((".", "?")) and len(text) < 400


def check(dataset: DataSet, problem: str) -> None:
    """`good` was read; `bad` was read too or has the problem, in one sentence."""
    read = dict(zip(dataset.table["word_id"], range(len(dataset)), strict=True))
    assert "good" in read
    assert dataset.canvases()[read["good"]].any()
    if problem == GOOD:
        assert dataset.canvases()[read["bad"]].any()
        assert dataset.image(read["bad"]).dtype == np.uint8
        return
    assert "bad" not in read
    [row] = dataset.report[dataset.report["word_id"] == "bad"].itertuples()
    assert row.problem == problem
    assert row.row == 2
    assert is_one_sentence(row.reason)


@pytest.mark.parametrize("name", IMAGES)
def test_add_dataset_broken_image_in_a_folder(make, name):
    file, data, problem = IMAGES[name]
    make.file(f"images/{file}", data)
    make.file("images/good.png", PNG)
    image = unicodedata.normalize("NFC", file)
    make.csv([("bad", "bad", f"images/{image}"), ("good", "good", "")], ("word_id", "transcription", "image"))
    check(add_dataset("broken", make.folder), problem)


@pytest.mark.parametrize("name", ["truncated png", "zero bytes", "text named png", "30,000 x 30,000", "cmyk jpeg"])
def test_add_dataset_broken_image_in_a_zip(make, name):
    file, data, problem = IMAGES[name]
    members = {file: data, "good.png": PNG, "words.csv": f"word_id,text,file\nbad,bad,{file}\ngood,good,good.png\n"}
    check(add_dataset("broken", make.zip("broken.zip", members)), problem)


def test_add_dataset_all_broken_images_at_once(make):
    rows = []
    for index, (file, data, _) in enumerate(IMAGES.values()):
        make.file(f"{index}/{file}", data)
        rows.append((f"n{index}", f"text {index}", unicodedata.normalize("NFC", f"{index}/{file}")))
    make.csv(rows, ("word_id", "transcription", "image"))
    dataset = add_dataset("broken", make.folder)
    good = [index for index, (_, _, problem) in enumerate(IMAGES.values()) if problem == GOOD]
    assert dataset.table["word_id"].tolist() == [f"n{index}" for index in good]
    left_out = dataset.report[dataset.report["severity"] == "left out"]
    assert len(left_out) == len(IMAGES) - len(good)
    assert all(map(is_one_sentence, dataset.report["reason"]))


def test_add_dataset_folder_link_and_locked_file_are_reported(make, monkeypatch):
    make.file("folder.png/inside.txt", "x")
    make.folder.joinpath("link.png").symlink_to("nowhere.png")
    make.file("locked.png", PNG)
    make.file("good.png", PNG)
    names = ("folder", "link", "locked", "gone", "good")
    make.csv([(name, name, f"{name}.png") for name in names], ("word_id", "transcription", "image"))
    read = type(make.folder).read_bytes

    def read_bytes(path):  # a test that runs as root can read a file whatever its permissions
        if path.name == "locked.png":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(type(make.folder), "read_bytes", read_bytes)
    dataset = add_dataset("broken", make.folder)
    assert dataset.table["word_id"].tolist() == ["good"]
    reasons = dict(zip(dataset.report["word_id"], dataset.report["reason"], strict=True))
    assert reasons["folder"] == "folder.png is a folder. Expected an image."
    assert "a link to a file that is not there" in reasons["link"]
    assert reasons["locked"] == "locked.png: the file cannot be read (Permission denied)."
    assert reasons["gone"].startswith("There is no image gone.png in source.")


def test_add_dataset_file_name_not_utf8_is_reported(make):
    make.word("good.png")
    try:
        with open(bytes(make.folder) + b"/caf\xe9.png", "wb") as file:
            file.write(PNG)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    dataset = add_dataset("broken", make.folder)
    assert dataset.table["word_id"].tolist() == ["good"]
    assert dataset.report["reason"].tolist() == ["The file name caf?.png is not UTF-8. Rename the file."]


HEADER = "word_id,transcription\n"
LISTS = {  # name -> (bytes of words.csv, the words read, or the beginning of the sentence)
    "byte order mark": (f"\ufeff{HEADER}good,good\n".encode(), ["good"]),
    "semicolons": (b"word_id;transcription\ngood;good\n", ["good"]),
    "tabs": (b"word_id\ttranscription\ngood\tgood\n", ["good"]),
    "latin-1": ("word_id,transcription\ngood,été\n".encode("latin-1"), ["été"]),
    "utf-16": (f"{HEADER}good,été\n".encode("utf-16"), ["été"]),
    "utf-16 cut in a character": (f"{HEADER}good,été\n".encode("utf-16")[:-1], ["words.csv"]),
    "carriage returns": (b"word_id,transcription\rgood,good\r", ["good"]),
    "windows line ends": (b"word_id,transcription\r\ngood,good\r\n", ["good"]),
    "quoted line end": (b'word_id,transcription\ngood,"two\nlines"\n', ["two lines"]),
    "ragged rows": (b"word_id,transcription\nx\ngood,good\ny,1,2,3\n", ["good"]),
    "blank rows": (b"\n\nword_id,transcription\n\ngood,good\n\n", ["words.csv"]),
    "a zero byte": (b"word_id,transcription\ngood,good\nx,a\x00b\n", ["good"]),
    "a cell of a megabyte": (HEADER.encode() + b"x," + b"y" * 1_000_000 + b"\ngood,good\n", ["good"]),
    "a quotation mark left open": (HEADER.encode() + b'x,"oh\n' + b"good,good\n" * 30, ['"oh', "good"]),
    "a header name twice": (b"word_id,transcription,transcription\ngood,good,other\n", ["good"]),
    "right to left": ("word_id,transcription\nx,שלום\ngood,good\n".encode(), ["good"]),
    "ids with ../": (b"word_id,transcription\n../../etc/passwd,x\ngood,good\n", ["good"]),
    "very long ids": (HEADER.encode() + b"i" * 5000 + b",x\ngood,good\n", ["good"]),
    "missing columns": (b"number,colour\n1,red\n", "words.csv has no column transcription. Found: 'number', 'colour'."),
    "no header": (b"good,good\nx,y\n", "words.csv has no column transcription. Found: 'good', 'good'."),
    "empty": (b"", "words.csv is empty."),
    "header only": (HEADER.encode(), "source holds no word."),
    "garbage": (bytes(range(256)) * 40, "words.csv is no text."),
    "zero bytes only": (bytes(100), "words.csv is no text."),
}


@pytest.mark.parametrize("name", LISTS)
def test_add_dataset_broken_list(make, name):
    data, expected = LISTS[name]
    make.file("words.csv", data)
    for word in ("good", "x", "y"):
        make.word(f"{word}.png", word)
    if expected == ["words.csv"] or isinstance(expected, str):
        sentence = expected if isinstance(expected, str) else "words.csv"
        with pytest.raises(DataError, match=f"^{sentence}") as caught:
            add_dataset("broken", make.folder)
        assert is_one_sentence(str(caught.value))
    else:
        dataset = add_dataset("broken", make.folder)
        assert dataset.table["transcription"].tolist() == expected
        assert all(map(is_one_sentence, dataset.report["reason"]))
        assert all(map(is_one_sentence, dataset.notes))


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("bomb.png", "w") as member:
            for _ in range(120):
                member.write(bytes(1_000_000))
        archive.writestr("good.png", PNG)
    return file.getvalue()


def zipped(members: dict[str, bytes], **settings) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **settings) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def locked() -> bytes:
    data = zipped({"a.png": PNG})
    data = data.replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01")
    return data.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")


ZIPS = {  # name -> (bytes, the words read, or the beginning of the sentence)
    "paths that climb": (zipped({"../x.png": PNG, "a/../../y.png": PNG, "good.png": PNG}), ["good"]),
    "absolute paths": (zipped({"/tmp/x.png": PNG, "C:/y.png": PNG, "good.png": PNG}), ["good"]),
    "a bomb": (bomb(), ["good"]),
    "lzma": (zipped({"good.png": PNG}, compression=zipfile.ZIP_LZMA), ["good"]),
    "folders of macOS": (zipped({"__MACOSX/._good.png": b"x", "good.png": PNG}), ["good"]),
    "encrypted": (locked(), "broken.zip is encrypted."),
    "truncated": (zipped({"good.png": PNG * 9})[:2000], "broken.zip is no zip that can be read, or is cut short."),
    "text": (b"This is no zip.", "broken.zip is no zip that can be read, or is cut short."),
    "zero bytes": (b"", "broken.zip is no zip that can be read, or is cut short."),
    "empty": (zipped({}), "broken.zip holds no list and no image."),
    "a zip in it": (zipped({"words.zip": zipped({"good.png": PNG})}), r".*Unpack words\.zip first, or add it"),
    "nothing to read": (zipped({"notes.md": b"hello"}), "broken.zip holds no list and no image."),
    "a list without pictures": (zipped({"words.csv": b"id,text\na,b\n"}), "None of the 1 rows can be used"),
    "two lists": (
        zipped({"a.csv": b"id,text\na,b\n", "b.csv": b"id,text\na,b\n"}),
        "broken.zip holds 2 possible lists",
    ),
}


@pytest.mark.parametrize("name", ZIPS)
def test_add_dataset_broken_zip(make, name, tmp_path):
    data, expected = ZIPS[name]
    path = make.file("broken.zip", data)
    if isinstance(expected, str):
        with pytest.raises(DataError, match=f"^{expected}") as caught:
            add_dataset("broken", path)
        assert is_one_sentence(str(caught.value))
    else:
        dataset = add_dataset("broken", path)
        assert dataset.table["transcription"].tolist() == expected
        assert all(map(is_one_sentence, dataset.report["reason"]))
        refused = [name for name in zipfile.ZipFile(path).namelist() if "good" not in name]
        assert len(dataset.report) == len(refused)
    assert not (tmp_path / "y.png").exists()


def test_broken_inputs_are_at_least_fifty():
    assert len(IMAGES) + len(LISTS) + len(ZIPS) >= 50
