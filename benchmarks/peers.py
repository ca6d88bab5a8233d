#!/usr/bin/env python
"""`python benchmarks/peers.py NAME FOLDER` reads the PNGs of a folder and prints JSON; NAME is `rapidocr`,
`tesseract`, or a checkpoint's folder, read letter by letter or (`--languages`) with languages.

A separate process, so that start-up and memory are the recognizer's alone. Recognition only: every image is one word.
`--started` is the time before `python` was called: the cold start then includes the interpreter. `--cold` reads one
word only.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

NUM_SINGLE_WORDS = 64  # read one at a time


def studio(checkpoint: str, language: str) -> Callable[[list[Path]], list[str]]:
    """A checkpoint of the studio, by its public calls."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from hwr_core import Recognizer
    from hwr_core.imaging import read_image

    recognizer = Recognizer.load(checkpoint)

    def read(paths: list[Path]) -> list[str]:
        images = [read_image(path.read_bytes(), path.name) for path in paths]
        return [reading.text for reading in recognizer.read(images, language=language)]

    return read


def rapidocr() -> Callable[[list[Path]], list[str]]:
    """RapidOCR's recognizer on whole images, no detection; its models come in its wheel."""
    import cv2
    from rapidocr import RapidOCR

    engine = RapidOCR(params={"Global.log_level": "critical"})

    def read(paths: list[Path]) -> list[str]:
        result = engine.recognize_txt([cv2.imread(str(path)) for path in paths])
        return [text or "" for text in result.txts]

    return read


def tesseract() -> Callable[[list[Path]], list[str]]:
    """Tesseract's line recognizer in its single-word mode; several images go to one process."""

    def read(paths: list[Path]) -> list[str]:
        command = ["tesseract", "stdin", "stdout", "--psm", "8", "-l", "eng"]
        done = subprocess.run(
            command, input="\n".join(map(str, paths)) + "\n", capture_output=True, text=True, check=True
        )
        pages = done.stdout.split("\f")[: len(paths)]
        return [page.strip() for page in pages] + [""] * (len(paths) - len(pages))

    return read


def main(options: argparse.Namespace) -> None:
    paths = sorted(options.folder.glob("*.png"))
    begun = options.started or time.time()
    peers = {"rapidocr": rapidocr, "tesseract": tesseract}
    if options.name in peers:
        read = peers[options.name]()
    else:
        read = studio(options.name, "auto" if options.languages else "none")
    read(paths[:1])
    result: dict[str, object] = {"cold": time.time() - begun}
    if not options.cold:
        begun = time.perf_counter()
        for path in paths[:NUM_SINGLE_WORDS]:
            read([path])
        result["single"] = (time.perf_counter() - begun) / len(paths[:NUM_SINGLE_WORDS])
        begun = time.perf_counter()
        result["texts"] = [text for start in range(0, len(paths), 64) for text in read(paths[start : start + 64])]
        result["batch"] = len(paths) / (time.perf_counter() - begun)
    print(json.dumps({**result, "memory": peak_mb(), "tensorflow": "tensorflow" in sys.modules}))


def peak_mb() -> float:
    """Largest memory of this process or of one that it started, in MiB.

    The process's own from /proc: getrusage's would include what the parent had before this program began.
    """
    own = int(Path("/proc/self/status").read_text(encoding="ascii").split("VmHWM:")[1].split()[0])
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--languages", action="store_true")
    parser.add_argument("--started", type=float, default=0.0)
    parser.add_argument("--cold", action="store_true")
    main(parser.parse_args())
