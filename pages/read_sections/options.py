"""How words are read: language, capitals, test-time augmentation, a list of allowed words."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from hwr_core import limits
from hwr_core.errors import HwrError
from hwr_core.recognition import CheckpointInfo
from hwr_core.recognition.pool import ReadingConditions
from hwr_core.recognition.typed_text import parse_word_list
from pages.components import layout, word_queue, wording

AUTO, NONE = "auto", "none"
LANGUAGES = {
    AUTO: "Automatic", NONE: "None: letter by letter", "en": "English", "fr": "French", "de": "German", "es": "Spanish",
    "it": "Italian", "nl": "Dutch", "pt": "Portuguese", "sv": "Swedish", "da": "Danish", "nb": "Norwegian",
    "fi": "Finnish", "pl": "Polish", "cs": "Czech", "hu": "Hungarian", "ro": "Romanian", "tr": "Turkish",
}  # fmt: skip
CAPITALS = {AUTO: "Automatic", "all": "Every word", NONE: "None"}
VIEWS = 3  # of each word, with test-time augmentation


@st.cache_data(show_spinner=False, max_entries=16)
def writable(folder: Path, modified: float) -> tuple[str, list[str]]:
    """The characters that a model can write, and the languages that it can score (none for `dual`)."""
    from hwr_core.recognition.checkpoint import read_about
    from hwr_core.recognition.recognizer import writable_languages
    from hwr_core.text import Charset

    _, alphabet, _ = read_about(folder)
    if isinstance(alphabet, Charset):
        charset = "".join(alphabet.characters)
        return charset, writable_languages(charset)
    return "".join(sorted(set("".join(alphabet.vocabulary)))), []


def writable_by(info: CheckpointInfo) -> tuple[str, list[str]]:
    """The same of the chosen model; nothing where it cannot be opened, which the page shows elsewhere."""
    try:
        return writable(info.folder, (info.folder / "config.json").stat().st_mtime)
    except (HwrError, OSError):
        return "", []


def apply(info: CheckpointInfo) -> None:
    """Take over the values of the widgets, before anything is read."""
    charset, languages = writable_by(info)
    language = st.session_state.get("read_language") or AUTO
    allowed, _ = parse_word_list(st.session_state.get("read_words") or "", charset, limits.current().listed_words)
    language = language if language in (*languages, NONE) else AUTO
    if is_ctc(info):
        views = VIEWS if st.session_state.get("read_views") else 1
        conditions = ReadingConditions(language, allowed, capitals_share(info), views)
    else:
        conditions = ReadingConditions(language, allowed)
    word_queue.state().conditions = conditions


def is_ctc(info: CheckpointInfo) -> bool:
    """Whether the model reads by CTC alone: capitals and views are options of those."""
    return info.model_name not in ("dual", "seq2seq")


def capitals_share(info: CheckpointInfo) -> float | None:
    """The share of words that are taken to be written in capitals: as the person chose, or as those read look."""
    chosen = st.session_state.get("read_capitals") or AUTO
    return {NONE: 0.0, "all": 1.0}.get(chosen, word_queue.capitals_share(info.folder))


def options(info: CheckpointInfo) -> None:
    """The language, capitals, views, and the list of words that readings are limited to."""
    charset, languages = writable_by(info)
    if languages:
        st.selectbox(
            "Language", [AUTO, *languages, NONE], key="read_language", persist_state="session",
            format_func=lambda code: LANGUAGES.get(code, code),
            help="What separates likely words from unlikely ones. Automatic weighs all of them.",
        )  # fmt: skip
    if is_ctc(info):
        st.selectbox(
            "Written in capitals", list(CAPITALS), key="read_capitals", persist_state="session",
            format_func=CAPITALS.__getitem__,
            help="As forms are filled in, small capitals too. Automatic looks at all words here, best those of one "
            "writer; what is typed in small letters stays so.",
        )  # fmt: skip
        st.toggle(
            "Look three times", key="read_views", persist_state="session",
            help="Each word is read in three slightly changed copies together: a little surer, and three times slower.",
        )  # fmt: skip
    most = limits.current().listed_words
    text = st.text_area(
        "Only these words", key="read_words", height=120, max_chars=most * 20, persist_state="session",
        placeholder="one word a line",
        help=f"Every reading is one of them then; up to {most:,}. Empty: any word.",
    )  # fmt: skip
    allowed, unwritable = parse_word_list(text or "", charset, most)
    if unwritable:
        examples = wording.listed([f"“{word}”" for word in unwritable[:3]])
        number = wording.count(len(unwritable), "word")
        layout.error(f"{number} left out, such as {examples}: this model lacks their letters.")
    if len(allowed) == most:
        layout.note(f"The first {most:,} words of the list are used.")


def label() -> str:
    """The button's label, with what is set."""
    conditions = word_queue.state().conditions
    language = LANGUAGES.get(conditions.language, conditions.language).partition(":")[0]
    parts = [language] if conditions.language != AUTO else []
    if conditions.capitals:
        parts.append("capitals")
    if conditions.views > 1:
        parts.append(f"{conditions.views} looks")
    if conditions.words:
        parts.append(wording.count(len(conditions.words), "word"))
    return " · ".join(["Options", *parts])
