#!/usr/bin/env python
"""Figures of this machine: start-up, reading speed, memory, and `dual`'s cached epochs, into benchmarks/results.md.

    make bench                      # on the built-in data
    make bench DATA=iam-words.zip   # accuracy on your own set's validation words too

Every figure is taken in a process of its own where start-up or memory counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("HWR_HOME", str(ROOT / "benchmarks" / "out"))

# VmHWM begins anew with the program; getrusage's maximum would carry over what this parent process holds.
PEAK = """int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024"""
IMPORT = "import time; t = time.perf_counter(); import hwr_core; print(time.perf_counter() - t)"
COLD = """
import json, sys, time
begun = time.perf_counter()
from hwr_core import Recognizer
recognizer = Recognizer.load(sys.argv[1])
first = recognizer.read([PICTURE], alternatives=5)
print(json.dumps({"seconds": time.perf_counter() - begun, "memory": PEAK,
                  "tensorflow": "tensorflow" in sys.modules}))
""".replace("PEAK", PEAK)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="", help="a data set whose validation words are read")
    parser.add_argument("--words", type=int, default=300, help="of them, drawn at random; 0 reads all")
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has RapidOCR")
    parser.add_argument("--note", default="", help="what else ran on the machine")
    options = parser.parse_args()
    lines = [
        "# Measured",
        "",
        f"{time.strftime('%Y-%m-%d')}, {machine()}. Made by `make bench`; the machine may be shared, so compare",
        f"figures of one run only. {load()} {options.note}".rstrip(),
        "",
        "| what | figure |",
        "|---|---|",
        f"| `import hwr_core`, median of 7 | {import_seconds():.3f} s |",
    ]
    folders = sorted(path.parent for path in (ROOT / "models").glob("*/config.json"))
    for folder in folders:
        lines += checkpoint_lines(folder)
    lines += same_words(folders, options)
    text = "\n".join(lines) + "\n"
    (ROOT / "benchmarks" / "results.md").write_text(text, encoding="utf-8")
    print(text)


def load() -> str:
    """How busy the machine was before the first figure, and how polite this process is."""
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
    found = [float(python(IMPORT)) for _ in range(7)]
    return sorted(found)[3]


def python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip().splitlines()[-1]


def same_words(folders: list[Path], options: argparse.Namespace) -> list[str]:
    """Ours and the peers on the same picture files, in turn, each in a process of its own."""
    from hwr_core.data import demo_dataset, resolve
    from hwr_core.evaluation.reading import choose_rows

    dataset = resolve(options.data) if options.data else demo_dataset()
    rows = choose_rows(dataset, "validation", options.words)
    table = dataset.table.iloc[rows]
    lines = [
        "",
        f"## The same {len(rows):,} words",
        "",
        f"{dataset.name}, validation, {table['writer'].nunique()} writers, drawn at random with seed 0, as written.",
        "From PNG file to text; ratios are to the first row. Cold start: imports, opening the reader, the first word.",
        "",
        "| reader | CER | words right | one at a time | ratio | in 64s | ratio | cold start | peak memory |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as name:
        for place, row in enumerate(rows):
            save(Path(name) / f"{place:05d}.png", dataset.picture(int(row)))
        found, absent = {}, []
        readers = [(str(folder), sys.executable) for folder in folders]
        for reader, interpreter in [*readers, ("rapidocr", options.peer_python), ("tesseract", sys.executable)]:
            result, peer = run_peer(reader, interpreter, Path(name)), Path(reader).name
            if result:
                found[peer] = result
            else:
                absent.append(f"{peer} is not installed here: left out (`pip install -e .[bench]`, apt tesseract-ocr).")
    first = next(iter(found.values()))
    lines += [peer_line(name, result, table, first) for name, result in found.items()]
    return [*lines, "", *absent] if absent else lines


def run_peer(name: str, interpreter: str, images: Path) -> dict | None:
    """A peer's figures, or None where it is not installed or fails."""
    command = [interpreter, str(ROOT / "benchmarks" / "peers.py"), name, str(images)]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        print(f"{name}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def peer_line(name: str, result: dict, table, first: dict) -> str:
    from hwr_core.evaluation import writer_interval
    from hwr_core.text import edit_distance

    truths, writers = table["transcription"].tolist(), table["writer"].tolist()
    edits = [edit_distance(truth, text) for truth, text in zip(truths, result["texts"], strict=True)]
    cer = writer_interval(edits, [len(truth) for truth in truths], writers)
    right = writer_interval([edit == 0 for edit in edits], [1] * len(edits), writers)
    return (
        f"| {name} | {cer} | {right} | {1e3 * result['single']:.1f} ms | {result['single'] / first['single']:.2f} | "
        f"{result['batch']:.0f} words/s | {result['batch'] / first['batch']:.2f} | {result['cold']:.2f} s | "
        f"{result['memory']:.0f} MB |"
    )


def checkpoint_lines(folder: Path) -> list[str]:
    from hwr_core import Recognizer
    from hwr_core.data import demo_dataset
    from hwr_core.evaluation import evaluate

    name = folder.name
    picture = ROOT / "benchmarks" / "out" / "word.png"
    demo = demo_dataset()
    picture.parent.mkdir(parents=True, exist_ok=True)
    save(picture, demo.picture(0))
    code = COLD.replace("PICTURE", f"__import__('hwr_core.imaging').imaging.read_picture({str(picture)!r})")
    runs = sorted((json.loads(python(code, str(folder))) for _ in range(5)), key=lambda run: run["seconds"])
    cold = runs[2]
    recognizer = Recognizer.load(folder)
    pictures = [demo.picture(int(row)) for row in demo.part("validation")[:64]]
    single, batch = [], []
    for _ in range(5):  # one and sixty-four in turn, so that both meet the same noise
        begun = time.perf_counter()
        for some in pictures:
            recognizer.read([some])
        single.append((time.perf_counter() - begun) / len(pictures))
        begun = time.perf_counter()
        recognizer.read(pictures)
        batch.append(len(pictures) / (time.perf_counter() - begun))
    lines = [
        f"| {name}: cold start, `python` to first reading, median of 5 | {cold['seconds']:.2f} s, "
        f"peak {cold['memory']:.0f} MB, TensorFlow {'loaded' if cold['tensorflow'] else 'not loaded'} |",
        f"| {name}: one word at a time, picture to reading, median of 5 x 64 | {1e3 * sorted(single)[2]:.1f} ms |",
        f"| {name}: 64 words at a time | {sorted(batch)[2]:.0f} words/s |",
    ]
    result = evaluate(recognizer, demo)
    lines.append(
        f"| {name}: demo validation, {result.words:,} words of {result.writers} writers | CER {result.cer}, "
        f"words right {result.word_accuracy} |"
    )
    return lines


def save(path: Path, picture) -> None:
    from PIL import Image

    Image.fromarray(picture).save(path)


if __name__ == "__main__":
    main()
