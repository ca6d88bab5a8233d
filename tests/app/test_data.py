"""The Data page in every state, on a small data set of drawn words."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from visiting import errors, html, open_app, png

from hwr_core import jobs
from hwr_core.workspace import home


def tiles(app: AppTest) -> list[str]:
    """The words in the gallery."""
    return [
        button.label.removesuffix(" :material/flag:") for button in app.button if str(button.key).startswith("word_")
    ]


def on_tab(name: str, **parameters: str) -> AppTest:
    return open_app("data", data_tab=name, **parameters)


def wait_for(app: AppTest, what: str, seconds: float = 60) -> AppTest:
    """Run the page until it contains `what`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert not app.exception
        if what in html(app) + "".join(element.value for element in [*app.success, *app.error]):
            return app
        time.sleep(0.3)
        app.run()
    raise AssertionError(f"{what!r} did not appear in {seconds} s: {html(app)}")


def test_page_without_data_sets_offers_the_built_in_words(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    from pages.data_sections import add_dataset

    started: list[tuple[str, Path]] = []
    monkeypatch.setattr(add_dataset, "start_adding", lambda name, source: started.append((name, source)))
    app = open_app("data")
    assert "No words yet" in html(app)
    assert not app.tabs
    app.button(key="add_demo").click().run()
    assert not app.exception
    ((name, source),) = started
    assert name == "demo"
    assert source.is_file()


def test_gallery_shows_images_with_their_words(words_added: str):
    app = open_app("data")
    shown = html(app)
    for figure, noun in (("41", "words"), ("9", "writers"), ("2", "problems")):
        if noun != "writers":
            assert f'<span class="figure">{figure}</span> <span class="noun">{noun}</span>' in shown
    assert len(tiles(app)) == 36
    assert tiles(app)[:4] == ["because", "of", "the", "Garden"]
    assert shown.count('<img src="data:image/png;base64,') == 36
    assert 'alt="Handwriting: because"' in shown


def test_gallery_second_page_has_the_rest(words_added: str):
    app = open_app("data")
    app.pagination[0].set_value(2).run()
    assert len(tiles(app)) == 41 - 36


@pytest.mark.parametrize(
    ("key", "value", "number"),
    [("contains", "eat", 5), ("contains", "G", 5), ("contains", "g", 5), ("writer", "hand3", 5), ("split", "test", 10),
     ("length", "1 to 3", 15), ("length", "7 to 9", 10), ("flagged", True, 1)],
)  # fmt: skip
def test_gallery_filter_shows_matching_words(words_added: str, key: str, value: object, number: int):
    app = open_app("data")
    kind = {"contains": app.text_input, "flagged": app.toggle}.get(key, app.selectbox)
    kind(key=key).set_value(value).run()
    assert not app.exception
    assert len(tiles(app)) == number


def test_gallery_filter_comes_from_the_address(words_added: str):
    app = open_app("data", contains="weather")
    assert set(tiles(app)) == {"weather"}


def test_gallery_filter_without_matches_can_be_reset(words_added: str):
    app = open_app("data", contains="zebra")
    assert "No word matches this filter" in html(app)
    app.button(key="show_all").click().run()
    assert not app.exception
    assert len(tiles(app)) == 36


def test_gallery_decodes_only_the_shown_page_and_once(words_added: str, monkeypatch: pytest.MonkeyPatch):
    from hwr_core.datasets import DataSet

    opened = []
    image = DataSet.image
    monkeypatch.setattr(DataSet, "image", lambda self, index: opened.append(index) or image(self, index))
    app = open_app("data")
    assert sorted(opened) == list(range(36))
    app.run()
    assert len(opened) == 36  # and only once


def test_gallery_missing_image_shows_the_error_in_its_place(words_added: str, tmp_path: Path):
    (tmp_path / "words" / "w003.png").unlink()
    app = open_app("data")
    assert len(tiles(app)) == 36
    assert "w003.png" in html(app)


def test_charts_have_downloads_and_descriptions(words_added: str):
    app = on_tab("Charts")
    assert len(app.get("plotly_chart")) == 5
    assert len([button for button in app.get("download_button") if button.label == "CSV"]) == 5
    assert all(chart.proto.alt for chart in app.get("plotly_chart"))


def test_check_report_lists_and_filters_rows_with_reasons(words_added: str):
    app = on_tab("Check report")
    assert "1 row left out, 1 word kept" in html(app)
    shown = app.dataframe[0].value
    assert sorted(shown["problem"]) == ["missing image", "size outlier"]
    assert "gone.png" in shown.set_index("problem")["reason"]["missing image"]
    app.pills(key="report_problem").set_value("size outlier").run()
    assert app.dataframe[0].value["word_id"].tolist() == ["wide"]
    assert [button.label for button in app.get("download_button")] == ["Check report (CSV)"]


def test_gallery_click_shows_the_word(words_added: str):
    app = open_app("data")
    app.button(key="word_4").click().run()
    assert not app.exception
    shown = html(app)
    assert app.query_params["data_tab"] == "One word"
    assert '<p class="studio-reading small">museum</p>' in shown
    for number, step in enumerate(("Image", "Ink, background divided out", "Cropped to the ink", "Canvas"), 1):
        assert f"{number}  {step}" in shown
    assert shown.count("museum, changed") == 6
    assert app.query_params["word"] == "4"
    app.button(key="closer_next").click().run()
    assert '<p class="studio-reading small">weather</p>' in html(app)


def test_augmentation_again_draws_other_variations(words_added: str):
    def variations(app: AppTest) -> list[str]:
        return [body for body in (element.proto.body for element in app.get("html")) if "changed (1 of 6)" in body]

    app = on_tab("One word")
    first = variations(app)
    app.button(key="augment_again").click().run()
    assert not app.exception
    assert variations(app) != first
    app.slider(key="augment_strength").set_value(0.0).run()
    (shown,) = variations(app)
    sources = [part.split('"')[0] for part in shown.split('src="')[1:]]
    assert len(sources) == 6
    assert len(set(sources)) == 1  # nothing is changed


def test_read_this_word_opens_the_read_page_with_it(words_added: str, recognizer: object):
    app = on_tab("One word")
    app.button(key="closer_read").click().run()
    assert not app.exception
    assert "<h1>Read</h1>" in html(app)
    assert app.dataframe[0].value["File"].tolist() == ["w000.png"]


def test_remove_names_the_data_set_and_keeps_its_source(words_added: str, tmp_path: Path):
    app = on_tab("About")
    assert any("Remove **letters**, 41 words?" in line.value for line in app.markdown)
    app.button(key="data_remove_yes").click().run()
    assert not app.exception
    assert "No words yet" in html(app)
    assert not (home() / "datasets" / "letters").exists()
    assert (tmp_path / "words" / "words.csv").exists()


def open_form() -> AppTest:
    app = open_app("data")
    app.button(key="data_add").click().run()
    assert app.button(key="add_start").disabled
    return app


def test_add_csv_runs_a_job_and_chooses_the_data_set(workspace: Path, word_folder: Callable[..., Path]):
    app = open_form()
    app.text_input(key="add_csv_path").set_value(str(word_folder() / "words.csv")).run()
    assert not app.button(key="add_start").disabled
    assert app.text_input(key="add_name").placeholder == "words"
    app.button(key="add_start").click().run()
    assert not app.exception
    app = wait_for(app, "is here: 41 words; the check found 2 problems")
    assert app.selectbox(key="dataset").value == "words"
    assert len(tiles(app)) == 36


def test_add_csv_unrecognized_columns_are_chosen_by_hand(workspace: Path, word_folder: Callable[..., Path]):
    source = word_folder(header=("Nummer", "Wort", "Bild", "Hand", "Teil")) / "words.csv"
    app = open_form()
    app.text_input(key="add_csv_path").set_value(str(source)).run()
    assert app.button(key="add_start").disabled
    assert "needs a column for the transcription" in html(app)
    for ours, theirs in (("transcription", "Wort"), ("image", "Bild"), ("writer", "Hand"), ("split", "Teil")):
        app.selectbox(key=f"add_column_{ours}_{source}").set_value(theirs).run()
    assert not app.button(key="add_start").disabled
    app.button(key="add_start").click().run()
    app = wait_for(app, "is here: 41 words")
    assert "hand3" in app.selectbox(key="writer").options


def test_add_zip_upload_adds_it(workspace: Path, word_folder: Callable[..., Path], tmp_path: Path):
    import shutil

    path = shutil.make_archive(str(tmp_path / "my words"), "zip", word_folder())
    app = open_form()
    app.segmented_control(key="add_kind").set_value("Zip").run()
    app.file_uploader(key="add_zip").set_value(("my words.zip", Path(path).read_bytes(), "application/zip")).run()
    assert app.text_input(key="add_name").placeholder == "my-words"
    app.button(key="add_start").click().run()
    app = wait_for(app, "is here: 41 words")
    assert app.selectbox(key="dataset").value == "my-words"


def fail_to_remove(name: str) -> None:
    raise OSError(30, "Read-only file system")


@pytest.mark.parametrize("kind", ["Folder of images", "IAM database"])
def test_add_folder_by_its_path_adds_it_or_shows_the_error(workspace: Path, tmp_path: Path, kind: str):
    folder = tmp_path / "images"
    folder.mkdir()
    for text in ("because", "of", "the"):
        (folder / f"{text}.png").write_bytes(png(text))
    app = open_form()
    app.segmented_control(key="add_kind").set_value(kind).run()
    key = "add_iam_path" if kind.startswith("IAM") else "add_folder_path"
    app.text_input(key=key).set_value(str(folder)).run()
    app.button(key="add_start").click().run()
    assert not app.exception
    if kind.startswith("IAM"):  # there is none: the error stays until it is dismissed
        app = wait_for(app, "There is no words.txt or lines.txt")
        from pages.data_sections import add_dataset

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(add_dataset, "remove_dataset", fail_to_remove)
            app.button(key="forget_images").click().run()
        assert any("Read-only file system" in error for error in errors(app))
        app.button(key="forget_images").click().run()
        assert not app.exception
        assert not errors(app)
        assert "No words yet" in html(app)
    else:
        app = wait_for(app, "is here: 3 words")
        assert sorted(tiles(app)) == ["because", "of", "the"]


def test_add_csv_missing_path_shows_an_error(workspace: Path):
    app = open_form()
    app.text_input(key="add_csv_path").set_value("/no/such/words.csv").run()
    assert errors(app) == ["There is nothing at /no/such/words.csv on this machine. Check the path."]
    assert app.button(key="add_start").disabled


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("letters", "There is a data set letters already"), ("a/b", "is no name for a data set")],
)
def test_add_csv_invalid_name_shows_an_error(words_added: str, tmp_path: Path, name: str, sentence: str):
    app = open_form()
    app.text_input(key="add_csv_path").set_value(str(tmp_path / "words" / "words.csv")).run()
    app.text_input(key="add_name").set_value(name).run()
    app.button(key="add_start").click().run()
    assert not app.exception
    assert [error for error in errors(app) if sentence in error]
    app.button(key="add_close").click().run()
    assert not app.segmented_control


