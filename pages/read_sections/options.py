"""How words are read: languages, capitals, views, a list of words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from hwr_core.errors import HwrError
from pages.components import layout, models, word_queue, wording

AUTO, NONE = "auto", "none"
NAMES = {
    AUTO: "Automatic", NONE: "None: letter by letter", "en": "English", "fr": "French", "de": "German", "es": "Spanish",
    "it": "Italian", "nl": "Dutch", "pt": "Portuguese", "sv": "Swedish", "da": "Danish", "nb": "Norwegian",
    "fi": "Finnish", "pl": "Polish", "cs": "Czech", "hu": "Hungarian", "ro": "Romanian", "tr": "Turkish",
}  # fmt: skip
CAPITALS = {AUTO: "Automatic", "all": "Every word", NONE: "None"}
VIEWS = 3  # of a word that is looked at thoroughly
MOST = 5000  # words of a list: each is weighed at every keystroke


@st.cache_data(show_spinner=False, max_entries=16)
def letters_of(folder: Path, stamp: float) -> tuple[str, list[str]]:
    """The characters that a reader can write, and the languages that it can be held to (none for `dual`)."""
    from hwr_core.recognition.checkpoint import read_about
    from hwr_core.recognition.recognizer import writable_languages
    from hwr_core.text import Charset

    _, alphabet, _ = read_about(folder)
    if isinstance(alphabet, Charset):
        charset = "".join(alphabet.characters)
        return charset, writable_languages(charset)
    return "".join(sorted(set("".join(alphabet.written)))), []


def known(info: Any) -> tuple[str, list[str]]:
    """The same of the chosen reader; nothing where it cannot be opened, which the page says elsewhere."""
    try:
        return letters_of(info.folder, (info.folder / "config.json").stat().st_mtime)
    except (HwrError, OSError):
        return "", []


def hold(info: Any) -> None:
    """Take over what the widgets say, before anything is read."""
    charset, languages = known(info)
    language = st.session_state.get("read_language") or AUTO
    allowed, _ = listed(st.session_state.get("read_words") or "", charset)
    language = language if language in (*languages, NONE) else AUTO
    if not by_ctc(info):
        word_queue.hold_to(models.Conditions(language, allowed))
        return
    views = VIEWS if st.session_state.get("read_views") else 1
    word_queue.hold_to(models.Conditions(language, allowed, capitals(info), views))


def by_ctc(info: Any) -> bool:
    """Whether the reader reads by CTC alone: what is asked of capitals and views is for those."""
    return info.model_name not in ("dual", "seq2seq")


def capitals(info: Any) -> float | None:
    """The share of words that are taken to be written in capitals: as the person says, or as those read look."""
    said = st.session_state.get("read_capitals") or AUTO
    return {NONE: 0.0, "all": 1.0}.get(said, word_queue.in_capitals(info.folder))


def listed(text: str, charset: str) -> tuple[tuple[str, ...], list[str]]:
    """The words of a list, one a line, each once; and those that the reader has no letters for."""
    from hwr_core.text import normalize

    lines = dict.fromkeys(filter(None, (normalize(line).strip() for line in text.splitlines())))
    able = set(charset)
    fits = [line for line in lines if not charset or set(line) <= able]
    return tuple(fits[:MOST]), [line for line in lines if charset and not set(line) <= able]


def options(info: Any) -> None:
    """The language, capitals, views, and the list of words that readings are limited to."""
    charset, languages = known(info)
    if languages:
        st.selectbox(
            "Language", [AUTO, *languages, NONE], key="read_language", persist_state="session",
            format_func=lambda code: NAMES.get(code, code),
            help="What tells likely words from unlikely ones. Automatic weighs all of them.",
        )  # fmt: skip
    if by_ctc(info):
        st.selectbox(
            "Written in capitals", list(CAPITALS), key="read_capitals", persist_state="session",
            format_func=CAPITALS.__getitem__,
            help="As forms are filled in, small capitals too. Automatic looks at all words here, best those of one "
            "hand; what is typed in small letters stays so.",
        )  # fmt: skip
        st.toggle(
            "Look three times", key="read_views", persist_state="session",
            help="Each word is read in three slightly changed copies together: a little surer, and three times slower.",
        )  # fmt: skip
    text = st.text_area(
        "Only these words", key="read_words", height=120, persist_state="session", placeholder="one word a line",
        help=f"Every reading is one of them then; up to {MOST:,}. Empty: any word.",
    )  # fmt: skip
    allowed, strange = listed(text or "", charset)
    if strange:
        some = wording.listed([f"“{word}”" for word in strange[:3]])
        layout.error(
            f"{wording.count(len(strange), 'word')} left out, such as {some}: this reader lacks their letters."
        )
    if len(allowed) == MOST:
        layout.note(f"The first {MOST:,} words of the list are used.")


def label() -> str:
    """The button's label, with what is set."""
    held = word_queue.conditions()
    parts = [NAMES.get(held.language, held.language).partition(":")[0]] if held.language != AUTO else []
    if held.capitals:
        parts.append("capitals")
    if held.views > 1:
        parts.append(f"{held.views} looks")
    if held.words:
        parts.append(wording.count(len(held.words), "word"))
    return " · ".join(["Options", *parts])
