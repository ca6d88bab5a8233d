"""“Teach it this hand”: from too few words to a reader that was measured on words it never saw."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import streamlit as st

from hwr_core.config import AdaptationConfig
from hwr_core.errors import HwrError
from pages.components import adaptation_result, layout, sidebar, word_queue, wording
from pages.read_sections import accept

EVERYONE = "All of them"
NO_NAME = "No name"
PUT_AWAY = "put-away"  # in a run's folder: its result was looked at


def section(info: Any) -> None:
    """What is kept, and the guided action below it."""
    accept.line()
    run = under_way()
    with st.expander("Teach it this hand", run is not None, icon=":material/school:", key="teach"):
        st.html(
            '<p class="studio-note">The reader learns from words that you accepted or corrected, and expects them, '
            "their capitals and marks from then on. It also learns from its own readings of the words that are still "
            "open on this page, where it is sure of them, and goes over words of other hands, so that those are not "
            "forgotten. A quarter of yours, at least eight, is held back and read before and after: as much of what "
            "was learned is taken as reads them best. The reader that you have stays as it is.</p>"
        )
        names()
        if run is not None:
            follow(run)
        else:
            finished()
            offer(info)


def names() -> None:
    """Who corrects, and whose hand it is: kept with every word accepted from now on."""
    left, right = st.columns(2)
    with left:
        st.text_input(
            "Whose hand is it?", key="keep_writer", max_chars=60, persist_state="session",
            placeholder="e.g. Grandmother",
            help="Kept with the words that you accept from now on, so that a reader can be taught each hand.",
        )  # fmt: skip
    with right:
        st.text_input(
            "Your name", key="keep_who", max_chars=60, persist_state="session", placeholder="may stay empty",
            help="Kept with the words that you accept from now on.",
        )  # fmt: skip


def offer(info: Any) -> None:
    """Too few words yet, or the button that begins."""
    from hwr_core.corrections import AcceptedWords
    from hwr_core.training import running_run

    try:
        hands = AcceptedWords().writers()
    except HwrError as error:
        layout.error(str(error))
        return
    name_afterwards(hands)
    writer = chosen(hands)
    number = sum(hands.values()) if writer is None else hands.get(writer, 0)
    least = AdaptationConfig().least_words
    if number < least:
        st.progress(number / least, f"{number} of the {least} words that it takes. Accept {least - number} more.")
        return
    if info.model_name in ("dual", "seq2seq"):
        layout.note("The reader that is chosen cannot be taught. Choose another one in the sidebar.")
        return
    other = running_run()
    if other is not None:
        layout.note(f"{other.name} is training now, and one training at a time gets the machine. Wait, or stop it.")
    if sentence := st.session_state.pop("teach_failed", None):
        layout.error(sentence)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            f"Teach {layout.plain(info.name)} with {wording.count(number, 'word')}",
            key="teach_start", type="primary", icon=":material/school:", disabled=other is not None,
            on_click=begin, args=(info, writer, hands),
        )  # fmt: skip
        layout.note(f"{time_it_takes(number, info)}you can go on reading meanwhile.".capitalize())
    if some := unread(writer, hands):
        layout.note(f"{wording.count(len(some), 'open word')} on this page will be learned from too, where it is sure.")


def name_afterwards(hands: dict[str, int]) -> None:
    """Words that were accepted before a name was given can have it, too."""
    if hands.get("") and writer_now():
        st.button(
            f"Name the {wording.count(hands[''], 'word')} without a name {layout.plain(writer_now())}",
            key="keep_name", type="tertiary", icon=":material/edit:", on_click=name_them,
            help="All words that were accepted without a name are this hand's from then on.",
        )  # fmt: skip


def name_them() -> None:
    from hwr_core.corrections import AcceptedWords

    try:
        number = AcceptedWords().rename("", writer_now())
    except HwrError as error:
        st.session_state["teach_failed"] = str(error)
        return
    st.toast(f"{wording.count(number, 'word')} named {layout.plain(writer_now())}.", icon=":material/check:")


def unread(writer: str | None, hands: Iterable[str]) -> list[Any]:
    """Pictures of the words on the desk that are still open, and not known to be of another hand than is taught.

    Pictures that were accepted before, and came again, are left out: they may be among those held back.
    """
    from hwr_core.corrections import AcceptedWords

    known = {"", writer} if writer is not None else {"", *hands}
    hand_now = writer_now()
    some = [word for word in word_queue.good() if word.accepted is None and (word.writer or hand_now) in known]
    if not some:
        return []
    kept = {correction.picture for correction in AcceptedWords().current()}
    return [word.picture for word in some if word.picture_key not in kept]


def writer_now() -> str:
    """Whose hand the words on the page are said to be."""
    return (st.session_state.get("keep_writer") or "").strip()


def time_it_takes(number: int, info: Any) -> str:
    """Empty where the reader's configuration is damaged: the button then says what is wrong."""
    from hwr_core.adaptation import estimated_seconds

    try:
        return f"about {wording.duration(estimated_seconds(number, info.folder))}; "
    except HwrError:
        return ""


