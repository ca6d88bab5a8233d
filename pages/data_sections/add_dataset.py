"""Adding a data set: where it is, what its columns mean, and the job that reads it, followed until it is done."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from hwr_core import jobs
from hwr_core.errors import DataError, HwrError
from pages.components import layout, sidebar, wording

KINDS = {
    "CSV and pictures": "A list of words as CSV, and a folder that holds the pictures, at any depth.",
    "Zip": "Any of the other three, zipped. It is read as it is, never unpacked.",
    "IAM database": "The folder with words.txt (or lines.txt) and the tree of pictures, as it is distributed.",
    "Folder of pictures": "Pictures named after the word they show: because.png, because_2.png.",
}
MEANINGS = {
    "transcription": "what the picture says",
    "word_id": "the word's own name",
    "image": "the picture's file",
    "writer": "who wrote it",
    "form": "the page it is from",
    "split": "train, validation or test",
}
DEMO = "demo"  # the name under which the library keeps the built-in set
NONE = "(none)"
TOLD_S = 15.0  # how long a data set's arrival is told
HEAD = 200_000  # bytes of a list that are looked at for its header


@dataclass
class Wanted:
    """What the form says so far."""

    reader: str = "auto"
    path: Path | None = None
    upload: Any = None
    pictures: Path | None = None
    columns: dict[str, str] = field(default_factory=dict)
    mapped: bool = True  # whether the columns that are needed are known


def form() -> None:
    """The form; starts the job and closes itself."""
    with st.container(border=True, key="add_form"):
        layout.section("Add a data set")
        kind = st.segmented_control("Kind", list(KINDS), key="add_kind", default="CSV and pictures", required=True)
        layout.note(KINDS[kind])
        wanted = {"CSV and pictures": csv_fields, "Zip": zip_fields}.get(kind, folder_field)(kind)
        name = st.text_input(
            "Name", key="add_name", placeholder=suggested(wanted) or "my-words", max_chars=60,
            help="What the data set is called in the studio.",
        )  # fmt: skip
        place = st.container()
        with st.container(horizontal=True, gap="small"):
            ready = bool(wanted.path or wanted.upload) and wanted.mapped
            if st.button("Add", key="add_start", type="primary", icon=":material/add:", disabled=not ready):
                try:
                    begin((name or suggested(wanted) or "").strip(), wanted)
                except (HwrError, OSError) as error:
                    with place:
                        layout.error(str(error))
                else:
                    st.session_state["adding"] = False
                    st.rerun()
            st.button("Close", key="add_close", on_click=close)


def close() -> None:
    st.session_state["adding"] = False


def csv_fields(kind: str) -> Wanted:
    left, right = st.columns(2)
    with left:
        upload = st.file_uploader(
            "CSV file", ["csv", "tsv", "txt"], key="add_csv", help="UTF-8 is best; others are read."
        )
        path = path_input("or its path on this machine", "add_csv_path", "/data/words.csv") if upload is None else None
    with right:
        pictures = path_input(
            "Folder of the pictures", "add_pictures", "/data/pictures",
            "A path on the machine that the studio runs on. Left empty: the CSV's own folder.",
        )  # fmt: skip
    wanted = Wanted("csv", path, upload, pictures)
    head = None
    if upload is not None:
        head = bytes(upload.getbuffer()[:HEAD])
        if pictures is None:
            layout.note("Say which folder holds the pictures: an uploaded CSV has none beside it.")
            wanted.upload = None
    elif path is not None and path.is_file():
        with path.open("rb") as file:
            head = file.read(HEAD)
    if head:
        wanted.columns, wanted.mapped = map_columns(upload.name if upload is not None else str(path), head)
    return wanted


def zip_fields(kind: str) -> Wanted:
    upload = st.file_uploader("Zip file", ["zip"], key="add_zip", help="Up to 1 GB; larger ones by their path.")
    path = path_input("or its path on this machine", "add_zip_path", "/data/words.zip") if upload is None else None
    return Wanted("auto", path, upload)


def folder_field(kind: str) -> Wanted:
    reader = "iam" if kind == "IAM database" else "folder"
    where = "/data/iam" if reader == "iam" else "/data/pictures"
    return Wanted(reader, path_input("Path on this machine", f"add_{reader}_path", where))


def path_input(label: str, key: str, example: str, help_text: str | None = None) -> Path | None:
    """A path on the machine; says at once when there is nothing there."""
    text = st.text_input(label, key=key, placeholder=example, help=help_text).strip().strip('"')
    if not text:
        return None
    path = Path(text).expanduser()
    if not path.exists():
        layout.error(f"There is nothing at {path} on this machine. Check the path.")
        return None
    return path.resolve()


def map_columns(name: str, head: bytes) -> tuple[dict[str, str], bool]:
    """Which column means what: found out by name, and asked for where that fails."""
    from hwr_core.datasets.sources.table import columns_of, read_table

    try:
        table = read_table(Path(name).name, head[: head.rfind(b"\n") + 1] or head)
    except HwrError as error:
        layout.error(str(error))
        return {}, False
    found = columns_of(table.header, {})
    known = "transcription" in found and bool({"word_id", "image"} & set(found))
    label = "Columns, as they were understood" if known else "Say what the columns mean"
    mapping: dict[str, str] = {}
    with st.expander(label, expanded=not known, key="add_columns"):
        options = [NONE, *dict.fromkeys(filter(None, table.header))]
        with st.grid(3, min_column_width=180, gap="small", key="add_mapping"):
            for ours, meaning in MEANINGS.items():
                guess = table.header[found[ours]] if ours in found else NONE
                chosen = st.selectbox(
                    f"{ours}: {meaning}", options, index=options.index(guess), key=f"add_column_{ours}_{name}"
                )
                if chosen != NONE:
                    mapping[ours] = chosen
    if "transcription" not in mapping or not {"word_id", "image"} & set(mapping):
        layout.note("A list needs a column for the transcription, and one for the picture's file or the word's name.")
        return mapping, False
    return mapping, True


def suggested(wanted: Wanted) -> str:
    """A name made from the source's."""
    from hwr_core.datasets import slug

    if wanted.upload is not None:
        stem = Path(wanted.upload.name).stem
    elif wanted.path is not None:
        stem = wanted.path.stem if wanted.path.is_file() else wanted.path.name
        if stem.lower() in ("words", "lines", "labels", "data") and wanted.path.is_file():
            stem = wanted.path.parent.name or stem
    else:
        return ""
    return slug(stem).lower()


