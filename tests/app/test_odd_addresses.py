"""Addresses with odd values end in a sentence or the default, never in a traceback."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from visiting import ENTRY_POINT, ROOT

from hwr_core.config import TrainingConfig

ODD = {
    "digits": "9" * 5000,
    "infinity": "1e309",
    "nan": "nan",
    "negative": "-1",
    "beyond a widget": "1e17",
    "negative infinity": "-1e999",
    "fraction": "1.5",
    "empty": "",
    "text": "x",
    "long": "x" * 20_000,
    "unicode": "٣\u202e\U0001f600é",
    "null": "a\0b",
    "markup": "![x](https://evil.example/x.png)<b>",
    "list": "1,2,3",
    "path": "../../../etc/passwd",
}
PARAMETERS: dict[str, tuple[str, ...]] = {
    "data": ("word", "gallery_page", "writer", "split", "contains", "length", "flagged", "data_tab", "dataset"),
    "train": (
        "training.epochs", "training.learning_rate", "training.batch_size", "crnn.channels", "canvas.height",
        "augmentation.strength", "crnn.dropout", "model", "train_datasets",
    ),
    "runs": ("runs", "reader"),
    "evaluate": ("reader", "dataset", "evaluate_model", "evaluate_part", "evaluate_amount", "evaluate_against"),
    "read": ("reader", "dataset"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("page", PARAMETERS)
def test_page_with_odd_values_in_its_address_is_drawn(words_added, recognizer, page: str, kind: str):
    app = AppTest.from_file(ENTRY_POINT, default_timeout=60)
    app.run()
    app.switch_page(str(ROOT / "pages" / f"{page}.py"))
    for name in PARAMETERS[page]:
        app.query_params[name] = ODD[kind]
    if page == "data" and kind != "text":
        app.query_params["data_tab"] = "One word"
    app.run()
    assert not app.exception, [error.message for error in app.exception]


@pytest.mark.parametrize("value", ["missing", ODD["digits"], ODD["markup"], ODD["null"], ODD["path"]])
def test_train_page_of_an_odd_run_is_drawn(words_added, recognizer, value: str):
    app = open_page("train", run=value)
    assert not app.exception


@pytest.mark.parametrize("value", ["7", "1e309", "-1e309", "inf", "1e17", ODD["digits"]])
def test_train_page_takes_numbers_that_are_some_and_else_the_default(words_added, recognizer, value: str):
    app = open_page("train", **{"training.epochs": value})
    assert not app.exception
    assert app.number_input(key="training.epochs").value == (7 if value == "7" else TrainingConfig().epochs)


def open_page(page: str, **parameters: str) -> AppTest:
    app = AppTest.from_file(ENTRY_POINT, default_timeout=60)
    app.run()
    app.switch_page(str(ROOT / "pages" / f"{page}.py"))
    for name, value in parameters.items():
        app.query_params[name] = value
    return app.run()
