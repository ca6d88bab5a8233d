"""The results of one model: headline, lengths and writers, letters, confidence, files."""

from __future__ import annotations

import json
from dataclasses import asdict

import pandas as pd
import streamlit as st

from hwr_core.errors import HwrError
from hwr_core.evaluation import Evaluation, Interval, store
from hwr_core.evaluation.store import readings_csv
from pages.access import Right, may, needs
from pages.components import charts, download, layout, models, wording
from pages.evaluate_sections import metric_charts, request_form
from pages.evaluate_sections.request_form import Target

ADAPTED = "This model was adapted with words of this data set: the figures are no estimate for new words."


def interval_text(interval: Interval) -> str:
    """The interval behind a figure: `(5.9-7.1)`."""
    return f"({100 * interval.low:.1f}-{100 * interval.high:.1f})"


def headline(evaluation: Evaluation) -> None:
    """The answer in one line."""
    writers = f" by {wording.count(evaluation.writers, 'writer')}" if evaluation.writers else ""
    accuracy = evaluation.word_accuracy
    layout.facts(
        [
            (wording.percent(evaluation.cer.value), f"CER {interval_text(evaluation.cer)}"),
            (wording.percent(accuracy.value), f"words right {interval_text(accuracy)}"),
            (wording.count(evaluation.words), f"{'word' if evaluation.words == 1 else 'words'}{writers}"),
            (wording.percent(evaluation.reliability.ece), "calibration error"),
        ]
    )


def is_adapted(model: str, dataset: str) -> bool:
    """Whether the model was adapted with words of this data set, whatever part they are in."""
    info = models.available().get(model)
    return info is not None and info.summary.get("taught", {}).get("dataset") == dataset


def remarks(evaluation: Evaluation, target: Target) -> None:
    """How to interpret the figures, and when they were measured."""
    if evaluation.writers > 1:
        resampled = "writers drawn anew"
    elif evaluation.writers:
        resampled = "one writer only: the interval means nothing"
    else:
        resampled = "words drawn anew, writers unknown"
    sentences = [
        f"As written: case, accents and punctuation count. In brackets: 95 % intervals, {resampled}.",
        "Training words: a model that learned from them reads them better than it reads new ones."
        if evaluation.split == "train"
        else "",
        ADAPTED if is_adapted(target.model, evaluation.dataset) else "",
        f"Measured {wording.ago(target.stored.measured)} at {evaluation.words_per_second:,.0f} words/s.",
    ]
    layout.note(" ".join(filter(None, sentences)))


def errors_tab(evaluation: Evaluation) -> None:
    """Errors by length of the word, by kind and by writer."""
    lengths = metric_charts.group_table(evaluation.length_groups, "length")
    kinds = pd.DataFrame({"kind": list(evaluation.kinds), "words": list(evaluation.kinds.values())})
    wrong = int(kinds["words"].sum())
    kinds["share"] = kinds["words"] / max(1, wrong)
    name = f"{evaluation.checkpoint}-{evaluation.dataset}"
    with st.grid(2, min_column_width=340, gap=("small", "medium"), key="evaluate_errors"):
        with st.container(gap=None):
            charts.show(
                metric_charts.lengths({evaluation.checkpoint: lengths}), "chart_lengths", f"{name}-lengths", lengths,
                alt="Character error rate by the length of the word",
            )  # fmt: skip
        with st.container(gap=None):
            if wrong:
                charts.show(
                    metric_charts.error_kinds(kinds), "chart_kinds", f"{name}-kinds", kinds,
                    alt=f"{wrong} wrong words by kind of error",
                )  # fmt: skip
            else:
                layout.empty("verified", "Every word was read rightly.", key="no_errors")
    if not evaluation.writer_groups:
        layout.note("The data set names no writers: there is no figure for each writer.")
        return
    writers = metric_charts.group_table(evaluation.writer_groups, "writer")
    charts.show(
        metric_charts.writers(writers), "chart_writers", f"{name}-writers", writers,
        alt="Character error rate of each writer, the one with the most errors first",
    )  # fmt: skip


