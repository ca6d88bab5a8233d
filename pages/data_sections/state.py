"""What the session remembers of the Data page, apart from its widgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import streamlit as st


@dataclass
class DataPageState:
    """State of one session.

    Attributes:
        form: the form that is open.
        started: the data set whose job was started here and has not been opened yet.
        arrived, arrived_at: the data set that was added last, and `time.monotonic()` of its arrival.
        error: a sentence to show at the next drawing.
        label_error: the same, on the tab of label errors.
        stored_for, stored_ids: the data set and the words of the verdicts stored last.
        table_round: rises when the table of label errors is to be drawn anew, without its edits.
        synthesis_seed, augmentation_seed: rise with every "Other samples" and "Again".
    """

    form: Literal["", "add", "synthesize"] = ""
    started: str = ""
    arrived: str = ""
    arrived_at: float = 0.0
    error: str = ""
    label_error: str = ""
    stored_for: str = ""
    stored_ids: list[str] = field(default_factory=list)
    table_round: int = 0
    synthesis_seed: int = 0
    augmentation_seed: int = 0

    def pop_error(self) -> str:
        error, self.error = self.error, ""
        return error

    def pop_label_error(self) -> str:
        error, self.label_error = self.label_error, ""
        return error


def state() -> DataPageState:
    return st.session_state.setdefault("data_page", DataPageState())


def open_form(form: Literal["", "add", "synthesize"]) -> None:
    """A button's callback."""
    state().form = form
