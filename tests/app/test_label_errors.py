"""Label errors and synthetic words on the Data page, in every state, with stand-in results."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from visiting import errors, html, open_app

from hwr_core import jobs
from hwr_core.corrections import LabelCorrection, LabelCorrections, database
from hwr_core.datasets import open_dataset
from hwr_core.errors import DataError
from hwr_core.evaluation import label_errors
from hwr_core.files import write_text

TAB = "Likely wrong labels"


def on_tab(name: str = ""):
    return open_app("data", data_tab=TAB, **({"dataset": name} if name else {}))


@pytest.fixture
def searched(words_added: str) -> str:
    """A search that is done: three words were read differently from their labels."""
    rows = []
    for index, text, reading, confidence in (
        (0, "because", "become", 0.97),
        (3, "Garden", "garden", 0.8),
        (5, "weather", "w", 0.6),
    ):
        rows.append(
            {
                "index": index, "word_id": f"w{index:03d}", "writer": f"hand{index}", "split": "train",
                "transcription": text, "reading": reading, "confidence": confidence, "of_transcription": 0.01,
                "loss": 4.6, "suspicion": confidence - 0.01, "edits": 2,
            }
        )  # fmt: skip
    folder = label_errors.search_folder(words_added)
    write_text(folder / label_errors.RESULT, label_errors.as_csv(rows))
    done = jobs.Status(state="done", details={"read": 41, "found": 3, "reader": "steady"})
    jobs.write_status(folder, done)
    return words_added


def test_tab_without_a_model_leads_to_training(words_added: str):
    assert "there is none yet" in html(on_tab(words_added))


def test_search_form_starts_a_search(words_added: str, recognizer: object, monkeypatch: pytest.MonkeyPatch):
    started = []
    monkeypatch.setattr(label_errors, "start_search", lambda *values: started.append(values))
    app = on_tab(words_added)
    app.selectbox(key="doubts_part").set_value("train").run()
    app.button(key="doubts_start").click().run()
    assert not app.exception
    ((name, checkpoint, part, max_words),) = started
    assert (name, checkpoint.parent.name, part, max_words) == (words_added, "steady", "train", 0)


def test_search_refused_start_shows_the_error(words_added: str, recognizer: object, monkeypatch: pytest.MonkeyPatch):
    def refuse(*values: object) -> None:
        raise DataError("It is running already.")

    monkeypatch.setattr(label_errors, "start_search", refuse)
    app = on_tab(words_added)
    app.button(key="doubts_start").click().run()
    assert errors(app) == ["It is running already."]


def test_running_search_shows_progress_and_can_be_stopped(words_added: str):
    folder = label_errors.search_folder(words_added)
    status = jobs.Status(state="running", phase="Reading", step=128, steps=1000, seconds_left=80.0, pid=os.getpid())
    status.process_started = jobs.process_start(os.getpid())
    jobs.write_status(folder, status)
    app = on_tab(words_added)
    (bar,) = app.get("progress")
    assert bar.proto.text == "Reading · 128 of 1,000 · 1 min 20 s left"
    app.button(key="doubts_stop").click().run()
    assert jobs.stop_requested(folder)


def test_failed_search_shows_the_error(words_added: str, recognizer: object):
    jobs.write_status(
        label_errors.search_folder(words_added), jobs.Status(state="failed", message="There is no model.")
    )
    app = on_tab(words_added)
    assert errors(app) == ["There is no model."]
    assert app.button(key="doubts_start")


def test_label_errors_are_listed_and_filtered(searched: str):
    app = on_tab(searched)
    assert "41 words read by steady, 3 of them not as labelled" in html(app)
    table = app.dataframe[0].value
    assert table["Transcription"].tolist() == ["because", "Garden", "weather"]
    assert table["Image"].str.startswith("data:image/png").all()
    app.selectbox(key="doubts_kind").set_value("case only").run()
    assert app.dataframe[0].value["Model reads"].tolist() == ["garden"]
    app.selectbox(key="doubts_writer").set_value("hand0").run()
    assert "No word matches this filter" in html(app)
    app.button(key="doubts_all").click().run()
    assert len(app.dataframe[0].value) == 3


def test_edited_table_becomes_corrections():
    from pages.data_sections import label_errors as page_section

    rows = pd.DataFrame(
        [{"word_id": f"w{n}", "transcription": "tea", "reading": "ten", "confidence": 0.9} for n in range(5)]
    )
    edited = pd.DataFrame(
        {
            page_section.TEXT: ["tea", "tee", "tea", "tea", None],
            page_section.ACCEPT: [True, True, False, False, False],
            page_section.RIGHT: [False, False, True, False, False],
            page_section.SET_ASIDE: [False, False, False, True, False],
        }
    )
    corrections = page_section.corrections_of(rows, edited)
    decided = [(correction.word_id, correction.after, correction.verdict) for correction in corrections]
    assert decided[:2] == [("w0", "ten", "corrected"), ("w1", "tee", "corrected")]
    assert [verdict for _, _, verdict in decided[2:]] == ["right", "set aside"]


def test_store_keeps_the_person_and_the_model_and_can_be_undone(searched: str, monkeypatch: pytest.MonkeyPatch):
    from pages.data_sections import label_errors as page_section

    monkeypatch.setattr(page_section.st, "session_state", {"doubts_who": "Anna"})
    monkeypatch.setattr(page_section.st, "toast", lambda *values, **named: None)
    page_section.store(searched, [LabelCorrection("w000", "because", "become", "corrected", "become", 0.97)])
    assert open_dataset(searched).table["transcription"].iat[0] == "become"
    with database.transaction(database.database_path(), write=False) as connection:
        row = connection.execute("SELECT who, checkpoint FROM label_fixes").fetchone()
    assert tuple(row) == ("Anna", "steady")
    page_section.undo_last()
    assert open_dataset(searched).table["transcription"].iat[0] == "because"


def test_verdicts_are_counted_and_listed(searched: str):
    LabelCorrections(searched).add([LabelCorrection("w000", "because", "become")])
    app = on_tab(searched)
    assert '<span class="figure">1</span> <span class="noun">label fixed</span>' in html(app)
    assert app.dataframe[0].value["Transcription"].tolist() == ["Garden", "weather"]
    assert app.dataframe[1].value["Now"].tolist() == ["become"]
    assert app.button(key="doubts_take_back").disabled
    app = open_app("data", data_tab="About", dataset=searched)
    app.button(key="about_fixes").click().run()
    assert app.dataframe[1].value["Before"].tolist() == ["because"]


def test_synthesis_form_without_fonts_shows_a_hint(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HWR_FONTS", str(tmp_path / "none"))
    app = open_app("data")
    app.button(key="data_make").click().run()
    assert "make fonts" in app.info[0].value
    app.button(key="make_close").click().run()
    assert "No words yet" in html(app)


def test_synthesis_form_shows_samples_and_starts_the_job(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    import matplotlib

    from hwr_core.synthesis import Face, SynthesisRequest
    from pages.data_sections import synthesize

    pytest.importorskip("wordfreq")
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    monkeypatch.setenv("HWR_FONTS", str(fonts))
    faces = [Face.open(fonts / "DejaVuSans.ttf")]
    monkeypatch.setattr(synthesize, "faces", lambda folder, modified: faces)
    started: list[tuple[str, SynthesisRequest]] = []
    monkeypatch.setattr("hwr_core.synthesis.start_synthesis", lambda *values: started.append(values), raising=False)
    app = open_app("data")
    app.button(key="data_make").click().run()
    first = html(app)
    assert first.count("Synthetic handwriting: ") == synthesize.SAMPLES
    app.button(key="make_again").click().run()
    assert html(app) != first
    app.number_input(key="make_count").set_value(300).run()
    app.slider(key="make_paper").set_value(0.5).run()
    app.text_input(key="make_name").set_value("mine").run()
    app.button(key="make_start").click().run()
    assert not app.exception
    ((name, request),) = started
    assert (name, request.count, request.languages, request.seed, request.mix.paper) == ("mine", 300, ("en",), 1, 0.5)
    assert app.session_state["data_page"].started == "mine"


def test_synthesis_form_shares_above_one_show_the_error(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    from pages.data_sections import synthesize

    monkeypatch.setattr(synthesize, "fonts_version", lambda: ("fonts", 0))
    app = open_app("data")
    app.button(key="data_make").click().run()
    app.slider(key="make_binary").set_value(1.0).run()
    assert any("together at most 1" in sentence for sentence in errors(app))


def test_damaged_result_shows_the_error_and_the_search_form(searched: str, recognizer: object):
    path = label_errors.search_folder(searched) / label_errors.RESULT
    path.write_text(path.read_text().replace("0.97", "sure"))
    app = on_tab(searched)
    assert not app.exception
    assert "suspects.csv cannot be read" in errors(app)[0]
    assert app.selectbox(key="doubts_reader").value == "steady"
