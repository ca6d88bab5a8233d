"""The same layout on every page: title, one sentence, the main thing; and its empty and error states."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from pages.access import Right, refusal
from pages.components import menu

CSS = Path(__file__).with_name("studio.css")
MAX_MESSAGE_CHARACTERS = 2000
# Of Streamlit's Markdown, with colours, icons and formulas. Code between backticks stays: sentences name commands so.
MARKUP = re.compile(r"[\\*\[\]<$~|&]|(?<![^\W_])_|_(?![^\W_])|:(?=[\w+/-])")
BLOCK_START = re.compile(r"^(\d*)([#>+.)=-])")
LOGO = Path(__file__).with_name("logo.svg")
PAGES = menu.PAGES


def style() -> None:
    """The logo, and the CSS rules that the theme has no setting for; called in streamlit_app.py."""
    from pages.components.charts import mode

    ink = "#a3bfe6" if mode() == "dark" else "#22406b"
    st.logo(LOGO.read_text(encoding="utf-8").replace("INK", ink), size="large")
    st.html(CSS)


def page(title: str, sentence: str) -> None:
    """The head of a page: its title, and one sentence of what it shows. Every page begins with it."""
    menu.require()
    st.html(f'<header class="studio-head"><h1>{escape(title)}</h1><p>{escape(sentence)}</p></header>')


def facts(items: list[tuple[str, str]]) -> None:
    """Figures in one quiet line: [("26,863", "words"), ("219", "writers")]."""
    cells = "".join(
        f'<div><span class="figure">{escape(figure)}</span> <span class="noun">{escape(noun)}</span></div>'
        for figure, noun in items
    )
    st.html(f'<div class="studio-facts">{cells}</div>', width="content")


def note(text: str) -> None:
    """A quiet remark under the thing it is about."""
    st.html(f'<p class="studio-note">{escape(text)}</p>')


def section(title: str, sentence: str = "") -> None:
    """A smaller heading inside a page."""
    below = f"<p>{escape(sentence)}</p>" if sentence else ""
    st.html(f'<div class="studio-section"><h2>{escape(title)}</h2>{below}</div>')


def empty(
    icon: str,
    sentence: str,
    button_label: str | None = None,
    page: str | None = None,
    *,
    on_click: Callable[[], None] | None = None,
    key: str | None = None,
) -> bool:
    """The empty state: what this will show, and the one button that fills it.

    Args:
        icon: a Material symbol's name, such as "photo_library".
        sentence: what will be shown here, or why it is empty.
        button_label: without one there is no button.
        page: the page that the button opens, such as "data"; without one the button's press is returned.
        on_click: called on the press, before the page is drawn again.
        key: the button's key; made of the label by default.

    Returns:
        Whether the button was pressed (never with `page`: it leaves).
    """
    with st.container(key=f"empty_{key or icon}", horizontal_alignment="center", gap="small"):
        st.markdown(f":material/{icon}:", width="content")
        st.html(f'<p class="studio-empty">{escape(sentence)}</p>', width="stretch")
        if button_label is None:
            return False
        key = key or f"fill_{button_label.lower().replace(' ', '_')}"
        pressed = st.button(button_label, key=key, type="primary", on_click=on_click)
        if pressed and page is not None:
            go(page)
        return pressed


def page_button(label: str, on_click: Callable[..., object], *args: Any, **settings: Any) -> None:
    """A button inside a fragment that changes the page around it.

    After an `on_click` of its own, Streamlit draws the fragment alone again: what else is on the page stays as it was.

    Args:
        label: of the button.
        on_click: called on the press with `args`; then the whole page is drawn again.
        settings: of `st.button`.
    """
    if st.button(label, **settings):
        on_click(*args)
        st.rerun()


def go(page: str) -> None:
    """Open another page, such as "evaluate". The sidebar's choices stay: they are bound to the address."""
    # None would have Streamlit clear the address, which it refuses while widgets are bound to it.
    st.switch_page(PAGES / f"{page}.py", query_params={})


def link(page: str, label: str, icon: str | None = None, **choices: str) -> None:
    """A quiet link to another page. The sidebar's choices stay, being bound to the address, but for those given."""
    st.page_link(PAGES / f"{page}.py", label=label, icon=icon, query_params=choices or None)


def not_open(right: Right, instead: str = "") -> None:
    """In the place of what the visitor may not do: the sentence why, and what to do instead."""
    note(f"{refusal(right)} {instead}".strip())


def example_mark() -> None:
    """The mark of a data set or run that everyone sees, and nobody changes."""
    st.badge("example", icon=":material/public:", color="gray")


def error(sentence: str, where: str = "") -> None:
    """An error's sentence, next to the thing it is about."""
    errors([(sentence, where)])


def errors(lines: list[tuple[str, str]]) -> None:
    """Several errors together, a line each: (sentence, the thing that it is about, or empty)."""
    texts = [f"**{plain(where)}** {message(sentence)}" if where else message(sentence) for sentence, where in lines]
    st.error("  \n".join(texts), icon=":material/error:")


def card(kind: str, figure: str, below: str = "") -> None:
    """A figure on a card: what it is, the figure, a remark."""
    st.html(
        f'<div class="studio-card"><span class="kind">{escape(kind)}</span><span class="figure">{escape(figure)}</span>'
        f'<span class="below">{escape(below)}</span></div>'
    )


def reset_unless_offered(key: str, options: Sequence[str | int], default: str | int | None = None) -> None:
    """Set a choice to the default, or the first, where it is not offered any more, or an address made it up."""
    default = options[0] if default is None else default
    if st.session_state.get(key, default) not in options:
        st.session_state[key] = default


def message(text: str) -> str:
    """A sentence as Markdown that shows it as it is: it may hold names of files and columns, and whatever was typed.

    Escaped is only what would become something else, an image of another server say. It becomes one line.
    """
    line = " ".join(text.encode("utf-8", "replace").decode().split())[:MAX_MESSAGE_CHARACTERS]
    return BLOCK_START.sub(r"\1\\\2", MARKUP.sub(r"\\\g<0>", line), count=1)


def plain(text: str) -> str:
    """Text as a label shows it, its Markdown characters escaped."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]()#+-.!|~>$:<" else character for character in text)
