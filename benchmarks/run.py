#!/usr/bin/env python
"""Measure this machine into benchmarks/results.md: shipped models, RapidOCR and Tesseract on the same words.

    make bench                      # on the built-in data
    make bench DATA=iam-words.zip   # on your own set's validation words
    python benchmarks/run.py --data iam-words --words 300 --rounds 3

Each is a separate process, so that start-up and memory are its own; all are called in turn, round by round, so that
noise affects them alike, and medians are given. Shipped models read letter by letter and with languages.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("HWR_HOME", str(ROOT / "benchmarks" / "out"))

IMPORT = "import time; t = time.perf_counter(); import hwr_core; print(time.perf_counter() - t)"
COLD_STARTS = 5
REFERENCE = "rapidocr"  # of the ratios, where it is installed


@dataclass(frozen=True)
class Peer:
    """A recognizer: arguments of `benchmarks/peers.py` and the Python that runs it."""

    title: str
    arguments: tuple[str, ...]
    interpreter: str = sys.executable


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="", help="a data set whose validation words are read")
    parser.add_argument("--words", type=int, default=300, help="of them, drawn at random; 0 reads all")
    parser.add_argument("--rounds", type=int, default=3, help="times that each recognizer reads them")
    parser.add_argument("--readers", type=Path, nargs="+", default=[], help="checkpoints; those in models/ by default")
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has RapidOCR")
    parser.add_argument("--note", default="", help="what else ran on the machine")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results.md")
    options = parser.parse_args(arguments)
    lines = [
        "# Measured",
        "",
        f"{time.strftime('%Y-%m-%d')}, {machine()}. Made by `make bench`; the machine may be shared, so compare",
        f"figures of one run only. {load()} {options.note}".rstrip(),
        "",
        f"`import hwr_core`: {import_seconds():.3f} s, median of 7.",
        *comparison(options),
    ]
    text = "\n".join(lines) + "\n"
    options.out.write_text(text, encoding="utf-8")
    print(text)


def load() -> str:
    """Load of the machine before the first measurement, and this process's niceness."""
    try:
        return f"Load average before: {os.getloadavg()[0]:.2f}; niceness {os.nice(0)}."
    except (AttributeError, OSError):  # Windows
        return ""


def machine() -> str:
    cpu = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return f"{os.cpu_count()} cores ({cpu}), {platform.system()}, Python {platform.python_version()}"


def import_seconds() -> float:
    seconds = []
    for _ in range(7):
        done = subprocess.run([sys.executable, "-c", IMPORT], cwd=ROOT, capture_output=True, text=True, check=True)
        seconds.append(float(done.stdout.strip().splitlines()[-1]))
    return statistics.median(seconds)


def peers_of(folders: list[Path], peer_python: str) -> list[Peer]:
    """Shipped models in both reading modes, then the others."""
    models = [
        Peer(f"{folder.name}{title}", (str(folder), *more))
        for folder in folders
        for title, more in ((", letters", ()), (", languages", ("--languages",)))
    ]
    return [*models, Peer(REFERENCE, (REFERENCE,), peer_python), Peer("tesseract", ("tesseract",))]


def comparison(options: argparse.Namespace) -> list[str]:
    """Models and peers on the same image files."""
    from PIL import Image

    from hwr_core.datasets import demo_dataset, open_or_add
    from hwr_core.evaluation.word_results import choose_rows

    dataset = open_or_add(options.data) if options.data else demo_dataset()
    rows = choose_rows(dataset, "validation", options.words)
    table = dataset.table.iloc[rows]
    folders = options.readers or sorted(path.parent for path in (ROOT / "models").glob("*/config.json"))
    peers = peers_of(folders, options.peer_python)
    with tempfile.TemporaryDirectory() as name:
        for index, row in enumerate(rows):
            Image.fromarray(dataset.image(int(row))).save(Path(name) / f"{index:05d}.png")
        results = measured(peers, Path(name), options.rounds)
    reference = REFERENCE if REFERENCE in results else next(iter(results), "none")
    lines = [
        "",
        f"## The same {len(rows):,} words",
        "",
        f"{dataset.name}, validation, {table['writer'].nunique()} writers, drawn at random with seed 0, as written;",
        f"from PNG file to text. Medians of {options.rounds} rounds; ratios: how many times as quick as {reference}.",
        f"Cold start: from calling `python` to the first word read, median of {COLD_STARTS}.",
        "",
        "| recognizer | CER | words right | one at a time | ratio | in 64s | ratio | cold start | peak memory |",
        "|---|---|---|---|---|---|---|---|---|",
        *(peer_line(title, result, table, results[reference]) for title, result in results.items()),
    ]
    heavy = [title for title, result in results.items() if result["tensorflow"]]
    absent = [peer.title for peer in peers if peer.title not in results]
    if heavy:
        lines += ["", f"TensorFlow was loaded by {', '.join(heavy)}."]
    if absent:
        lines += [
            "",
            f"Not installed here or failed: {', '.join(absent)} (`pip install -e .[bench]`, apt tesseract-ocr).",
        ]
    return lines


def measured(peers: list[Peer], images: Path, rounds: int) -> dict[str, dict[str, Any]]:
    """Title -> medians, of the peers that run here."""
    runs: dict[str, list[dict[str, Any]]] = {}
    cold: dict[str, list[float]] = {}
    working = list(peers)
    for number in range(rounds):
        for peer in list(working):
            result = run_peer(peer, images)
            if result:
                runs.setdefault(peer.title, []).append(result)
            elif not number:
                working.remove(peer)
    for _ in range(COLD_STARTS):
        for peer in working:
            result = run_peer(peer, images, "--cold")
            cold.setdefault(peer.title, []).extend([result["cold"]] if result else [])
    return {
        title: {
            "texts": results[0]["texts"],
            "tensorflow": results[0]["tensorflow"],
            "cold": statistics.median(cold.get(title) or [results[0]["cold"]]),
            **{name: statistics.median(result[name] for result in results) for name in ("single", "batch", "memory")},
        }
        for title, results in runs.items()
    }


def run_peer(peer: Peer, images: Path, *more: str) -> dict[str, Any] | None:
    """A peer's figures, or None where it is not installed or fails."""
    command = [peer.interpreter, str(ROOT / "benchmarks" / "peers.py"), *peer.arguments, str(images), *more]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command += ["--started", repr(time.time())]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        print(f"{peer.title}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}", file=sys.stderr)
        return None
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def peer_line(title: str, result: dict[str, Any], table: Any, reference: dict[str, Any]) -> str:
    from hwr_core.evaluation import writer_interval
    from hwr_core.text import edit_distance

    truths, writers = table["transcription"].tolist(), table["writer"].tolist()
    edits = [edit_distance(truth, text) for truth, text in zip(truths, result["texts"], strict=True)]
    cer = writer_interval(edits, [len(truth) for truth in truths], writers)
    right = writer_interval([edit == 0 for edit in edits], [1] * len(edits), writers)
    return (
        f"| {title} | {cer} | {right} | "
        f"{1e3 * result['single']:.1f} ms | {reference['single'] / result['single']:.2f} | "
        f"{result['batch']:.0f} words/s | {result['batch'] / reference['batch']:.2f} | {result['cold']:.2f} s | "
        f"{result['memory']:.0f} MB |"
    )


if __name__ == "__main__":
    main()