def letters_tab(evaluation: Evaluation) -> None:
    """Which characters are read as which others, which are left out, which are added."""
    confused = evaluation.confusions
    name = f"{evaluation.checkpoint}-{evaluation.dataset}"
    pairs = pd.DataFrame(confused.pairs, columns=["written", "read as", "times"])
    if pairs.empty and not confused.missed and not confused.added:
        layout.empty("verified", "No character was taken for another, left out or added.", key="no_confusions")
        return
    pairs["share"] = pairs["times"] / pairs["written"].map(confused.written).fillna(1).clip(lower=1)
    layout.note(
        f"{wording.count(confused.substitutions, 'character')} taken for another, "
        f"{wording.count(sum(confused.missed.values()))} left out, "
        f"{wording.count(sum(confused.added.values()))} added, "
        f"of {wording.count(sum(confused.written.values()))} written."
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        if len(pairs):
            number = st.select_slider("Characters shown", (8, 12, 16, 24, 32, 48), value=16, key="number_of_characters")
            characters, counts = confused.matrix(number)
            charts.show(
                metric_charts.confusion_matrix(characters, counts, confused.written), "chart_confusions",
                f"{name}-confusions", pairs, alt="Which written character is read as which other, how often",
            )  # fmt: skip
        else:
            layout.note("No character was taken for another.")
    with right:
        for title, numbers, key in (("Left out", confused.missed, "missed"), ("Added", confused.added, "added")):
            table = pd.DataFrame({"character": list(numbers), "times": list(numbers.values())})
            if len(table):
                charts.show(metric_charts.letters(table, title), f"chart_{key}", f"{name}-{key}", table, alt=title)
            else:
                layout.note(f"{title}: none.")


def confidence_tab(evaluation: Evaluation) -> None:
    """How reliable the confidence is, and what a threshold on it would do."""
    name = f"{evaluation.checkpoint}-{evaluation.dataset}"
    bins = pd.DataFrame([asdict(item) for item in evaluation.reliability.bins])
    coverage = pd.DataFrame([asdict(item) for item in evaluation.reliability.kept])
    percent = st.slider(
        "Accept readings that are at least this sure", 0, 99, 80, format="%d %%", key="threshold",
        help="The rest would be shown to a person.",
    )  # fmt: skip
    chosen = coverage.iloc[(coverage["threshold"] - percent / 100).abs().argmin()]
    wrong = int(chosen["wrong"])
    remaining = evaluation.words - int(chosen["words"])
    layout.facts(
        [
            (wording.percent(chosen["coverage"], 0), f"accepted: {wording.count(int(chosen['words']), 'word')}"),
            (wording.count(wrong), f"of them wrong ({wording.percent(chosen['risk'])})"),
            (wording.count(remaining), "left for a person"),
        ]
    )
    with st.grid(2, min_column_width=340, gap=("small", "medium"), key="evaluate_confidence"):
        with st.container(gap=None):
            charts.show(
                metric_charts.reliability(bins), "chart_reliability", f"{name}-reliability", bins,
                alt="How often words of each confidence are right",
            )  # fmt: skip
        with st.container(gap=None):
            charts.show(
                metric_charts.risk(coverage, float(chosen["threshold"])), "chart_risk", f"{name}-risk", coverage,
                alt="Share of wrong words among the accepted, by how many are accepted",
            )  # fmt: skip
    layout.note(
        f"Calibration error (ECE, {len(bins)} bins): {wording.percent(evaluation.reliability.ece)}. Mean confidence of "
        f"right words {wording.percent(evaluation.confidence_of_right, 0)}, of wrong ones "
        f"{wording.percent(evaluation.confidence_of_wrong, 0)}."
    )


def files_tab(evaluation: Evaluation, target: Target) -> None:
    """Downloads, and the buttons that measure again and remove."""
    name = f"{evaluation.checkpoint}-{evaluation.dataset}-{evaluation.split}".replace(" + ", "-")
    with st.container(horizontal=True, gap="small"):
        download.button(
            "Figures (JSON)", lambda: json.dumps(evaluation.report(), indent=1, ensure_ascii=False).encode("utf-8"),
            f"{name}.json", "application/json", key="figures_json",
        )  # fmt: skip
        download.button(
            "Every reading (CSV)", lambda: readings_csv(evaluation).encode("utf-8"), f"{name}.csv", "text/csv",
            key="readings_csv",
        )  # fmt: skip
        download.button(
            "Table (Markdown)", lambda: evaluation.table().encode("utf-8"), f"{name}.md", "text/markdown",
            key="table_md",
        )  # fmt: skip
    if may(Right.SERVER_PATHS):
        layout.note(f"Stored in {target.stored.folder}. The same from a shell:")
        request = target.request
        limit = f" --most {request.most}" if request.most else ""
        st.code(
            f"hwr evaluate {request.checkpoint} {request.datasets[0]} --split {request.split}{limit}",
            language="bash", wrap_lines=True,
        )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        if may(Right.EVALUATE):
            st.button(
                "Measure again",
                key="evaluate_again",
                icon=":material/refresh:",
                on_click=request_form.begin,
                args=([target],),
                help="These figures stay until the new ones are there.",
            )
        if not may(Right.DELETE):
            return
        with st.popover("Remove these figures", icon=":material/delete:", key="evaluate_remove"):
            st.markdown(
                f"Remove what was measured of **{layout.plain(evaluation.checkpoint)}** on "
                f"{layout.plain(evaluation.dataset)}, {evaluation.split}? It can be measured again."
            )
            st.button("Remove", key="evaluate_remove_yes", type="primary", on_click=remove, args=(target,))


@needs(Right.DELETE, "remove an evaluation", lambda target: target.stored.folder.name)
def remove(target: Target) -> bool:
    """A button's callback; False where it fails."""
    try:
        store.delete(target.stored)
    except (HwrError, OSError) as error:
        st.session_state[request_form.ERROR] = str(error)
        return False
    return True
