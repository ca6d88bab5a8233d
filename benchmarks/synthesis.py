"""Speed of rendering: words per second of CPU time, one process, after a warm-up.

python benchmarks/synthesis.py --fonts fonts --count 2400
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2

from hwr_core.synthesis import find_fonts
from hwr_core.synthesis.generation import WORDS_PER_WRITER, WordMaker
from hwr_core.synthesis.job import fonts_folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fonts", type=Path, default=fonts_folder())
    parser.add_argument("--count", type=int, default=2400)
    parser.add_argument("--languages", nargs="+", default=["en", "fr", "de"])
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    maker = WordMaker(tuple(find_fonts(arguments.fonts)), 1, tuple(arguments.languages))
    for index in range(0, arguments.count, WORDS_PER_WRITER):  # warm-up: every face is opened and measured
        maker.make(index)
    began = time.process_time()
    for index in range(arguments.count):
        maker.make(index)
    seconds = time.process_time() - began
    print(f"{arguments.count / seconds:,.0f} words/s of CPU time ({arguments.count:,} words, {seconds:.2f} s)")


if __name__ == "__main__":
    main()
