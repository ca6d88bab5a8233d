"""Adding a data set: its source, the meaning of its columns, and the jobs that read sources."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from hwr_core import jobs, limits
from hwr_core.datasets import (
    DataSetInfo,
    dataset_folder,
    list_datasets,
    remove_dataset,
    save_upload,
    slug,
    start_adding,
)
from hwr_core.datasets import preview as source_preview
from hwr_core.errors import DataError, HwrError
from hwr_core.workspace import is_shared
from pages.access import Right, may, needs, require, visitors
from pages.components import download, layout, progress_card, sidebar, uploads, wording
from pages.data_sections.state import open_form, state

LIST, ZIP, IAM, FOLDER = "CSV and images", "Zip", "IAM database", "Folder of images"
KINDS = {
    LIST: "A list of words as CSV, and a folder that holds the images, at any depth.",
    ZIP: "Any of the other three, zipped. It is read as it is, never unpacked.",
    IAM: "The folder with words.txt (or lines.txt) and the tree of images, as it is distributed.",
    FOLDER: "Images named after the word they show: because.png, because_2.png.",
}
MEANINGS = {
    "transcription": "what the image says",
    "word_id": "the word's own name",
    "image": "the image file",
    "writer": "who wrote it",
    "form": "the page it is from",
    "split": "train, validation or test",
}
DEMO = "demo"  # name of the built-in set
NONE = "(none)"
ARRIVAL_SHOWN_SECONDS = 15.0
LEAVE_SECONDS = 5.0  # for the process of a job that has ended


@dataclass
class SourceForm:
    """What the form has so far."""

    reader: str = "auto"
    path: Path | None = None
    upload: UploadedFile | None = None
    images: UploadedFile | None = None  # a zip of the images of an uploaded list
    image_root: Path | None = None
    columns: dict[str, str] = field(default_factory=dict)
    is_mapped: bool = True  # whether the columns that are needed are known

    @property
    def is_complete(self) -> bool:
        return bool(self.path or self.upload) and self.is_mapped

    @property
    def suggested_name(self) -> str:
        if self.upload is not None:
            return slug(Path(self.upload.name).stem).lower()
        return source_preview.suggested_name(self.path) if self.path else ""


def form() -> None:
    """The form; starts the job and closes itself."""
    with st.container(border=True, key="add_form"):
        layout.section("Add a data set")
        kinds = list(KINDS) if may(Right.SERVER_PATHS) else [LIST, ZIP]  # the others are folders of the server
        kind = st.segmented_control("Kind", kinds, key="add_kind", default=LIST, required=True)
        layout.note(KINDS[kind])
        if not may(Right.SERVER_PATHS):
            layout.not_open(Right.SERVER_PATHS, "Here you upload them: folders as a zip.")
        source = {LIST: list_fields, ZIP: zip_fields, IAM: iam_fields, FOLDER: folder_fields}[kind]()
        name = st.text_input(
            "Name", key="add_name", placeholder=source.suggested_name or "my-words", max_chars=60,
            help="The data set's name in the studio.",
        )  # fmt: skip
        error_place = st.container()
        with st.container(horizontal=True, gap="small"):
            if st.button("Add", key="add_start", type="primary", icon=":material/add:",
                         disabled=not source.is_complete):  # fmt: skip
                try:
                    start((name or source.suggested_name).strip(), source)
                except (HwrError, OSError) as error:
                    with error_place:
                        layout.error(str(error))
                else:
                    open_form("")
                    st.rerun()
            st.button("Close", key="add_close", on_click=open_form, args=("",))


def list_fields() -> SourceForm:
    left, right = st.columns(2)
    with left:
        upload = st.file_uploader(
            "CSV file", ["csv", "tsv", "txt"], key="add_csv", help="UTF-8 is best; others are read."
        )
        path = path_input("or its path on this machine", "add_csv_path", "/data/words.csv") if upload is None else None
    with right:
        images = st.file_uploader("Images, zipped", ["zip"], key="add_pictures_zip") if upload is not None else None
        image_root = None
        if images is None:
            image_root = path_input(
                "Folder of the images", "add_pictures", "/data/images",
                "A path on the machine that the studio runs on. Left empty: the CSV's own folder.",
            )  # fmt: skip
    source = SourceForm("csv", path, upload, images, image_root)
    head = None
    if upload is not None and upload.size <= limits.current().upload_bytes:
        head = bytes(upload.getbuffer()[: source_preview.MAX_HEAD_BYTES])
        if image_root is None and images is None:
            needed = "Upload the images as a zip" + (", or name their folder" if may(Right.SERVER_PATHS) else "")
            layout.note(f"{needed}: an uploaded CSV has none next to it.")
            source.upload = None
    elif path is not None and path.is_file():
        head = source_preview.read_head(path)
    if head:
        source.columns, source.is_mapped = map_columns(upload.name if upload is not None else str(path), head)
    return source


def zip_fields() -> SourceForm:
    upload = st.file_uploader("Zip file", ["zip"], key="add_zip", help="Up to 1 GB; larger ones by their path.")
    path = path_input("or its path on this machine", "add_zip_path", "/data/words.zip") if upload is None else None
    return SourceForm("auto", path, upload)


def iam_fields() -> SourceForm:
    return SourceForm("iam", path_input("Path on this machine", "add_iam_path", "/data/iam"))


def folder_fields() -> SourceForm:
    return SourceForm("folder", path_input("Path on this machine", "add_folder_path", "/data/images"))


def path_input(label: str, key: str, example: str, help_text: str | None = None) -> Path | None:
    """A path on the machine; an error where there is nothing. None, and no field, without the right to name paths."""
    if not may(Right.SERVER_PATHS):
        return None
    text = st.text_input(label, key=key, placeholder=example, help=help_text).strip().strip('"')
    if not text:
        return None
    path = Path(text).expanduser()
    if not path.exists():
        layout.error(f"There is nothing at {path} on this machine. Check the path.")
        return None
    return path.resolve()


def map_columns(name: str, head: bytes) -> tuple[dict[str, str], bool]:
    """The meaning of each column: recognized by its name, and chosen by the person; and whether that is enough."""
    try:
        preview = source_preview.preview_list(Path(name).name, head)
    except HwrError as error:
        layout.error(str(error))
        return {}, False
    recognized = source_preview.are_sufficient(preview.columns)
    label = "Columns, as they were understood" if recognized else "Choose what the columns mean"
    columns: dict[str, str] = {}
    with st.expander(label, expanded=not recognized, key="add_columns"):
        options = [NONE, *dict.fromkeys(filter(None, preview.header))]
        with st.grid(3, min_column_width=180, gap="small", key="add_mapping"):
            for ours, meaning in MEANINGS.items():
                chosen = st.selectbox(
                    f"{ours}: {meaning}", options, index=options.index(preview.columns.get(ours, NONE)),
                    key=f"add_column_{ours}_{name}",
                )  # fmt: skip
                if chosen != NONE:
                    columns[ours] = chosen
    sufficient = source_preview.are_sufficient(columns)
    if not sufficient:
        layout.note("A list needs a column for the transcription, and one for the image file or the word's name.")
    return columns, sufficient


@needs(Right.ADD_DATA, "add a data set", lambda name, source: name)
def start(name: str, source: SourceForm) -> None:
    """Start the job that reads, checks and prepares the data set.

    Raises:
        DataError: the name is missing, taken or invalid, or there is nothing at the path.
        AccessError: a path that the visitor may not name, or no space for what is uploaded.
    """
    if source.path or source.image_root:
        require(Right.SERVER_PATHS)
    if not name:
        raise DataError("The data set needs a name. Type one above.")
    files = [file for file in (source.upload, source.images) if file is not None]
    for _, refused in uploads.check_sizes(files)[1]:
        raise refused
    visitors.check_quota(sum(file.size for file in files))
    path, image_root = source.path, source.image_root
    if source.upload is not None:
        path = save_upload(name, source.upload.name, source.upload)
    if source.images is not None:
        image_root = save_upload(name, source.images.name, source.images)
    if path is None:
        raise DataError("The data set needs a source. Choose its file above.")
    start_adding(name, path, reader=source.reader, columns=source.columns or None, image_root=image_root)
    state().started = name


@needs(Right.ADD_DATA, "add a data set", lambda: DEMO)
def add_demo() -> bool:
    """A button's callback: add the built-in words; False where that fails."""
    from hwr_core.datasets.demo import demo_zip

    try:
        start_adding(DEMO, demo_zip())
    except HwrError as error:
        state().error = str(error)
        return False
    state().started = DEMO
    return True


