"""Home: the workspace at a glance, and an image read straight away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from visiting import ROOT, StubRecognizer, errors, html, open_app, png, upload

from hwr_core.datasets import add_dataset, open_dataset
from hwr_core.errors import CheckpointError
from hwr_core.jobs import Status
from hwr_core.recognition import pool
from pages.components import sidebar


def test_home_of_an_empty_workspace_leads_to_training(workspace: Path):
    app = open_app()
    assert "No model yet" in html(app)
    assert "0 data sets" in html(app)
    assert "none yet" in html(app)
    app.button(key="fill_train_a_model").click().run()
    assert not app.exception
    assert "<h1>Train</h1>" in html(app)


def test_home_cards_show_data_model_and_run(recognizer: StubRecognizer, words_added: str):
    text = html(open_app())
    assert "1 data set" in text
    assert "41 words" in text
    assert "6.5 % CER when it was trained, on 2,515 words" in text
    assert "steady" in text


def test_home_upload_is_read_once(recognizer: StubRecognizer):
    app = upload(open_app(), ("word.png", png(), "image/png"))
    assert "because" in html(app)
    assert "50 % sure" in html(app)
    assert 'alt="The image word.png"' in html(app)
    app.button(key="home_to_read").click().run()
    assert "<h1>Read</h1>" in html(app)
    assert len(recognizer.calls) == 1


def test_home_sample_is_read_by_one_click(recognizer: StubRecognizer):
    app = open_app()
    app.button(key="home_sample_0").click().run()
    assert "because" in html(app)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("notes.png", b"this is a text", "that can be read"),
        ("empty.png", b"", "The file is empty (0 bytes)"),
        ("cut.png", png()[:200], "damaged or cut short"),
    ],
)
def test_home_broken_file_shows_its_sentence(recognizer: StubRecognizer, name: str, data: bytes, sentence: str):
    app = upload(open_app(), (name, data, "image/png"))
    assert [error for error in errors(app) if name.split(".", maxsplit=1)[0] in error and sentence in error]


def test_home_several_images_lead_to_the_read_page_once(recognizer: StubRecognizer):
    files = [(f"{number}.png", png(size=(100 + number, 60)), "image/png") for number in range(3)]
    app = upload(open_app(), files)
    assert "<h1>Read</h1>" in html(app)
    app.switch_page(str(ROOT / "pages" / "home.py")).run()
    assert "<h1>Handwriting Studio</h1>" in html(app)


def test_home_model_that_cannot_be_opened_shows_its_sentence(
    recognizer: StubRecognizer, monkeypatch: pytest.MonkeyPatch
):
    def refuse(folder: Path, on_phase: object) -> None:
        raise CheckpointError("steady is no whole checkpoint: model.keras missing.")

    monkeypatch.setattr(pool, "load_recognizer", refuse)
    app = upload(open_app(), ("word.png", png(), "image/png"))
    assert "steady is no whole checkpoint: model.keras missing." in errors(app)


def test_sidebar_keeps_the_choices_of_the_address(recognizer: StubRecognizer, words_added: str):
    add_dataset("again", Path(open_dataset(words_added).source), processes=0)
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


def test_sidebar_shows_a_running_training(recognizer: StubRecognizer, monkeypatch: pytest.MonkeyPatch):
    details = {"epoch": 7, "epochs": 40, "step": 5, "steps": 10}
    status = Status(state="running", phase="Training", step=5, steps=10, seconds_left=1080.0, details=details)
    monkeypatch.setattr(sidebar, "running_run", lambda: SimpleNamespace(name="crnn-0412", status=status))
    app = open_app()
    assert [line.value for line in app.sidebar.markdown] == ["**crnn-0412** · training"]
    (bar,) = app.sidebar.get("progress")
    assert bar.proto.text == "epoch 7 of 40 · 18 min left"
    assert bar.proto.value == 16  # six and a half epochs of forty


OPEN_PAGES = """
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
    code = OPEN_PAGES.format(root=str(ROOT))
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "HEAVY []" in out.stdout
