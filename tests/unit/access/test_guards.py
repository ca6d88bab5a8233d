"""Every function of the pages that acts is guarded by a right: found in the source, and called for every role."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from pages.access import rights
from pages.access.mode import Mode
from pages.access.table import RIGHTS, Right, Role

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "pages").rglob("*.py"))
CALLBACKS = ("on_click", "on_change", "on_submit", "on_select")
NO_FUNCTIONS = ("ignore", "rerun")
# Functions of hwr_core that change something on the disk, or start a job, by the names that pages call them by.
WRITING = {
    "start_adding", "save_upload", "remove_dataset", "add_dataset", "demo_dataset", "start_synthesis", "start_search",
    "delete_run", "set_notes", "new_run", "new_adaptation", "training.start", "training.stop", "store.start",
    "store.stop", "store.delete", "jobs.request_stop", "AcceptedWords().accept", "AcceptedWords().undo",
    "AcceptedWords().undo_last", "AcceptedWords().rename", "LabelCorrections(name).add", "LabelCorrections(name).undo",
}  # fmt: skip
WRITING_HERE = {"live_run": {"start", "stop"}, "train": {"start"}}  # imported by their bare names there
OPEN_FORM = {f"{path.stem}.open_form" for path in FILES}  # opens a form of this session; who may not add gets none
HARMLESS = {
    "data.on_choice": "the sidebar's choice, of the session",
    "data.show_label_errors": "what this session looks at",
    "gallery._to_start": "the page number of this session",
    "gallery.reset": "the filter of this session",
    "synthesize.other_samples": "the seed of this session",
    "word_detail._again": "the seed of this session",
    "word_detail.on_word": "a parameter: `data.show_word`",
    "gallery.on_word": "a parameter: `data.show_word`",
    "label_errors.reset": "the filter of this session",
    "label_errors.undo_last": "calls `undo`, which is guarded",
    "layout.on_click": "a parameter of a component; its callers are found, too",
    "progress_card.press": "calls a parameter of a component; its callers are found, too",
    "replay._choose": "which recording this session looks at",
    "replay.play": "the replay of this session",
    "replay.stop": "the replay of this session",
    "runs.request_delete": "opens the question; `delete` is guarded",
    "runs.resume": "calls `live_run.resume`, which is guarded",
    "live_run._start": "calls `live_run.resume`, which is guarded",
    "live_run.set_up_another": "the address of this session",
    "live_run._set_up_like": "the form of this session",
    "settings._fill_backbone": "the form of this session",
    "train.fill": "the form of this session",
    "request_form._set_sidebar": "the choices of this session",
    "worst_words.first_page": "the page number of this session",
    "worst_words.reset": "the filter of this session",
    "queue_table.on_row": "the current word of this session",
    "queue_table.on_order": "the order of this session's queue",
    "queue_table.show_page": "the page number of this session",
    "adapt.choose": "the sidebar's choice, of the session",
    "text_box.on_typed": "reads again; `accept.reopen`, which it may call, is guarded",
    "text_box.on_act": "`accept.store`, `reopen` and `undo_last`, which it calls, are guarded",
    "sign_in_form.login": "Streamlit's own, leads to the provider",
    "sign_in_form.logout": "Streamlit's own, of this session",
    "sign_in_form.sign_out": "of this session",
    "word_queue.clear": "the queue of this session",
}  # fmt: skip


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def right_of(function: ast.FunctionDef) -> Right | None:
    """The right in the decorator `needs(Right.X, ...)`."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "needs":
            return Right[ast.unparse(decorator.args[0]).removeprefix("Right.")]
    return None


def guarded() -> list[tuple[Path, str, Right]]:
    return [
        (path, function.name, right)
        for path in FILES
        for function in functions(ast.parse(path.read_text(encoding="utf-8")))
        if (right := right_of(function)) is not None
    ]


GUARDED = guarded()


def load(path: Path, name: str) -> object:
    """A function of a section, or of a page without running the page."""
    if path.parent != ROOT / "pages":
        return getattr(importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)), name)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if not isinstance(node, ast.Expr)]
    namespace = {"__name__": f"test_{path.stem}"}
    exec(compile(tree, str(path), "exec"), namespace)
    return namespace[name]


def test_the_actions_are_found():
    assert len(GUARDED) > 30
    assert {right for _, _, right in GUARDED} >= {
        Right.READ, Right.ACCEPT, Right.EVALUATE, Right.ADD_DATA, Right.CORRECT, Right.ADAPT, Right.TRAIN, Right.DELETE,
    }  # fmt: skip


@pytest.mark.parametrize(("path", "name", "right"), GUARDED, ids=[f"{path.stem}.{name}" for path, name, _ in GUARDED])
def test_action_of_every_page_happens_only_with_its_right(path, name, right, monkeypatch):
    action = load(path, name)
    for mode in Mode:
        for role in Role:
            monkeypatch.setattr(rights, "mode", lambda mode=mode: mode)
            monkeypatch.setattr(rights, "role", lambda role=role: role)
            st.session_state.pop(rights.REFUSED, None)
            if right in RIGHTS.get((mode, role), ()):
                with pytest.raises(TypeError):  # it was entered
                    action(no_such_argument=True)
            else:
                assert action(no_such_argument=True) is None
                assert "is not open to you" in st.session_state[rights.REFUSED][0]


def callbacks(path: Path) -> Iterator[tuple[str, int]]:
    """The functions that are given to widgets, as `module.function`, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            name = keyword.arg or ""
            if name in CALLBACKS or (name.startswith("on_") and name.endswith("_change")):
                yield from ((found, node.lineno) for found in names_in(keyword.value, path))
        if ast.unparse(node.func).endswith(("page_button", "stop_button")) and len(node.args) > 1:
            yield from ((found, node.lineno) for found in names_in(node.args[1], path))


def names_in(value: ast.expr, path: Path) -> list[str]:
    if isinstance(value, ast.Lambda):
        value = value.body
        if isinstance(value, ast.Call):
            value = value.func
    if isinstance(value, ast.Constant):
        return [] if value.value in (*NO_FUNCTIONS, None) else [f"{path.stem}.{value.value}"]
    text = ast.unparse(value)
    module, _, name = text.rpartition(".")
    if module in ("st", "sidebar"):
        module = path.stem
    return [f"{module.rpartition('.')[2] or path.stem}.{name}"]


def test_every_callback_is_guarded_or_known_to_be_harmless():
    known = {f"{path.stem}.{name}" for path, name, _ in GUARDED} | HARMLESS.keys() | OPEN_FORM
    unknown = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in FILES
        for name, line in callbacks(path)
        if name not in known
    ]
    assert not unknown


def test_no_harmless_callback_is_listed_in_vain():
    used = {name for path in FILES for name, _ in callbacks(path)}
    assert HARMLESS.keys() - used == set()


def test_whatever_writes_is_guarded():
    unguarded = []
    for path in FILES:
        names = WRITING | WRITING_HERE.get(path.stem, set())
        for function in functions(ast.parse(path.read_text(encoding="utf-8"))):
            calls = {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
            written = {call for call in calls if call in names or call.rpartition(".")[2] in names}
            if written and right_of(function) is None:
                unguarded.append(f"{path.relative_to(ROOT)} {function.name}: {', '.join(sorted(written))}")
    assert not unguarded


def test_every_download_is_the_guarded_one():
    raw = [path for path in FILES if "st.download_button" in path.read_text(encoding="utf-8")]
    assert raw == [ROOT / "pages" / "components" / "download.py"]
