"""Run folders as a training leaves them, written without training."""

from __future__ import annotations

import csv
import io
import json
import os
import time
import zipfile
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from visiting import ENTRY_POINT, ROOT, as_read

from hwr_core import jobs
from hwr_core.config import CrnnConfig, DualConfig, RunConfig, TrainingConfig

CRNN_HISTORY = [
    {
        "epoch": epoch,
        "loss": 20.0 / epoch,
        "cer": cer,
        "word_accuracy": 1 - 2 * cer if cer < 0.5 else 0.0,
        "validation_loss": 18.0 / epoch,
        "learning_rate": 0.001,
        "seconds": 30.0,
        "words_per_second": 40.0,
        "best": best,
    }
    for epoch, cer, best in ((1, 0.8, 1), (2, 0.3, 1), (3, 0.125, 1), (4, 0.2, 0))
]
DUAL_HISTORY = [{**row, "accuracy": 0.5, "validation_accuracy": 0.4, "cer": row["cer"] / 2} for row in CRNN_HISTORY]
WORDS = (("w1", "because", 0), ("w2", "NA", 1))


SCORE = {"words": 8, "right": 6, "edits": 4, "characters": 40}
RESULT = {
    "learned": 24,
    "held_back": 8,
    "before": SCORE,
    "after": SCORE,
    "others_before": SCORE,
    "others_after": SCORE,
    "readings": [{"word_id": "w1", "transcription": "the", "before": "tne", "after": "the"}],
}
DAMAGES = {  # name of a run -> damaged file, its content
    "config-empty": ("config.json", b""),
    "config-cut": ("config.json", b'{"datasets": '),
    "config-list": ("config.json", b"[1, 2]"),
    "config-null": ("config.json", b"null"),
    "config-bytes": ("config.json", b"\xff\xfe\x00"),
    "config-types": ("config.json", b'{"datasets": 3, "model": {"name": []}, "canvas": "wide"}'),
    "config-value": ("config.json", b'{"datasets": ["demo"], "training": {"epochs": {"a": 1}}}'),
    "status-empty": ("status.json", b""),
    "status-cut": ("status.json", b'{"state": "done", "st'),
    "status-list": ("status.json", b'["done"]'),
    "status-types": ("status.json", b'{"state": "done", "step": "five", "details": [], "started": {}}'),
    "status-details": ("status.json", b'{"state": "done", "updated": 1.0, "details": {"epoch": "five", "epochs": []}}'),
    "history-empty": ("history.csv", b""),
    "history-cut": ("history.csv", b"epoch,loss,cer,best\n1,2.0,0.5,1\n2,1."),
    "history-bytes": ("history.csv", b"\xff\xfe\x00"),
    "history-columns": ("history.csv", b"a,b\n1,2\n"),
    "history-types": ("history.csv", b"epoch,loss,cer,best,seconds\n1,low,none,1,soon\n"),
    "history-json": ("history.csv", b'{"epoch": 1}'),
    "samples-empty": ("samples.csv", b""),
    "samples-cut": ("samples.csv", b"epoch,index,word_id,transcription,reading,dataset\n1,0,w1,beca"),
    "samples-types": ("samples.csv", b"epoch,index,word_id,transcription,reading,dataset\none,zero,w1,a,b,demo\n"),
    "notes-bytes": ("notes.txt", b"\xff\xfe\x00"),
    "adaptation-cut": ("adaptation.json", b'{"writer": '),
    "result-empty": ("taught.json", b""),
    "result-cut": ("taught.json", json.dumps(RESULT).encode()[:60]),
    "result-list": ("taught.json", b"[]"),
    "result-types": ("taught.json", json.dumps({**RESULT, "before": {**SCORE, "words": "eight"}}).encode()),
    "result-readings": ("taught.json", json.dumps({**RESULT, "readings": 3}).encode()),
    "checkpoint-cut": ("checkpoint/checkpoint.json", b'{"cer": '),
    "checkpoint-types": ("checkpoint/checkpoint.json", b'{"cer": "low", "words": "many", "taught": 3}'),
    "checkpoint-measured": ("checkpoint/checkpoint.json", b'{"cer": 0.1, "measured_with_languages": {"iam": 3}}'),
}


def make_damaged_run(home: Path, damage: str) -> Path:
    """A finished run of this name in which one file is damaged, see `DAMAGES`."""
    folder = make_run(home, damage, age=3600)
    file, content = DAMAGES[damage]
    (folder / file).write_bytes(content)
    return folder


