"""Home: what is here at a glance, and a picture read straight away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from visiting import ROOT, StandIn, errors, html, open_app, png


def test_empty_studio_says_what_to_do(workspace: Path):
    app = open_app()
    assert "No reader yet" in html(app)
    assert "0 data sets" in html(app)
    assert "none yet" in html(app)
    app.button(key="fill_train_a_reader").click().run()
    assert not app.exception
    assert "<h1>Train</h1>" in html(app)


def test_glance_shows_data_reader_and_run(reader: StandIn, words_added: str):
    shown = html(open_app())
    assert "1 data set" in shown
    assert "41 words" in shown
    assert "6.5 % CER when it was trained, on 2,515 words" in shown
    assert "steady" in shown


def test_a_picture_is_read_straight_away(reader: StandIn):
    app = open_app()
    app.file_uploader[0].set_value(("word.png", png(), "image/png")).run()
    assert not app.exception
    assert "because" in html(app)
    assert "50 % sure" in html(app)
    assert 'alt="The picture word.png"' in html(app)
    app.button(key="home_to_read").click().run()
    assert "<h1>Read</h1>" in html(app)
    assert len(reader.asked) == 1  # what was read stays read


def test_a_sample_is_read_by_one_click(reader: StandIn):
    app = open_app()
    app.button(key="home_sample_0").click().run()
    assert "because" in html(app)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("notes.png", b"this is a text", "This is no picture that can be read"),
        ("empty.png", b"", "The file is empty (0 bytes)"),
        ("cut.png", png()[:200], "damaged or cut short"),
    ],
)
def test_a_broken_file_gives_its_sentence(reader: StandIn, name: str, data: bytes, sentence: str):
    app = open_app()
    app.file_uploader[0].set_value((name, data, "image/png")).run()
    assert not app.exception
    assert [error for error in errors(app) if name.split(".", maxsplit=1)[0] in error and sentence in error]


def test_several_pictures_lead_to_the_read_page_once(reader: StandIn):
    app = open_app()
    files = [(f"{number}.png", png(size=(100 + number, 60)), "image/png") for number in range(3)]
    app.file_uploader[0].set_value(files).run()
    assert not app.exception
    assert "<h1>Read</h1>" in html(app)
    app.switch_page(str(ROOT / "pages" / "home.py")).run()
    assert "<h1>Handwriting Studio</h1>" in html(app)


def test_a_reader_that_cannot_be_opened_gives_its_sentence(reader: StandIn, monkeypatch: pytest.MonkeyPatch):
    from hwr_core.errors import CheckpointError
    from pages.components import models

    def refuse(folder: Path, tell: object) -> None:
        raise CheckpointError("steady is no whole checkpoint: model.keras missing.")

    monkeypatch.setattr(models, "load", refuse)
    app = open_app()
    app.file_uploader[0].set_value(("word.png", png(), "image/png")).run()
    assert not app.exception
    assert "steady is no whole checkpoint: model.keras missing." in errors(app)


def test_sidebar_keeps_the_choices_of_the_address(reader: StandIn, words_added: str):
    from hwr_core.datasets import add_dataset

    add_dataset("again", Path(reader_source(words_added)), processes=0)
    app = open_app(dataset="letters")
    assert app.selectbox(key="dataset").value == "letters"
    assert app.selectbox(key="dataset").options == ["again", "letters"]
    for page in ("data", "read", "home"):
        app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
        assert app.selectbox(key="dataset").value == "letters"
    app.button(key="home_sample_0").click().run()
    app.button(key="home_to_read").click().run()
    assert not app.exception
    assert "<h1>Read</h1>" in html(app)
    assert app.selectbox(key="dataset").value == "letters"
    assert open_app(dataset="nonsense").selectbox(key="dataset").value == "again"


def reader_source(name: str) -> str:
    from hwr_core.datasets import open_dataset

    return open_dataset(name).source


def test_sidebar_shows_a_training_that_runs(reader: StandIn, monkeypatch: pytest.MonkeyPatch):
    from types import SimpleNamespace

    from hwr_core.jobs import Status
    from pages.components import sidebar

    details = {"epoch": 7, "epochs": 40, "step": 5, "steps": 10}
    status = Status(state="running", phase="Training", step=5, steps=10, seconds_left=1080.0, details=details)
    monkeypatch.setattr(sidebar, "_training", lambda: SimpleNamespace(name="crnn-0412", status=status))
    app = open_app()
    assert [line.value for line in app.sidebar.markdown] == ["**crnn-0412** · training"]
    (bar,) = app.sidebar.get("progress")
    assert bar.proto.text == "epoch 7 of 40 · 18 min left"
    assert bar.proto.value == 16  # six and a half epochs of forty


LIGHT = """
import sys
sys.path.insert(0, {root!r})
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({root!r} + "/streamlit_app.py", default_timeout=60)
app.run()
for page in ("data", "runs", "read"):
    app.switch_page({root!r} + "/pages/" + page + ".py").run()
    assert not app.exception, (page, app.exception)
heavy = sorted({{"keras", "tensorflow", "jax"}} & set(sys.modules))
print("HEAVY", heavy)
"""


def test_pages_open_without_tensorflow(workspace: Path, words_added: str):
    code = LIGHT.format(root=str(ROOT))
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "HEAVY []" in out.stdout
