"""What was found of one reader: headline, lengths and writers, letters, certainty, files."""

from __future__ import annotations

import json
from dataclasses import asdict

import pandas as pd
import streamlit as st

from hwr_core.errors import HwrError
from hwr_core.evaluation import Evaluation, Interval, store
from hwr_core.evaluation.store import readings_csv
from pages.components import charts, layout, models, wording
from pages.evaluate_sections import metric_charts, request_form


def around(interval: Interval) -> str:
    """The interval behind a figure: `(5.9-7.1)`."""
    return f"({100 * interval.low:.1f}-{100 * interval.high:.1f})"


def headline(found: Evaluation) -> None:
    """The answer in one line."""
    hands = f" by {wording.count(found.writers, 'writer')}" if found.writers else ""
    layout.facts(
        [
            (wording.percent(found.cer.value), f"CER {around(found.cer)}"),
            (wording.percent(found.word_accuracy.value), f"words right {around(found.word_accuracy)}"),
            (wording.count(found.words), f"{'word' if found.words == 1 else 'words'}{hands}"),
            (wording.percent(found.reliability.ece), "calibration error"),
        ]
    )


TAUGHT = "This reader was taught words of this data set: the figures say little about words to come."


def is_taught(reader: str, dataset: str) -> bool:
    """Whether the reader was taught a hand with words of this data set, whatever part they are in."""
    info = models.available().get(reader)
    return info is not None and info.summary.get("taught", {}).get("dataset") == dataset


def remarks(found: Evaluation, one: request_form.Constraints) -> None:
    """How to take the figures, and when they were made."""
    if found.writers > 1:
        drawn = "writers drawn anew"
    else:
        drawn = "one writer only: the interval says nothing" if found.writers else "words drawn anew, writers unknown"
    said = [
        f"As written: case, accents and punctuation count. In brackets: 95 % intervals, {drawn}.",
        "Training words: a reader that learned from them reads them better than it reads new ones."
        if found.split == "train"
        else "",
        TAUGHT if is_taught(one.reader, found.dataset) else "",
        f"Measured {wording.ago(one.kept.measured)} at {found.words_per_second:,.0f} words/s.",
    ]
    layout.note(" ".join(filter(None, said)))


