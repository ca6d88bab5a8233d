"""Take the record of a finished run into `examples/`, where every visitor of the studio sees it.

    python scripts/add_example.py runs/NAME --name crnn-demo --notes "what it shows; the command; the data"

Settings, history, status and notes are taken, the checkpoint is not. Sample readings name words of the data sets, so
they are taken only with `--samples`: for data that may be passed on.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from hwr_core.training import run_files

ROOT = Path(__file__).resolve().parents[1]
KEPT_DETAILS = ("epoch", "epochs", "metric", "best_epoch", "best_value", "peak_memory_mb", "loss", "words_per_second")


def main() -> int:
    options = parser().parse_args()
    target = ROOT / "examples" / "runs" / options.name
    target.mkdir(parents=True, exist_ok=True)
    config = json.loads((options.run / run_files.CONFIG_FILE).read_text(encoding="utf-8"))
    config["notes"] = ""  # they have a file of their own
    if config.get("start_from"):
        config["start_from"] = options.start_from
    (target / run_files.CONFIG_FILE).write_text(json.dumps(config, indent=1), encoding="utf-8")
    shutil.copyfile(options.run / run_files.HISTORY_FILE, target / run_files.HISTORY_FILE)
    if options.samples:
        shutil.copyfile(options.run / run_files.SAMPLES_FILE, target / run_files.SAMPLES_FILE)
    status = json.loads((options.run / "status.json").read_text(encoding="utf-8"))
    kept = {name: status[name] for name in ("state", "message", "started", "updated")}
    kept["details"] = {name: value for name, value in status["details"].items() if name in KEPT_DETAILS}
    if options.words:
        kept["details"]["words"] = options.words
    (target / "status.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")
    (target / run_files.NOTES_FILE).write_text(options.notes, encoding="utf-8")
    if sentence := run_files.damage(target):
        print(sentence, file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("run", type=Path, help="folder of the run")
    made.add_argument("--name", required=True, help="of the example")
    made.add_argument("--notes", required=True, help="what it shows, the command, the data")
    made.add_argument("--start-from", default="", help="the checkpoint it began with, relative to the repository")
    made.add_argument("--words", type=int, help="number of training words")
    made.add_argument("--samples", action="store_true", help="with the sample readings")
    return made


if __name__ == "__main__":
    sys.exit(main())
