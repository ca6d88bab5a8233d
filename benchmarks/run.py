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
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("HWR_HOME", str(ROOT / "benchmarks" / "out"))

IMPORT = "import time; t = time.perf_counter(); import hwr_core; print(time.perf_counter() - t)"
COLD = """
import json, sys, time
begun = time.perf_counter()
from hwr_core import Recognizer, jobs
from hwr_core.data import demo_dataset
recognizer = Recognizer.load(sys.argv[1])
first = recognizer.read([PICTURE], alternatives=5)
print(json.dumps({"seconds": time.perf_counter() - begun, "memory": jobs.peak_memory_mb(),
                  "tensorflow": "tensorflow" in sys.modules}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="", help="a data set whose validation words are read")
    options = parser.parse_args()
    lines = [
        "# Measured",
        "",
        f"{time.strftime('%Y-%m-%d')}, {machine()}. Made by `make bench`; the machine may be shared, so compare",
        "figures of one run only.",
        "",
        "| what | figure |",
        "|---|---|",
        f"| `import hwr_core`, median of 7 | {import_seconds():.3f} s |",
    ]
    for folder in sorted((ROOT / "models").glob("*/config.json")):
        lines += checkpoint_lines(folder.parent, options.data)
    text = "\n".join(lines) + "\n"
    (ROOT / "benchmarks" / "results.md").write_text(text, encoding="utf-8")
    print(text)


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


def checkpoint_lines(folder: Path, data: str) -> list[str]:
    from hwr_core import Recognizer
    from hwr_core.data import demo_dataset, resolve
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
    for source in filter(None, ["demo", data]):
        result = evaluate(recognizer, resolve(source) if source != "demo" else demo)
        lines.append(
            f"| {name}: {source if source == 'demo' else result.dataset} validation, {result.words:,} words of "
            f"{result.writers} writers | CER {result.cer}, words right {result.word_accuracy} |"
        )
    return lines


def save(path: Path, picture) -> None:
    from PIL import Image

    Image.fromarray(picture).save(path)


if __name__ == "__main__":
    main()
