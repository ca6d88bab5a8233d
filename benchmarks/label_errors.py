"""Precision and recall of the list of label errors: transcriptions are swapped on purpose, then searched for.

python benchmarks/label_errors.py models/reader-small iam-words --words 1000 --share 0.03

The truth is what was swapped. Labels that were wrong already count as false alarms, and a swap onto a word that looks
much alike is hard to find: both make the figures lower than what a person meets.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from hwr_core import Recognizer
from hwr_core.datasets import open_dataset
from hwr_core.evaluation import label_errors


def swapped(texts: list[str], share: float, rng: np.random.Generator) -> tuple[list[str], set[int]]:
    """The transcriptions with a share of them exchanged among one another; which rows are wrong now."""
    rows = rng.permutation(len(texts))[: max(2, round(share * len(texts)))].tolist()
    moved = dict(zip(rows, [texts[row] for row in rows[1:] + rows[:1]], strict=True))
    wrong = {row for row, text in moved.items() if text != texts[row]}
    return [moved.get(row, text) for row, text in enumerate(texts)], wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("dataset")
    parser.add_argument("--split", default="validation", choices=("train", "validation"))
    parser.add_argument("--words", type=int, default=1000)
    parser.add_argument("--share", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    dataset, recognizer = open_dataset(arguments.dataset), Recognizer.load(arguments.checkpoint)
    rows = np.sort(rng.permutation(dataset.part(arguments.split))[: arguments.words])
    canvases = dataset.canvases(recognizer.config.canvas)
    texts, wrong = swapped(dataset.table["transcription"].iloc[rows].tolist(), arguments.share, rng)
    errors: list[label_errors.LabelError] = []
    for start in range(0, len(rows), label_errors.BATCH_WORDS):
        batch = [np.asarray(canvases[row]) for row in rows[start : start + label_errors.BATCH_WORDS]]
        for error in label_errors.find_label_errors(recognizer, batch, texts[start : start + len(batch)]):
            errors.append({**error, "index": start + error["index"]})
    errors.sort(key=label_errors.sort_key)
    print(f"{recognizer.name} on {len(rows):,} words of {arguments.dataset} {arguments.split}, {len(wrong)} planted:")
    print(
        f"  {len(errors):,} in the list, {sum(error['index'] in wrong for error in errors)} of the planted among them"
    )
    for number in (len(wrong), 2 * len(wrong), 3 * len(wrong)):
        hits = sum(error["index"] in wrong for error in errors[:number])
        print(f"  first {number:3}: precision {hits / number:.2f}, recall {hits / len(wrong):.2f}")


if __name__ == "__main__":
    main()
