"""Texts from outside are shown as text: no image, link or formula of theirs is drawn; and failing words stay alone."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from visiting import StubRecognizer, errors, html, open_app, open_read, png, shown, upload

from pages.access.table import LIMITS
from pages.components import layout, uploads

EVIL = "![x](https://evil.example/x.png)"
MARKUP = [
    EVIL,
    "[a](javascript:alert(1))",
    "<img src=x>",
    "**b**",
    "$a$ $b$",
    ":red[a]",
    ":material/x:",
    "# a",
    "1. a",
    "~~a~~",
]


def table(app: AppTest) -> pd.DataFrame:
    return app.dataframe[0].value


def is_escaped(markdown: str) -> bool:
    """Whether no image or link of the markup is left."""
    return re.search(r"(?<!\\)\]\(|(?<!\\)<img", markdown) is None


@pytest.mark.parametrize("text", MARKUP)
def test_message_escapes_markup_and_nothing_else(text: str):
    shown_text = layout.message(text)
    assert shown_text != text
    assert re.sub(r"\\([^\w\s])", r"\1", shown_text) == text
    assert is_escaped(shown_text)


def test_message_leaves_sentences_as_they_are_and_is_one_line():
    sentence = "word.png: the image is damaged (cut short). Copy it again!"
    assert layout.message(sentence) == sentence
    assert layout.message("a\n\n# b\n- c") == "a # b - c"
    assert layout.message("half \ud800 a character") == "half ? a character"
    assert len(layout.message("x" * 99_999)) <= layout.MAX_MESSAGE_CHARACTERS


def test_column_names_of_a_list_load_no_image(workspace):
    app = open_app("data")
    app.button(key="data_add").click().run()
    app.file_uploader(key="add_csv").set_value(("words.csv", f"{EVIL},b\n1,2\n".encode(), "text/csv")).run()
    assert not app.exception
    texts = [element.value for kind in ("markdown", "error", "caption", "info", "warning") for element in app.get(kind)]
    assert all(map(is_escaped, texts))


def test_file_names_load_no_image(recognizer: StubRecognizer):
    app = upload(open_app("read"), [(f"{EVIL}.png", b"no image", "image/png"), ("good.png", png(), "image/png")])
    assert EVIL not in app.error[0].value
    assert is_escaped(app.error[0].value)
    assert table(app)["File"].tolist() == ["good.png"]
    assert EVIL not in html(app)


def test_word_that_fails_unexpectedly_has_its_sentence_and_the_queue_goes_on(
    recognizer: StubRecognizer, monkeypatch: pytest.MonkeyPatch
):
    original = StubRecognizer.read

    def read(self: StubRecognizer, images, **options):
        if any(image.shape[1] == 101 for image in images):
            raise ZeroDivisionError("a fault of the program")
        return original(self, images, **options)

    monkeypatch.setattr(StubRecognizer, "read", read)
    app = open_read(3)
    readings = dict(zip(table(app)["File"], table(app)["Reading"], strict=True))
    assert readings["0.png"]
    assert readings["2.png"]
    assert not readings["1.png"]
    app.session_state["word_queue"].current_id = next(
        word.id for word in app.session_state["word_queue"].words.values() if word.name == "1.png"
    )
    app.run()
    assert not app.exception
    assert "could not be read" in shown(app)["problem"]


class Upload:
    def __init__(self, name: str, size: int) -> None:
        self.name, self.size = name, size

    def getvalue(self) -> bytes:
        pytest.fail(f"{self.name} was read")


def test_uploads_beyond_number_size_or_sum_are_refused_unread(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HWR_LIMITS", '{"upload_bytes": 10, "upload_sum_bytes": 15, "upload_files": 3}')
    files = [Upload("a", 11), Upload("b", 9), Upload("c", 9), Upload("d", 3), Upload("e", 3), Upload("f", 0)]
    accepted, refused = uploads.check_sizes(files)  # type: ignore[arg-type]
    assert [file.name for file in accepted] == ["b", "d", "e"]
    sentences = {name: str(error) for name, error in refused}
    assert "is more than is taken" in sentences["a"]
    assert "all files together exceed" in sentences["c"]
    assert "at most 3 files" in sentences["f"]


def test_upload_beyond_its_size_leaves_the_others(recognizer: StubRecognizer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HWR_LIMITS", '{"upload_bytes": 2000}')
    app = upload(open_app("read"), [("large.png", bytes(2001), "image/png"), ("good.png", png(), "image/png")])
    assert table(app)["File"].tolist() == ["good.png"]
    assert "is more than is taken" in errors(app)[0]


def test_each_mode_has_its_limits(workspace, monkeypatch: pytest.MonkeyPatch):
    from hwr_core import limits
    from pages.access.mode import Mode

    for mode in (Mode.DEMO, Mode.LOCAL):
        monkeypatch.setenv("HWR_MODE", mode)
        app: AppTest = open_app()
        assert not app.exception
        assert limits.current() == (LIMITS[mode] or limits.Limits())