def begin(name: str, wanted: Wanted) -> None:
    """Start the job that reads, checks and prepares the data set.

    Raises:
        DataError: the name is taken or cannot be one, or there is nothing at the path.
    """
    from hwr_core.datasets import save_upload, start_adding

    if not name:
        raise DataError("The data set needs a name. Type one above.")
    source = wanted.path
    if wanted.upload is not None:
        source = save_upload(name, wanted.upload.name, wanted.upload)
    assert source is not None  # the button is disabled without
    start_adding(name, source, reader=wanted.reader, columns=wanted.columns or None, image_root=wanted.pictures)
    st.session_state["added"] = name


def add_demo() -> None:
    """Add the built-in words."""
    from hwr_core.datasets import start_adding
    from hwr_core.synthesis import demo_zip

    try:
        start_adding(DEMO, demo_zip())
        st.session_state["added"] = DEMO
    except HwrError as error:
        st.session_state["add_failed"] = str(error)


def unfinished() -> list[Any]:
    """Data sets whose adding runs, was stopped or has failed."""
    from hwr_core.datasets import list_datasets

    return [info for info in list_datasets() if not info.is_ready]


def under_way(some: list[Any]) -> bool:
    return any(info.status.state == "running" for info in some)


def follow() -> None:
    """The jobs under way, redrawn every second; the whole page once more when one ends."""
    some = unfinished()
    if under_way(some):
        _live()
    else:
        _cards(some)
    _arrived()


@st.fragment(run_every="1s")
def _live() -> None:
    some = unfinished()
    _cards(some)
    if not under_way(some):
        st.rerun()


def _arrived() -> None:
    """Once a data set that was added here is ready, it is the chosen one."""
    from hwr_core.datasets import list_datasets

    name = st.session_state.get("added")
    done = {info.name: info for info in list_datasets() if info.is_ready}
    if name in done:
        del st.session_state["added"]
        sidebar.choose(dataset=name)
        st.session_state["arrived"] = (name, time.monotonic())
        st.rerun()


def arrival() -> str | None:
    """The data set that came within the last seconds. It is told for a while, not for one drawing of the page: the
    page may be drawn twice in a row, and nobody would have seen the first."""
    name, since = st.session_state.get("arrived", (None, 0.0))
    if name is None or time.monotonic() - since < TOLD_S:
        return name
    del st.session_state["arrived"]
    return None


def _cards(some: list[Any]) -> None:
    for info in some:
        status = info.status
        with st.container(border=True, key=f"job_{info.name}", gap="xsmall"):
            if status.state == "running":
                step = f"{wording.count(status.step)} of {wording.count(status.steps)}" if status.steps > 1 else ""
                text = " · ".join(filter(None, [status.phase, step, wording.time_left(status.seconds_left)]))
                st.progress(status.progress, f"**{layout.plain(info.name)}** · {text}")
                st.button("Stop", key=f"stop_{info.name}", icon=":material/stop:", on_click=_stop, args=(info.name,))
            else:
                sentence = status.message or " ".join(info.notes) or "It was not added to the end."
                layout.error(sentence, layout.plain(info.name))
                report = info.folder / "report.csv"
                with st.container(horizontal=True, gap="small"):
                    if report.is_file():
                        st.download_button(
                            "Check report (CSV)", report.read_bytes, f"{info.name}-check.csv", "text/csv",
                            key=f"report_{info.name}", icon=":material/download:", on_click="ignore",
                        )  # fmt: skip
                    st.button(
                        "Put away", key=f"forget_{info.name}", on_click=forget, args=(info.name,),
                        help="Takes this message away, and what was uploaded; your own files stay.",
                    )  # fmt: skip


def _stop(name: str) -> None:
    from hwr_core.datasets import dataset_folder

    jobs.request_stop(dataset_folder(name))


def _let_end(folder: Path) -> None:
    """A job that has said its last word needs a moment to be gone."""
    status = jobs.read_status(folder)
    end = time.monotonic() + 5
    while status.state != "running" and jobs.is_alive(status) and time.monotonic() < end:
        time.sleep(0.1)


def forget(name: str) -> None:
    """Remove a data set: what the studio prepared, and its uploaded file; files that lie elsewhere stay."""
    from hwr_core.datasets import dataset_folder, remove_dataset

    try:
        _let_end(dataset_folder(name))
        remove_dataset(name)
        st.toast(f"{name} was removed.", icon=":material/check:")
    except HwrError as error:
        st.session_state["add_failed"] = str(error)