def small_demo(path: Path, writers: int = 8) -> Path:
    """A zip like the built-in demo set's, of a few drawn words; the first six writers are for training."""
    from PIL import Image, ImageDraw

    rows = ["word_id,transcription,image,writer,split"]
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(5 * writers):
            writer = number % writers
            text = ("because", "NA", "the", "Garden", "it's")[number // writers]
            image = Image.new("L", (150 + number, 60), 255)
            ImageDraw.Draw(image).text((12, 16), text, fill=0, font_size=28)
            buffer = io.BytesIO()
            image.save(buffer, "PNG")
            archive.writestr(f"demo/{number}.png", buffer.getvalue())
            part = "train" if writer < 6 else "validation"
            rows.append(f"w{number},{text},{number}.png,writer{writer},{part}")
        archive.writestr("demo/words.csv", "\n".join(rows))
    return path


def make_run(
    home: Path,
    name: str,
    state: str = "done",
    model: CrnnConfig | DualConfig | None = None,
    history: list[dict] | None = None,
    readings: list[tuple[str, str]] = (("ecause", ""), ("becouse", "NA")),
    message: str = "",
    notes: str = "",
    log: str = "a line of the log\n",
    age: float = 60.0,
    phase: str = "Training",
    checkpoint: bool = True,
    datasets: tuple[str, ...] = ("demo",),
    **training: float,
) -> Path:
    """Write `home/runs/<name>`; the process of a running one is this one."""
    folder = home / "runs" / name
    folder.mkdir(parents=True)
    model = model or CrnnConfig()
    if history is None:
        history = CRNN_HISTORY if model.name == "crnn" else DUAL_HISTORY
    config = RunConfig(datasets=datasets, model=model, training=TrainingConfig(**training), notes=notes)
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    os.utime(folder / "config.json", (time.time() - age,) * 2)
    (folder / "log.txt").write_text(log)
    if history:
        write_csv(folder / "history.csv", history)
        rows = [
            {"epoch": epoch, "index": index, "word_id": word_id, "transcription": text, "reading": reading}
            for epoch, both in ((1, readings[0]), (3, readings[-1]), (4, readings[-1]))
            for (word_id, text, index), reading in zip(WORDS, both, strict=True)
        ]
        write_csv(folder / "samples.csv", [{**row, "dataset": datasets[0]} for row in rows])
        if checkpoint:
            write_checkpoint(folder / "checkpoint", config, {"epoch": 3, "cer": 0.125, "word_accuracy": 0.75})
    if state != "waiting":
        status = jobs.Status(
            state=state, phase=phase if state == "running" else "", message=message, started=time.time() - age,
            step=12, steps=40, seconds_left=80.0 if state == "running" else None,
            details={
                "epoch": len(history) + 1, "epochs": config.training.epochs, "loss": 4.5, "words_per_second": 40.4,
                "metric": "cer", "peak_memory_mb": 1234.0,
            },
        )  # fmt: skip
        if state == "running":
            status.pid, status.process_started = os.getpid(), jobs.process_start(os.getpid())
        jobs.write_status(folder, status)
    return folder


def write_csv(path: Path, rows: list[dict]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_checkpoint(folder: Path, config: RunConfig, figures: dict) -> None:
    """A checkpoint as lists see it; its weights cannot be loaded."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    (folder / "checkpoint.json").write_text(json.dumps({"checkpoint_version": 1, **figures}))
    (folder / "model.keras").write_bytes(b"weights")


def open_page(page: str, **parameters: str) -> AppTest:
    """A page of the app, opened at an address."""
    at = AppTest.from_file(ENTRY_POINT, default_timeout=90)
    at.switch_page(str(ROOT / "pages" / f"{page}.py"))
    for name, value in parameters.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    assert not at.get("help_info")  # a bare expression in a page is drawn by Streamlit
    return at


def shown(at: AppTest) -> str:
    """Every sentence on the page, and the labels of buttons and links."""
    parts = [element.proto.body for element in at.main if element.type == "html"]
    parts += [as_read(element.value) for kind in (at.markdown, at.error, at.info, at.caption) for element in kind]
    parts += [element.value for element in at.code]
    parts += [button.label for button in at.button]
    parts += [element.proto.label for element in at.main if element.type == "page_link"]
    parts += [element.proto.text for element in at.get("progress")]
    return "\n".join(parts)


def element(at: AppTest, key: str) -> Any:
    """The widget of this key, or None."""
    return next((widget for widget in at._tree if getattr(widget, "key", None) == key), None)


def links(at: AppTest) -> dict[str, str]:
    """The links on the page: label -> address."""
    protos = [element.proto for element in at.main if element.type == "page_link"]
    return {link.label: f"{link.page}?{link.query_string}" for link in protos}