def chosen(hands: dict[str, int]) -> str | None:
    """The hand to teach; None stands for every word."""
    if len(hands) < 2:
        return None
    options = [*hands, None]
    hand_now = writer_now()
    return st.selectbox(
        "Words of", options, options.index(hand_now) if hand_now in hands else 0, key="teach_writer",
        format_func=lambda name: f"{EVERYONE} · {sum(hands.values())}" if name is None
        else f"{name or NO_NAME} · {hands[name]}",
    )  # fmt: skip


def begin(info: Any, writer: str | None, hands: Iterable[str]) -> None:
    """The button was pressed."""
    from hwr_core.adaptation import new_adaptation
    from hwr_core.training import start

    try:
        run = new_adaptation(info.folder, writer=writer, unread=unread(writer, hands))
        st.session_state["teaching"] = run.name
        start(run)
    except (HwrError, OSError) as error:
        st.session_state["teach_failed"] = str(error)


def under_way() -> Any | None:
    """The run that teaches now, begun in whatever tab."""
    from hwr_core.training import running_run
    from hwr_core.training.run import ADAPTATION_FILE

    run = running_run()
    if run is None or not (run.folder / ADAPTATION_FILE).is_file():
        return None
    st.session_state["teaching"] = run.name
    return run


@st.fragment(run_every="1s")
def follow(run: Any) -> None:
    """Phase, progress and a way to stop; the whole page once more when it ends."""
    from hwr_core.training import stop

    status = run.status
    if status.state not in ("running", "waiting"):
        st.rerun()
    parts = [status.phase, wording.time_left(status.seconds_left)]
    st.progress(status.progress, f"**{layout.plain(run.name)}** · {' · '.join(filter(None, parts))}")
    st.button("Stop", key="teach_stop", icon=":material/stop:", on_click=stop, args=(run,))


def finished() -> None:
    """What came of the one that was begun here, else of the newest that was not put away."""
    from hwr_core.adaptation import read_result

    run = begun_here() or last_taught()
    if run is None:
        return
    taught = read_result(run.folder)
    if taught is None:
        state = run.status
        sentence = "It was stopped, and nothing has changed." if state.state == "stopped" else state.message
        (layout.note if state.state == "stopped" else layout.error)(sentence)
        put_away(run)
        return
    tell = st.warning if taught.is_worse or taught.is_untouched else st.info if taught.is_few else st.success
    tell(taught.sentence)
    adaptation_result.figures(taught)
    adaptation_result.readings(run.name, taught)
    with st.container(horizontal=True, gap="small"):
        reader = sidebar.chosen_reader()
        if not taught.is_untouched and (reader is None or reader.folder != run.checkpoint):
            st.button(
                "Use it all the same" if taught.is_worse else "Use this reader",
                key="teach_use", type="secondary" if taught.is_worse else "primary", icon=":material/check:",
                on_click=sidebar.choose, kwargs={"reader": run.name},
            )  # fmt: skip
        put_away(run)


def put_away(run: Any) -> None:
    st.button(
        "Put away", key="teach_away", on_click=forget, args=(run,),
        help="Takes this message away; a reader that was made stays in the list of readers.",
    )  # fmt: skip


def forget(run: Any) -> None:
    from hwr_core.adaptation import read_result

    st.session_state.pop("teaching", None)
    with suppress(OSError):  # it was deleted meanwhile, or nothing can be written: this tab has forgotten it anyway
        if read_result(run.folder) is not None:
            (run.folder / PUT_AWAY).touch()


def begun_here() -> Any | None:
    """The teaching that this tab has begun, unless it was deleted, or put away in another tab."""
    from hwr_core.training import open_run

    try:
        run = open_run(st.session_state.get("teaching") or "")
    except HwrError:
        run = None
    if run is None or (run.folder / PUT_AWAY).exists():
        st.session_state.pop("teaching", None)
        return None
    return run


def last_taught() -> Any | None:
    """The newest teaching that came to an end, in whatever tab, if it was not put away."""
    from hwr_core.adaptation import read_result
    from hwr_core.training import list_runs

    newest = next((run for run in list_runs() if read_result(run.folder) is not None), None)
    return None if newest is None or (newest.folder / PUT_AWAY).exists() else newest
