#!/usr/bin/env python
"""`python benchmarks/peers.py NAME FOLDER` reads the PNGs of a folder and prints JSON; NAME is `rapidocr`,
`tesseract`, or a checkpoint's folder.

A process of its own, so that start-up and memory are the reader's alone. Recognition only: every picture is one word.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SINGLY = 64  # words read one at a time for the time a word


def ours(checkpoint: str) -> Callable[[list[Path]], list[str]]:
    """A checkpoint of the studio, read as its users read."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from hwr_core import Recognizer
    from hwr_core.imaging import read_picture

    recognizer = Recognizer.load(checkpoint)

    def read(paths: list[Path]) -> list[str]:
        pictures = [read_picture(path.read_bytes(), path.name) for path in paths]
        return [reading.text for reading in recognizer.read(pictures)]

    return read


def rapidocr() -> Callable[[list[Path]], list[str]]:
    """RapidOCR's recognizer on whole pictures, no detection; its models come in its wheel."""
    import cv2
    from rapidocr import RapidOCR

    engine = RapidOCR(params={"Global.log_level": "critical"})

    def read(paths: list[Path]) -> list[str]:
        found = engine.recognize_txt([cv2.imread(str(path)) for path in paths])
        return [text or "" for text in found.txts]

    return read


def tesseract() -> Callable[[list[Path]], list[str]]:
    """Tesseract's line recognizer in its single-word mode; several pictures go to one process."""

    def read(paths: list[Path]) -> list[str]:
        command = ["tesseract", "stdin", "stdout", "--psm", "8", "-l", "eng"]
        done = subprocess.run(
            command, input="\n".join(map(str, paths)) + "\n", capture_output=True, text=True, check=True
        )
        pages = done.stdout.split("\f")[: len(paths)]
        return [page.strip() for page in pages] + [""] * (len(paths) - len(pages))

    return read


def main(name: str, folder: Path) -> None:
    paths = sorted(folder.glob("*.png"))
    begun = time.perf_counter()
    peers = {"rapidocr": rapidocr, "tesseract": tesseract}
    read = peers[name]() if name in peers else ours(name)
    read(paths[:1])
    cold = time.perf_counter() - begun
    begun = time.perf_counter()
    for path in paths[:SINGLY]:
        read([path])
    single = (time.perf_counter() - begun) / len(paths[:SINGLY])
    begun = time.perf_counter()
    texts = [text for start in range(0, len(paths), 64) for text in read(paths[start : start + 64])]
    batch = len(paths) / (time.perf_counter() - begun)
    print(json.dumps({"texts": texts, "cold": cold, "single": single, "batch": batch, "memory": peak_mb()}))


def peak_mb() -> float:
    """Largest memory of this process or of one that it started, in MiB.

    The process's own from /proc: getrusage's would carry over what the parent held before this program began.
    """
    own = int(Path("/proc/self/status").read_text(encoding="ascii").split("VmHWM:")[1].split()[0])
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