def unfinished() -> list[DataSetInfo]:
    """Data sets that are being added, or whose adding was stopped or has failed."""
    return [info for info in list_datasets() if not info.is_ready]


def follow() -> None:
    """The jobs, drawn again every second while one runs; a data set that was added here is then the chosen one."""
    progress_card.follow(
        lambda: [info.status.state for info in unfinished()],
        cards,
        seconds=1.0,
        key="add_follow",
    )
    started = state().started
    if started and any(info.name == started and info.is_ready for info in list_datasets()):
        state().started, state().arrived, state().arrived_at = "", started, time.monotonic()
        sidebar.choose(dataset=started)
        st.rerun()


def arrived() -> str:
    """The data set that was added in the last seconds.

    For a while, not for one drawing: the page may be drawn twice in a row, and nobody would see the first.
    """
    if time.monotonic() - state().arrived_at >= ARRIVAL_SHOWN_SECONDS:
        state().arrived = ""
    return state().arrived


def cards() -> None:
    for info in unfinished():
        card(info)


def card(info: DataSetInfo) -> None:
    """The progress of one job, or how it ended."""
    with st.container(border=True, key=f"job_{info.name}", gap="xsmall"):
        if info.status.state == "running":
            st.progress(info.status.progress, f"**{layout.plain(info.name)}** · {wording.job_status(info.status)}")
            if may(Right.ADD_DATA) and not is_shared(info.folder):
                progress_card.stop_button(
                    info.folder, stop, info.name, key=f"stop_{info.name}",
                    help_text="Nothing is added; your own files stay.",
                )  # fmt: skip
            return
        sentence = info.problem or info.status.message or "It was not added completely."
        layout.error(sentence, info.name)
        report = info.folder / "report.csv"
        with st.container(horizontal=True, gap="small"):
            if report.is_file():
                download.button(
                    "Check report (CSV)", report.read_bytes, f"{info.name}-check.csv", "text/csv",
                    key=f"report_{info.name}",
                )  # fmt: skip
            if may(Right.DELETE) and not is_shared(info.folder):
                layout.page_button(
                    "Dismiss", remove, info.name, key=f"forget_{info.name}",
                    help="Removes this message, and what was uploaded; your own files stay.",
                )  # fmt: skip


@needs(Right.ADD_DATA, "stop adding a data set", lambda name: name)
def stop(name: str) -> None:
    """Stop the job that adds a data set of this workspace."""
    folder = dataset_folder(name)
    if not is_shared(folder):
        jobs.request_stop(folder)


@needs(Right.DELETE, "remove a data set", lambda name: name)
def remove(name: str) -> bool:
    """Remove what the studio prepared, and the uploaded file; files elsewhere stay. False where that fails."""
    try:
        jobs.wait_until_left(dataset_folder(name), LEAVE_SECONDS)
        remove_dataset(name)
    except (HwrError, OSError) as error:
        state().error = str(error)
        return False
    st.toast(f"{layout.message(name)} was removed.", icon=":material/check:")
    return True
