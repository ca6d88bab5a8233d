"""The Data page's care for labels, and its synthetic words: every state, on drawn words and stand-in results."""

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

TAB = "Likely wrong labels"


def on_tab(name: str = ""):
    return open_app("data", data_tab=TAB, **({"dataset": name} if name else {}))


@pytest.fixture
def searched(words_added: str) -> str:
    """A search that was done: three words were read otherwise than labelled."""
    rows = []
    for index, text, reading, sure in (
        (0, "because", "become", 0.97),
        (3, "Garden", "garden", 0.8),
        (5, "weather", "w", 0.6),
    ):
        rows.append(
            {
                "index": index, "word_id": f"w{index:03d}", "writer": f"hand{index}", "split": "train",
                "transcription": text, "reading": reading, "confidence": sure, "of_transcription": 0.01, "loss": 4.6,
                "suspicion": sure - 0.01, "edits": 2,
            }
        )  # fmt: skip
    folder = label_errors.search_folder(words_added)
    jobs.write_text(folder / label_errors.RESULT, label_errors.as_csv(rows))
    done = jobs.Status(state="done", details={"read": 41, "found": 3, "reader": "steady"})
    jobs.write_status(folder, done)
    return words_added


def test_without_a_reader_the_tab_leads_to_training(words_added: str):
    assert "there is none yet" in html(on_tab(words_added))


def test_a_search_is_asked_for_and_started(words_added: str, reader: object, monkeypatch: pytest.MonkeyPatch):
    started = []
    monkeypatch.setattr(label_errors, "start_search", lambda *values: started.append(values))
    app = on_tab(words_added)
    app.selectbox(key="doubts_part").set_value("train").run()
    app.button(key="doubts_start").click().run()
    assert not app.exception
    ((name, checkpoint, part, most),) = started
    assert (name, checkpoint.parent.name, part, most) == (words_added, "steady", "train", 0)


def test_a_refused_start_is_told(words_added: str, reader: object, monkeypatch: pytest.MonkeyPatch):
    def refuse(*values: object) -> None:
        raise DataError("It is running already.")

    monkeypatch.setattr(label_errors, "start_search", refuse)
    app = on_tab(words_added)
    app.button(key="doubts_start").click().run()
    assert errors(app) == ["It is running already."]


def test_a_search_under_way_shows_its_progress_and_stops(words_added: str):
    folder = label_errors.search_folder(words_added)
    status = jobs.Status(state="running", phase="Reading", step=128, steps=1000, seconds_left=80.0, pid=os.getpid())
    status.process_started = jobs.process_start(os.getpid())
    jobs.write_status(folder, status)
    app = on_tab(words_added)
    (bar,) = app.get("progress")
    assert bar.proto.text == "Reading · 128 of 1,000 · 1 min 20 s left"
    app.button(key="doubts_stop").click().run()
    assert jobs.stop_requested(folder)


def test_a_failed_search_says_why(words_added: str, reader: object):
    jobs.write_status(
        label_errors.search_folder(words_added), jobs.Status(state="failed", message="There is no reader.")
    )
    app = on_tab(words_added)
    assert errors(app) == ["There is no reader."]
    assert app.button(key="doubts_start")


def test_what_was_found_is_listed_and_filtered(searched: str):
    app = on_tab(searched)
    assert "41 words read by steady, 3 of them otherwise than labelled" in html(app)
    table = app.dataframe[0].value
    assert table["Transcription"].tolist() == ["because", "Garden", "weather"]
    assert table["Picture"].str.startswith("data:image/png").all()
    app.selectbox(key="doubts_kind").set_value("case only").run()
    assert app.dataframe[0].value["Reader says"].tolist() == ["garden"]
    app.selectbox(key="doubts_writer").set_value("hand0").run()
    assert "No word is left by this filter" in html(app)
    app.button(key="doubts_all").click().run()
    assert len(app.dataframe[0].value) == 3