def errors_tab(found: Evaluation) -> None:
    """Where the errors are: in short or long words, in whose hand, of what kind."""
    lengths = metric_charts.group_table(found.length_groups, "length")
    kinds = pd.DataFrame({"kind": list(found.kinds), "words": list(found.kinds.values())})
    wrong = int(kinds["words"].sum())
    kinds["share"] = kinds["words"] / max(1, wrong)
    name = f"{found.checkpoint}-{found.dataset}"
    with st.grid(2, min_column_width=340, gap=("small", "medium"), key="evaluate_errors"):
        with st.container(gap=None):
            charts.show(
                metric_charts.lengths({found.checkpoint: lengths}), "chart_lengths", f"{name}-lengths", lengths,
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
    if not found.writer_groups:
        layout.note("The data set names no writers: there is no figure for each hand.")
        return
    writers = metric_charts.group_table(found.writer_groups, "writer")
    charts.show(
        metric_charts.writers(writers), "chart_writers", f"{name}-writers", writers,
        alt="Character error rate of each writer, the hardest hand first",
    )  # fmt: skip


def letters_tab(found: Evaluation) -> None:
    """Which characters are taken for which others, which are left out, which are added."""
    confused = found.confusions
    name = f"{found.checkpoint}-{found.dataset}"
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
            most = st.select_slider("Characters shown", (8, 12, 16, 24, 32, 48), value=16, key="most_characters")
            characters, counts = confused.matrix(most)
            charts.show(
                metric_charts.confusion_matrix(characters, counts, confused.written), "chart_confusions",
                f"{name}-confusions", pairs, alt="Which written character is read as which other, how often",
            )  # fmt: skip
        else:
            layout.note("No character was taken for another.")
    with right:
        for title, counts, key in (
            ("Left out", confused.missed, "missed"),
            ("Added", confused.added, "added"),
        ):
            table = pd.DataFrame({"character": list(counts), "times": list(counts.values())})
            if len(table):
                charts.show(metric_charts.letters(table, title), f"chart_{key}", f"{name}-{key}", table, alt=title)
            else:
                layout.note(f"{title}: none.")


def certainty_tab(found: Evaluation) -> None:
    """What the confidence is worth, and what a threshold on it would do."""
    name = f"{found.checkpoint}-{found.dataset}"
    bins = pd.DataFrame([asdict(one) for one in found.reliability.bins])
    kept = pd.DataFrame([asdict(one) for one in found.reliability.kept])
    percent = st.slider(
        "Accept readings that are at least so sure", 0, 99, 80, format="%d %%", key="threshold",
        help="The rest would be shown to a person.",
    )  # fmt: skip
    at = kept.iloc[(kept["threshold"] - percent / 100).abs().argmin()]
    wrong = int(at["wrong"])
    left = found.words - int(at["words"])
    layout.facts(
        [
            (wording.percent(at["coverage"], 0), f"accepted: {wording.count(int(at['words']), 'word')}"),
            (wording.count(wrong), f"of them wrong ({wording.percent(at['risk'])})"),
            (wording.count(left), "left for a person"),
        ]
    )
    with st.grid(2, min_column_width=340, gap=("small", "medium"), key="evaluate_certainty"):
        with st.container(gap=None):
            charts.show(
                metric_charts.reliability(bins), "chart_reliability", f"{name}-reliability", bins,
                alt="How often words of each confidence are right",
            )  # fmt: skip
        with st.container(gap=None):
            charts.show(
                metric_charts.risk(kept, float(at["threshold"])), "chart_risk", f"{name}-risk", kept,
                alt="Share of wrong words among the accepted, by how many are accepted",
            )  # fmt: skip
    layout.note(
        f"Calibration error (ECE, {len(bins)} bins): {wording.percent(found.reliability.ece)}. Mean confidence of "
        f"right words {wording.percent(found.confidence_of_right, 0)}, of wrong ones "
        f"{wording.percent(found.confidence_of_wrong, 0)}."
    )


def files_tab(found: Evaluation, one: request_form.Constraints) -> None:
    """Everything to take along; measure again; remove."""
    name = f"{found.checkpoint}-{found.dataset}-{found.split}".replace(" + ", "-")
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Figures (JSON)", lambda: json.dumps(found.report(), indent=1, ensure_ascii=False).encode("utf-8"),
            f"{name}.json", "application/json", key="figures_json", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Every reading (CSV)", lambda: readings_csv(found).encode("utf-8"), f"{name}.csv", "text/csv",
            key="readings_csv", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Table (Markdown)", lambda: found.table().encode("utf-8"), f"{name}.md", "text/markdown",
            key="table_md", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
    layout.note(f"Kept in {one.kept.folder}. The same from a shell:")
    request = one.request
    most = f" --most {request.most}" if request.most else ""
    st.code(
        f"python -m hwr_core.evaluation {request.checkpoint} {request.datasets[0]} --split {request.split}{most}",
        language="bash", wrap_lines=True,
    )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Measure again",
            key="evaluate_again",
            icon=":material/refresh:",
            on_click=request_form.begin,
            args=([one],),
            help="These figures stay until the new ones are there.",
        )
        with st.popover("Remove these figures", icon=":material/delete:", key="evaluate_remove"):
            st.markdown(
                f"Remove what was measured of **{layout.plain(found.checkpoint)}** on "
                f"{layout.plain(found.dataset)}, {found.split}? It can be measured again."
            )
            st.button("Remove", key="evaluate_remove_yes", type="primary", on_click=_remove, args=(one,))


def _remove(one: request_form.Constraints) -> None:
    try:
        store.delete(one.kept)
    except (HwrError, OSError) as error:
        st.session_state[request_form.ERROR] = str(error)
