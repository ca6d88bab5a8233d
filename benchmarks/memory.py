#!/usr/bin/env python
"""Memory over many readings: 10,000 through one pool, by callers who come and go, with models that take turns.

    python benchmarks/memory.py [--readings 10000] [--readers reader reader-small reader-open]

Prints the resident memory after each tenth. Every caller types the letters of a word; every fiftieth call is of
another model, so that models are closed and opened again.
"""

from __future__ import annotations

import argparse
import gc
import os

from load import resident_megabytes
from studio_server import demo_words  # puts the package on the path

from hwr_core.imaging import read_image
from hwr_core.recognition.checkpoint import SHIPPED
from hwr_core.recognition.pool import RecognizerPool


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=int, default=10_000)
    parser.add_argument("--readers", nargs="+", default=["reader", "reader-small", "reader-open"])
    options = parser.parse_args(arguments)
    words = [(text, read_image(data, "a word")) for text, data in demo_words(500)]
    pool = RecognizerPool()
    for number in range(options.readings):
        text, image = words[number // 6 % len(words)]
        reader = options.readers[number // 50 % len(options.readers)]
        pool.read(SHIPPED / reader, [image], [text[: number % 6]], caller=f"visitor-{number // 30}")
        if (number + 1) % max(1, options.readings // 10) == 0:
            gc.collect()
            print(f"{number + 1:6,} readings: {resident_megabytes(os.getpid()):.0f} MB", flush=True)


if __name__ == "__main__":
    main()