def test_what_was_judged_becomes_fixes():
    from pages.data_sections import label_errors as doubts

    rows = pd.DataFrame(
        [{"word_id": f"w{n}", "transcription": "tea", "reading": "ten", "confidence": 0.9} for n in range(5)]
    )
    edited = pd.DataFrame(
        {
            doubts.TEXT: ["tea", "tee", "tea", "tea", None],
            doubts.ACCEPT: [True, True, False, False, False],
            doubts.RIGHT: [False, False, True, False, False],
            doubts.ASIDE: [False, False, False, True, False],
        }
    )
    found = [(fix.word_id, fix.after, fix.verdict) for fix in doubts.verdicts(rows, edited)]
    assert found[:2] == [("w0", "ten", "corrected"), ("w1", "tee", "corrected")]
    assert [verdict for _, _, verdict in found[2:]] == ["right", "set aside"]


def test_fixes_are_kept_with_their_maker_and_taken_back(searched: str, monkeypatch: pytest.MonkeyPatch):
    from pages.data_sections import label_errors as doubts

    state = {"doubts_who": "Anna"}
    monkeypatch.setattr(doubts.st, "session_state", state)
    monkeypatch.setattr(doubts.st, "toast", lambda *values, **named: None)
    doubts.keep(searched, [LabelCorrection("w000", "because", "become", "corrected", "become", 0.97)])
    assert open_dataset(searched).table["transcription"].iat[0] == "become"
    with database.opened(database.database_path(), write=False) as connection:
        row = connection.execute("SELECT who, checkpoint FROM label_fixes").fetchone()
    assert tuple(row) == ("Anna", "steady")
    doubts.undo_last()
    assert open_dataset(searched).table["transcription"].iat[0] == "because"


def test_standing_fixes_are_counted_and_can_be_taken_back(searched: str):
    LabelCorrections(searched).add([LabelCorrection("w000", "because", "become")])
    app = on_tab(searched)
    assert '<span class="figure">1</span> <span class="noun">label fixed</span>' in html(app)
    assert app.dataframe[0].value["Transcription"].tolist() == ["Garden", "weather"]
    assert app.dataframe[1].value["Now"].tolist() == ["become"]
    assert app.button(key="doubts_take_back").disabled
    app = open_app("data", data_tab="About", dataset=searched)
    app.button(key="about_fixes").click().run()
    assert app.dataframe[1].value["Before"].tolist() == ["because"]


def test_synthetic_words_need_fonts_and_say_so(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HWR_FONTS", str(tmp_path / "none"))
    app = open_app("data")
    app.button(key="data_make").click().run()
    assert "make fonts" in app.info[0].value
    app.button(key="make_close").click().run()
    assert "No words yet" in html(app)


def test_synthetic_words_are_shown_and_ordered(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    import matplotlib

    from hwr_core.synthesis import job as library
    from pages.data_sections import synthesize

    pytest.importorskip("wordfreq")
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    monkeypatch.setenv("HWR_FONTS", str(fonts))
    hands = [library.Face.open(fonts / "DejaVuSans.ttf")]
    monkeypatch.setattr(synthesize, "faces", lambda folder, stamp: hands)
    ordered = []
    monkeypatch.setattr(library, "start_synthesis", lambda *values: ordered.append(values))
    monkeypatch.setattr("hwr_core.synthesis.start_making", lambda *values: ordered.append(values), raising=False)
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
    ((name, order),) = ordered
    assert (name, order.count, order.languages, order.seed, order.mix.paper) == ("mine", 300, ("en",), 1, 0.5)
    assert app.session_state["added"] == "mine"


def test_shares_that_exceed_one_are_told(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    from pages.data_sections import synthesize

    monkeypatch.setattr(synthesize, "fonts", lambda: ("fonts", 0))
    app = open_app("data")
    app.button(key="data_make").click().run()
    app.slider(key="make_binary").set_value(1.0).run()
    assert any("together at most 1" in sentence for sentence in errors(app))
