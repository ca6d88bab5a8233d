"""What to evaluate: which model, on which words, compared with which other model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from hwr_core.datasets import DataSetInfo
from hwr_core.errors import HwrError
from hwr_core.evaluation import Request, StoredEvaluation, estimate, store, stored
from hwr_core.recognition import CheckpointInfo
from hwr_core.recognition.pool import opens_quickly
from hwr_core.training import running_run
from pages.access import Right, may, needs, visitors
from pages.components import built_in_words, layout, progress_card, sidebar, wording

# Keys of widgets; PART, AMOUNT and AGAINST are names in the address too.
MODEL, DATASET, PART, AMOUNT, AGAINST = "evaluate_model", "evaluate_dataset", "part", "most", "against"
SIDEBAR_KEYS = {MODEL: "reader", DATASET: "dataset"}  # of the sidebar's widgets for the same choices
ERROR = "evaluate_error"  # the sentence of a start or a removal that was refused
EVALUATION_BYTES = 10_000_000  # readings and figures of the largest
NO_MODEL = "None"
ALL = "All"
AMOUNTS = ("100", "300", "1000", "3000", "10000")
PARTS = {
    "validation": "for comparing models",
    "test": "for the final result, once",
    "train": "what a model may have learned from",
}


@dataclass(frozen=True)
class Target:
    """One model's evaluation: what is to be measured, and where that is stored."""

    model: str
    request: Request
    stored: StoredEvaluation


def form(known: dict[str, CheckpointInfo], infos: dict[str, DataSetInfo]) -> list[Target]:
    """The row of choices; one target, or two where another model is to be compared."""
    for key, options in ((MODEL, list(known)), (DATASET, list(infos))):
        chosen = st.session_state.get(SIDEBAR_KEYS[key])
        st.session_state[key] = chosen if chosen in options else options[0]
    with st.grid(5, min_column_width=136, gap="small", key="evaluate_form", vertical_alignment="bottom"):
        model = st.selectbox("Model", list(known), key=MODEL, on_change=_set_sidebar, args=(MODEL,))
        dataset = st.selectbox("Data set", list(infos), key=DATASET, on_change=_set_sidebar, args=(DATASET,))
        parts = [part for part in PARTS if infos[dataset].parts.get(part)]
        layout.reset_unless_offered(PART, parts)
        meanings = "; ".join(f"**{part}** words are {meaning}" for part, meaning in PARTS.items())
        part = st.selectbox(
            "Words of", parts, key=PART, bind="query-params", help=f"No writer is in two parts: {meanings}."
        )
        total = infos[dataset].parts.get(part, 0)
        amounts = [ALL, *(amount for amount in AMOUNTS if int(amount) < total)]
        layout.reset_unless_offered(AMOUNT, amounts)
        amount = st.selectbox(
            f"How many of {total:,}", amounts, key=AMOUNT, bind="query-params",
            help="Fewer are drawn at random, the same for every model, so that they can be compared.",
        )  # fmt: skip
        others = [NO_MODEL, *(name for name in known if name != model)]
        layout.reset_unless_offered(AGAINST, others)
        against = st.selectbox(
            "Compare with", others, key=AGAINST, bind="query-params", disabled=len(others) == 1,
            help="A second model on the same words: which words does one read and the other not?",
        )  # fmt: skip
    targets = []
    for name in [model] if against == NO_MODEL else [model, against]:
        request = Request(str(known[name].folder), (dataset,), part, 0 if amount == ALL else int(amount))
        targets.append(Target(name, request, stored(request)))
    return targets


def _set_sidebar(key: str) -> None:
    """Take a choice of this page over into the sidebar. For callbacks."""
    st.session_state[SIDEBAR_KEYS[key]] = st.session_state[key]


def reset_unless_offered(key: str, options: list[str]) -> None:
    """Set a choice to the first where it is not offered any more, or an address made it up."""
    if st.session_state.get(key, options[0]) not in options:
        st.session_state[key] = options[0]


@needs(Right.EVALUATE, "evaluate", lambda targets: ", ".join(target.stored.folder.name for target in targets))
def begin(targets: list[Target]) -> bool:
    """Start these evaluations; one works at a time, the others wait. For callbacks; False where one fails."""
    is_started = True
    for target in targets:
        try:
            visitors.check_quota(EVALUATION_BYTES)
            store.start(target.request)
        except HwrError as error:
            st.session_state[ERROR], is_started = str(error), False
    return is_started


def offer(targets: list[Target]) -> None:
    """What the evaluations will take, and the button."""
    if not may(Right.EVALUATE):
        layout.not_open(Right.EVALUATE)
        return
    left, right = st.columns([3, 1], vertical_alignment="center", gap="medium")
    with left:
        estimates = [estimate(target.request) for target in targets]
        seconds = sum(cost.seconds for cost in estimates)
        names = wording.listed([layout.plain(target.model) for target in targets])
        st.markdown(
            f"**{names}** {'has' if len(targets) == 1 else 'have'} not been measured on these words yet: "
            f"{wording.count(estimates[0].words, 'word')}, about **{wording.duration(seconds)}** ({estimates[0].note})."
        )
        for sentence in delays(targets):
            layout.note(sentence)
    with right:
        st.button(
            "Evaluate" if len(targets) == 1 else "Evaluate both", key="evaluate_start", type="primary", width="stretch",
            icon=":material/play_arrow:", on_click=begin, args=(targets,),
        )  # fmt: skip


def delays(targets: list[Target]) -> list[str]:
    """What makes the evaluations slower than estimated, in sentences."""
    sentences = []
    run = running_run()
    if run is not None:
        sentences.append(f"{run.name} is training on this machine: both will be slower.")
    folders = {target.stored.folder for target in targets}
    if any(running.folder not in folders for running in store.running()):
        sentences.append("Another evaluation is running; this one will wait for its turn.")
    if not all(opens_quickly(Path(target.request.checkpoint)) for target in targets):
        sentences.append("This model needs TensorFlow, which takes 5 to 9 s to start, in a process of its own.")
    return sentences


def no_model() -> None:
    layout.empty(
        "ink_pen",
        "An evaluation measures a model, and there is none yet. Train one, or copy a checkpoint into models/.",
        "Train a model",
        page="train",
        key="no_model",
    )


def no_dataset() -> None:
    """No data set yet: the built-in one is a click away."""
    sentence = (
        "An evaluation reads words whose transcription is known, and counts what is wrong. There is no data set yet; "
        "the built-in demo set has about 1,500 words and is ready in a few seconds."
    )
    if not built_in_words.wait() and progress_card.offer_demo_dataset("fact_check", sentence):
        sidebar.choose(dataset="demo")
        st.rerun()
