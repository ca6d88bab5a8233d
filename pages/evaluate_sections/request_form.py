"""What is asked: which reader, on which words, beside which other reader."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from hwr_core.errors import HwrError
from hwr_core.evaluation import Request, StoredEvaluation, estimate, store, stored
from pages.components import layout, models, sidebar, wording

READER, DATASET, PART, MOST, AGAINST = (
    "evaluate_reader", "evaluate_dataset", "part", "most", "against",
)  # fmt: skip
ERROR = "evaluate_error"  # the sentence of a start or stop that was refused
NOBODY = "Nobody"
ALL = "All"
AMOUNTS = ("100", "300", "1000", "3000", "10000")
PARTS = {
    "validation": "for comparing readers",
    "test": "for the last word, once",
    "train": "what a reader may have learned from",
}


@dataclass(frozen=True)
class Constraints:
    """One reader's evaluation: what it would be, and where it is kept."""

    reader: str
    request: Request
    kept: StoredEvaluation


def form(known: dict[str, Any], infos: dict[str, Any]) -> list[Constraints]:
    """The row of choices; one `Constraints`, or two where another reader is to be laid beside."""
    state = st.session_state
    state[READER] = state.get("reader") if state.get("reader") in known else next(iter(known))
    state[DATASET] = state.get("dataset") if state.get("dataset") in infos else next(iter(infos))
    with st.grid(5, min_column_width=136, gap="small", key="evaluate_form", vertical_alignment="bottom"):
        reader = st.selectbox(
            "Reader", list(known), key=READER, on_change=_mirror, args=(READER, "reader"),
        )  # fmt: skip
        dataset = st.selectbox("Data set", list(infos), key=DATASET, on_change=_mirror, args=(DATASET, "dataset"))
        parts = [part for part in PARTS if infos[dataset].parts.get(part)]
        _keep(PART, parts)
        part = st.selectbox(
            "Words of", parts, key=PART, bind="query-params",             help="No writer is in two parts: "
            + "; ".join(f"**{part}** words are {meaning}" for part, meaning in PARTS.items()) + ".",
        )  # fmt: skip
        total = infos[dataset].parts.get(part, 0)
        amounts = [ALL, *(amount for amount in AMOUNTS if int(amount) < total)]
        _keep(MOST, amounts)
        most = st.selectbox(
            f"How many of {total:,}", amounts, key=MOST, bind="query-params",
            help="Fewer are drawn at random, the same for every reader, so that they can be compared.",
        )  # fmt: skip
        others = [NOBODY, *(name for name in known if name != reader)]
        _keep(AGAINST, others)
        against = st.selectbox(
            "Beside", others, key=AGAINST, bind="query-params", disabled=len(others) == 1,
            help="A second reader on the same words: which words does one read and the other not?",
        )  # fmt: skip
    names = [reader] if against == NOBODY else [reader, against]
    amount = 0 if most == ALL else int(most)
    return [_asked(name, known[name], dataset, part, amount) for name in names]


def _asked(name: str, info: Any, dataset: str, part: str, most: int) -> Constraints:
    request = Request(str(info.folder), (dataset,), part, most)
    return Constraints(name, request, stored(request))


def _mirror(ours: str, theirs: str) -> None:
    """The sidebar's choice is this page's too."""
    st.session_state[theirs] = st.session_state[ours]


def _keep(key: str, options: list[str]) -> None:
    """A choice that is not offered any more, or that an address made up, gives way to the first."""
    if st.session_state.get(key, options[0]) not in options:
        st.session_state[key] = options[0]


def begin(some: list[Constraints]) -> None:
    """A button's callback: start these evaluations; one works at a time, the others wait."""
    for one in some:
        try:
            store.start(one.request)
        except HwrError as error:
            st.session_state[ERROR] = str(error)


def offer(some: list[Constraints]) -> None:
    """What it will take, and the button."""
    left, right = st.columns([3, 1], vertical_alignment="center", gap="medium")
    with left:
        guesses = [estimate(one.request) for one in some]
        seconds = sum(guess.seconds for guess in guesses)
        names = wording.listed([layout.plain(one.reader) for one in some])
        st.markdown(
            f"**{names}** {'has' if len(some) == 1 else 'have'} not been measured on these words yet: "
            f"{wording.count(guesses[0].words, 'word')}, about **{wording.duration(seconds)}** ({guesses[0].note})."
        )
        for sentence in beside_it(some):
            layout.note(sentence)
    with right:
        st.button(
            "Evaluate" if len(some) == 1 else "Evaluate both", key="evaluate_start", type="primary", width="stretch",
            icon=":material/play_arrow:", on_click=begin, args=(some,),
        )  # fmt: skip


def beside_it(some: list[Constraints]) -> list[str]:
    """What makes it slower than the guess."""
    from hwr_core.training import running_run

    found = []
    run = running_run()
    if run is not None:
        found.append(f"{run.name} is training on this machine: both will be slower.")
    folders = {one.kept.folder for one in some}
    other = next((one for one in store.running() if one.folder not in folders), None)
    if other is not None:
        found.append("Another evaluation is under way; this one will wait for its turn.")
    if not all(models.is_light(Path(one.request.checkpoint)) for one in some):
        found.append("This reader needs TensorFlow, which takes 5 to 9 s to start, in a process of its own.")
    return found


def nothing_to_read_with() -> None:
    layout.empty(
        "ink_pen",
        "An evaluation measures a reader, and there is none yet. Train one, or bring a checkpoint into models/.",
        "Train a reader",
        page="train",
        key="no_reader",
    )


def nothing_to_read() -> None:
    """No data set yet: the built-in one is a click away."""
    pressed = layout.empty(
        "fact_check",
        "An evaluation reads words whose transcription is known, and counts what is wrong. There is no data set yet; "
        "the built-in demo set has about 1,500 words and is ready in a few seconds.",
        "Use the built-in demo set",
        key="use_demo",
    )
    layout.link("data", "Or add your own on the Data page", ":material/add_photo_alternate:")
    if not pressed:
        return
    from hwr_core.datasets import demo_dataset

    bar = st.progress(0.0, "Reading the demo set")

    def tell(phase: str, step: int, steps: int) -> None:
        bar.progress(min(1.0, step / steps) if steps else 0.0, phase)

    try:
        demo_dataset(progress=tell)
    except HwrError as error:
        layout.error(str(error))
        return
    sidebar.choose(dataset="demo")
    st.rerun()
