"""The order of rooms: a room imports only those above it; heavy libraries stay where they belong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ROOMS = [
    "version",
    "errors",
    "packages",
    "files",
    "workspace",
    "limits",
    "zips",
    "spreadsheet",
    "config",
    "jobs",
    "text",
    "language",
    "imaging",
    "layout",
    "models",
    "decoding",
    "recognition",
    "corrections",
    "datasets",
    "synthesis",
    "training",
    "adaptation",
    "evaluation",
    "shipping",
    "cli",
]
VERSION = "hwr_core.version.__version__"
HEAVY = {"keras", "tensorflow"}
# Classes of Keras layers: it may import Keras, and is imported in functions only.
LAYERS = "hwr_core.training.augmentation_layers"


def imports(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """`(dotted name, whether it is imported when the module is)`; TYPE_CHECKING blocks are not run."""

    def walk(node: ast.AST, is_run: bool) -> Iterator[tuple[str, bool]]:
        if isinstance(node, ast.Import):
            yield from ((alias.name, is_run) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((f"{module}.{alias.name}", is_run) for alias in node.names)
        in_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        types_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in ast.iter_child_nodes(node):
            yield from walk(child, is_run and not in_function and not types_only)

    return walk(tree, True)


def misplaced(path: str, tree: ast.AST) -> list[str]:
    """What a module of hwr_core imports and may not; `path` below hwr_core."""
    room = path.split("/", maxsplit=1)[0].removesuffix(".py")
    allowed = ROOMS[: ROOMS.index(room) + 1]
    found = []
    for name, is_run in imports(tree):
        top, *inner = name.split(".")
        of_layers = path == "training/augmentation_layers.py"
        if top in ("", "streamlit", "tensorflow", "pages") or (top == "keras" and is_run and not of_layers):
            found.append(name)
        if f"{name}.".startswith(f"{LAYERS}.") and is_run:
            found.append(name)
        if top == "hwr_core" and inner[0] not in allowed:
            found.append(name)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return found + sorted(names & {"tf", "tensorflow"})


def modules(folder: str) -> list[Path]:
    return sorted((REPOSITORY / folder).rglob("*.py"))


@pytest.mark.parametrize("path", modules("hwr_core"), ids=lambda p: p.relative_to(REPOSITORY).as_posix())
def test_a_room_imports_only_rooms_above_it(path: Path):
    inside = path.relative_to(REPOSITORY / "hwr_core").as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if inside == "__init__.py":  # the public names, loaded when they are first used
        assert not [
            name for name, is_run in imports(tree) if is_run and name.startswith("hwr_core") and name != VERSION
        ]
    else:
        assert misplaced(inside, tree) == []


def imported_modules(path: Path, modules: set[str]) -> set[str]:
    """The modules of the project that a file imports, anywhere in it."""
    names = {name for name, _ in imports(ast.parse(path.read_text(encoding="utf-8")))}
    return {name if name in modules else name.rpartition(".")[0] for name in names} & modules


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Sets of modules that import each other (Tarjan's strongly connected components of more than one)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            component = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(component) > 1:
                found.append(sorted(component))

    for node in graph:
        if node not in index:
            visit(node)
    return found


def test_files_import_each_other_in_no_circle():
    files = {
        ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): path
        for folder in ("hwr_core", "pages")
        for path in modules(folder)
    }
    graph = {name: imported_modules(path, set(files)) - {name} for name, path in files.items()}
    assert circles(graph) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c"]]
    assert sum(map(len, graph.values())) > 500


def test_pages_leave_the_networks_to_hwr_core():
    paths = [*modules("pages"), REPOSITORY / "streamlit_app.py"]
    for path in paths:
        tops = {name.split(".")[0] for name, _ in imports(ast.parse(path.read_text(encoding="utf-8")))}
        assert not tops & HEAVY, path
    assert len(paths) > 5


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("text/charset.py", "from hwr_core.datasets import open_dataset"),
        ("text/charset.py", "def later():\n    from hwr_core import training"),
        ("recognition/recognizer.py", "if TYPE_CHECKING:\n    from hwr_core.training.batches import Joined"),
        ("training/batches.py", "from hwr_core import Recognizer"),
        ("datasets/store.py", "from hwr_core.synthesis import generate"),
        ("datasets/store.py", "def later():\n    from hwr_core.synthesis import generate"),
        ("models/crnn.py", "from keras import layers"),
        ("models/crnn.py", "def build():\n    import tensorflow.nn"),
        ("models/crnn.py", "x = tf.nn.relu(3)"),
        ("training/tasks.py", "from hwr_core.training.augmentation_layers import Warp"),
        ("training/tasks.py", "from hwr_core.training import augmentation_layers"),
        ("training/augmentation_layers.py", "import tensorflow"),
        ("training/trainer.py", "def show():\n    import streamlit as st"),
        ("errors.py", "from . import config"),
    ],
)
def test_what_is_misplaced_is_found(path: str, source: str):
    assert len(misplaced(path, ast.parse(source))) == 1
