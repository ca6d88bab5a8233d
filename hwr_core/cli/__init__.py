"""The command line: `hwr train | read | evaluate | adapt | data | synthesize | ship`."""

from __future__ import annotations

import os
import sys
from importlib import import_module

COMMANDS = {
    "train": "train a model, or resume a run",
    "read": "read images of handwritten words",
    "evaluate": "measure a model on data sets",
    "adapt": "adapt a model to one writer",
    "data": "add, list, remove, pack data sets",
    "synthesize": "render words from handwriting fonts",
    "ship": "train a shipped model by its recipe",
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ("-h", "--help") or arguments[0] not in COMMANDS:
        print("usage: hwr COMMAND ...\n")
        print("\n".join(f"  {name:<12}{about}" for name, about in COMMANDS.items()))
        print("\nhwr COMMAND --help shows the options of a command.")
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return int(import_module(f"hwr_core.cli.{arguments[0]}").main(arguments[1:]))