def test_running_job_shows_progress_and_can_be_stopped(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    folder = workspace / "datasets" / "iam"
    status = jobs.Status(
        state="running", phase="Preparing images", step=1200, steps=26863, seconds_left=80.0, pid=os.getpid()
    )
    status.process_started = jobs.process_start(os.getpid())
    jobs.write_status(folder, status)
    app = open_app("data")
    (bar,) = app.get("progress")
    assert bar.proto.text == "**iam** · Preparing images · 1,200 of 26,863 · 1 min 20 s left"
    app.button(key="stop_iam").click().run()
    assert jobs.stop_requested(folder)


def test_damaged_data_set_shows_the_error(words_added: str):
    (home() / "datasets" / "letters" / "words.parquet").write_bytes(b"nonsense")
    app = open_app("data")
    assert [error for error in errors(app) if "letters is damaged" in error]


def test_widgets_have_keys_and_labels(words_added: str):
    apps = [on_tab(tab) for tab in ("Words", "Charts", "Check report", "One word", "About")]
    for app in [*apps, open_form()]:
        for kind in ("button", "text_input", "selectbox", "toggle", "slider", "pills", "file_uploader", "plotly_chart"):
            for widget in app.get(kind):
                if kind != "plotly_chart":
                    assert widget.key, widget
                    assert widget.proto.label, widget


def test_accepted_words_are_a_data_set_and_corrections_are_shown(words_added: str):
    import numpy as np

    from hwr_core.corrections import AcceptedWords, LabelCorrection, LabelCorrections

    image = np.full((40, 90), 240, np.uint8)
    image[10:30, 20:60:6] = 20
    AcceptedWords().accept(image, "accepted")
    LabelCorrections(words_added).add([LabelCorrection("w000", "because", "becauses")])
    app = open_app("data", dataset=words_added)
    assert "my-corrections" in app.selectbox(key="dataset").options
    assert tiles(app)[0] == "becauses"
    LabelCorrections(words_added).undo(["w000"])
    app.run()
    assert tiles(app)[0] == "because"
    app.selectbox(key="dataset").set_value("my-corrections").run()
    assert not app.exception
    assert tiles(app) == ["accepted"]


def test_data_set_added_again_under_the_same_name_shows_its_new_images(words_added: str, tmp_path: Path):
    from hwr_core.datasets import add_dataset, dataset_folder

    def first_image(app: AppTest) -> str:
        return html(app).split('<img src="')[1].split('"')[0]

    before, description = first_image(open_app("data")), dataset_folder(words_added) / "dataset.json"
    modified = description.stat()
    on_tab("About").button(key="data_remove_yes").click().run()
    assert not description.exists()
    for path in (tmp_path / "words").glob("*.png"):
        path.write_bytes(png("other", (200, 60)))
    add_dataset(words_added, tmp_path / "words" / "words.csv", processes=0)
    os.utime(description, ns=(modified.st_atime_ns, modified.st_mtime_ns))  # the time stamp alone must not decide
    app = open_app("data", dataset=words_added)
    assert tiles(app)[:4] == ["because", "of", "the", "Garden"]
    assert first_image(app) != before
