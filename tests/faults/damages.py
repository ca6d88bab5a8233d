"""Every small file of a workspace, and every way in which a disk, a crash or a person may have damaged it."""

from __future__ import annotations

import io
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILES = (  # patterns in the workspace of `whole_workspace.fill`
    "runs/steady/config.json",
    "runs/steady/status.json",
    "runs/steady/history.csv",
    "runs/steady/samples.csv",
    "runs/steady/notes.txt",
    "runs/steady/log.txt",
    "runs/steady/checkpoint/checkpoint.json",
    "runs/steady/checkpoint/config.json",
    "runs/steady/checkpoint/charset.txt",
    "runs/steady/checkpoint/model.keras",
    "runs/steady/checkpoint/model.onnx",
    "runs/adapted/config.json",
    "runs/adapted/status.json",
    "runs/adapted/history.csv",
    "runs/adapted/adaptation.json",
    "runs/adapted/taught.json",
    "datasets/letters/dataset.json",
    "datasets/letters/words.parquet",
    "datasets/letters/report.parquet",
    "datasets/letters/request.json",
    "datasets/letters/status.json",
    "datasets/letters/canvases-*.npy",
    "datasets/letters/suspects/request.json",
    "datasets/letters/suspects/status.json",
    "datasets/letters/suspects/suspects.csv",
    "datasets/my-corrections/dataset.json",
    "datasets/my-corrections/words.parquet",
    "datasets/my-corrections/report.parquet",
    "evaluations/*/request.json",
    "evaluations/*/result.json",
    "evaluations/*/readings.csv",
    "evaluations/*/status.json",
    "corrections.sqlite",
    "corrections/words-*.zip",
    "source/words.csv",
)
FOLDERS = (
    "runs", "runs/steady", "runs/steady/checkpoint", "datasets", "datasets/letters", "datasets/letters/suspects",
    "evaluations", "evaluations/*-*", "corrections", "source",
)  # fmt: skip
DEEP = 100_000  # brackets; Python's parser of JSON stops at its limit of recursion
HUGE = 10**400  # no float holds it


def empty(path: Path) -> None:
    path.write_bytes(b"")


def half(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def noise(path: Path) -> None:
    path.write_bytes(random.Random(path.name).randbytes(max(64, path.stat().st_size)))


def holes(path: Path) -> None:
    """Zeros in the middle, as a file system leaves them after a loss of power."""
    data = path.read_bytes()
    third = len(data) // 3
    path.write_bytes(data[:third] + bytes(third) + data[2 * third :])


def other_type(path: Path) -> None:
    _change(path, lambda value: [str(value)] if isinstance(value, int | float) else {"value": 1}, 'a,"b\n1', "'many'")


def huge_numbers(path: Path) -> None:
    _change(path, lambda value: HUGE if _is_number(value) else value, None, "9e999", str(HUGE))


def not_a_number(path: Path) -> None:
    _change(path, lambda value: float("nan") if _is_number(value) else value, None, "-1e308", "NaN")


def missing_keys(path: Path) -> None:
    """Every second key, column or table is gone."""
    if path.suffix == ".json":
        path.write_text(json.dumps(_without_every_second(json.loads(path.read_text("utf-8")))), encoding="utf-8")
    elif path.suffix == ".sqlite":
        _sql(path, "DROP TABLE pictures", "ALTER TABLE label_fixes DROP COLUMN verdict")
    elif path.suffix == ".parquet":
        table = _parquet(path)
        table[table.columns[::2]].to_parquet(path, index=False)
    else:
        lines = path.read_bytes().split(b"\n")
        path.write_bytes(b"\n".join(b",".join(line.split(b",")[::2]) for line in lines))


def deep_nesting(path: Path) -> None:
    path.write_bytes(b"[" * DEEP + b"]" * DEEP)


def folder_in_its_place(path: Path) -> None:
    _remove(path)
    (path / "inside").mkdir(parents=True)


def dangling_link(path: Path) -> None:
    _remove(path)
    path.symlink_to("nowhere")


def link_to_itself(path: Path) -> None:
    _remove(path)
    path.symlink_to(path.name)


def gone(path: Path) -> None:
    _remove(path)


def file_in_its_place(path: Path) -> None:
    _remove(path)
    path.write_bytes(b"no folder")


FILE_WAYS: tuple[Callable[[Path], None], ...] = (
    empty, half, noise, holes, other_type, huge_numbers, not_a_number, missing_keys, deep_nesting,
    folder_in_its_place, dangling_link, gone,
)  # fmt: skip
FOLDER_WAYS: tuple[Callable[[Path], None], ...] = (file_in_its_place, dangling_link, link_to_itself, gone)


@dataclass(frozen=True)
class Damage:
    """One damaged place of a workspace."""

    pattern: str
    way: Callable[[Path], None]

    @property
    def name(self) -> str:
        return f"{self.pattern.replace('*', 'x')}: {self.way.__name__.replace('_', ' ')}"

    def apply(self, home: Path) -> Path:
        """Damage the first place in `home` that fits the pattern; returns its path."""
        path = sorted(home.glob(self.pattern))[0]
        self.way(path)
        return path


def all_damages() -> Iterator[Damage]:
    for pattern in FILES:
        yield from (Damage(pattern, way) for way in FILE_WAYS)
    for pattern in FOLDERS:
        yield from (Damage(pattern, way) for way in FOLDER_WAYS)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _change(path: Path, change: Callable[[Any], Any], text: str | None, sql_value: str, number: str = "") -> None:
    """Change every value of a file by its kind.

    Args:
        change: of a value of JSON or Parquet.
        text: in place of a text file; None replaces its numbers by `number`.
        sql_value: of every number in the database.
    """
    if path.suffix == ".json":
        path.write_text(json.dumps(_mapped(json.loads(path.read_text("utf-8")), change)), encoding="utf-8")
    elif path.suffix == ".parquet":
        table = _parquet(path)
        for name in table.columns:
            values = [change(value) for value in table[name].tolist()]
            try:
                table.assign(**{name: values}).to_parquet(io.BytesIO())
                table[name] = values
            except Exception:  # Arrow has no type for them: as text, then
                table[name] = list(map(str, values))
        table.to_parquet(path, index=False)
    elif path.suffix == ".sqlite":
        _sql(
            path, f"UPDATE corrections SET confidence = {sql_value}, text = {sql_value}, made = {sql_value}",
            f"UPDATE label_fixes SET confidence = {sql_value}, after = {sql_value}, verdict = {sql_value}",
            f"UPDATE pictures SET png = {sql_value}, height = {sql_value}",
        )  # fmt: skip
    elif path.suffix in (".csv", ".txt"):
        if text is None:
            lines = path.read_text(encoding="utf-8").split("\n")
            text = "\n".join(
                ",".join(number if _looks_like_number(cell) else cell for cell in line.split(",")) for line in lines
            )
        path.write_text(text, encoding="utf-8")
    else:
        path.write_text(text or number, encoding="utf-8")


def _looks_like_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return change(value)


def _without_every_second(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_every_second(value[key]) for key in list(value)[::2]}
    return value


def _parquet(path: Path) -> Any:
    import pandas

    return pandas.read_parquet(path)


def _sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
