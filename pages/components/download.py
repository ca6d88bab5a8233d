"""The download buttons of all pages: shown where exporting is allowed, recorded where there is an audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from pages.access import Right, audit, may, visitors

Data = str | bytes


def button(
    label: str,
    data: Data | Callable[[], Data],
    file_name: str,
    mime: str,
    *,
    key: str,
    type: Literal["secondary", "tertiary"] = "secondary",
    help: str | None = None,
) -> None:
    """A download button; nothing where the visitor may not export.

    Args:
        label: of the button.
        data: the file, or what makes it when the button is pressed. That runs outside the session: whatever belongs
            to the visitor must be bound when the button is drawn.
        file_name: of the file.
        mime: its media type.
        key: of the widget.
        type: of the button.
        help: its tooltip.
    """
    if not may(Right.EXPORT):
        return
    st.download_button(
        label,
        _recorded(data, file_name) if audit.is_kept() else data,
        file_name,
        mime,
        key=key,
        type=type,
        help=help,
        icon=":material/download:",
        on_click="ignore",
    )


def _recorded(data: Data | Callable[[], Data], file_name: str) -> Callable[[], Data]:
    """The same, made and recorded when the button is pressed."""
    who = visitors.current().name

    def make() -> Data:
        made = data() if callable(data) else data
        audit.record("export", file_name, who)
        return made

    return make
