"""A small workspace as a person has it: words, a trained and an adapted run, an evaluation, corrections.

Made by the studio's own code around the golden checkpoint, without TensorFlow, in about two seconds.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # threads do not survive a fork
os.environ["HWR_EXAMPLES"] = ""  # the runs of the repository would be in every list

import numpy as np  # noqa: E402
from PIL import Image, ImageDraw, ImageFont  # noqa: E402

RUN, ADAPTED, DATASET = "steady", "adapted", "letters"
TEXTS = ("tea", "ink", "moon", "sally")  # which the golden checkpoint reads
WORDS, WRITERS = 40, 4
SOURCE = "source"  # folder of the images and their list


def drawn_word(text: str, number: int = 0) -> np.ndarray:
    """`(H, W)` uint8 image of a text; another number gives another image."""
    import matplotlib

    face = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    font = ImageFont.truetype(face, 40)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right - left) + 16 + number % 40, int(bottom - top) + 16 + number // 40), 240)
    ImageDraw.Draw(image).text((8 - left, 8 - top), text, fill=25, font=font)
    return np.asarray(image)


def write_word_list(folder: Path, words: int = WORDS) -> Path:
    """Images of words by `WRITERS` writers, and `words.csv` that lists them; one row's image is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = ("train", "train", "validation", "test")
    with (folder / "words.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["word_id", "transcription", "image", "writer", "split"])
        for number in range(words):
            text = TEXTS[number // WRITERS % len(TEXTS)]
            Image.fromarray(drawn_word(text, number)).save(folder / f"w{number}.png")
            writer = number % WRITERS
            rows.writerow([f"w{number}", text, f"w{number}.png", f"writer{writer}", parts[writer]])
        rows.writerow(["gone", "tea", "gone.png", "writer0", "train"])
    return folder / "words.csv"


def fill(home: Path) -> None:
    """Fill the empty folder `home`, which becomes this process's workspace."""
    from hwr_core import jobs
    from hwr_core.config import CanvasConfig
    from hwr_core.corrections import AcceptedWords, LabelCorrection, LabelCorrections
    from hwr_core.datasets import add_dataset, refresh
    from hwr_core.evaluation import job, label_errors
    from hwr_core.evaluation.store import Request, stored, write_request
    from hwr_core.files import write_text

    os.environ["HWR_HOME"] = str(home)
    source = write_word_list(home / SOURCE)
    add_dataset(DATASET, source, canvas=CanvasConfig(height=32, width=64))
    folder = home / "datasets" / DATASET
    adding = {"source": "source/words.csv", "reader": "auto", "columns": {}, "image_root": "", "canvas": {}}
    write_text(folder / "request.json", json.dumps(adding))
    jobs.write_status(folder, jobs.Status(state="done", message="40 words are ready; 1 row was left out."))

    run = copy_golden_run(home, RUN)
    (run / "notes.txt").write_text("the baseline\n", encoding="utf-8")
    (run / "log.txt").write_text("12:00:00  epoch 1: loss 3.0\n", encoding="utf-8")
    adapted = copy_golden_run(home, ADAPTED)
    for name in ("adaptation.json", "taught.json"):
        shutil.copy(DATA / "workspace-0.1" / "runs" / "adapted" / name, adapted)

    search = label_errors.search_folder(DATASET)
    wanted = {"dataset": DATASET, "checkpoint": str(run / "checkpoint"), "part": "", "most": 0}
    write_text(search / label_errors.REQUEST, json.dumps(wanted))
    assert label_errors.run_job(search).state == "done"
    suspect = {"index": 0, "word_id": "w0", "writer": "writer0", "split": "train", "transcription": "tea"}
    figures = {"reading": "ink", "confidence": 0.9, "of_transcription": 0.01, "loss": 4.6, "suspicion": 0.8, "edits": 3}
    write_text(search / label_errors.RESULT, label_errors.as_csv([{**suspect, **figures}]))

    accepted = AcceptedWords()
    for number in range(6):
        accepted.accept(drawn_word("moon", 100 + number), "moon", reading="noon", confidence=0.7, writer="Anna")
    refresh()
    LabelCorrections(DATASET).add([LabelCorrection("w1", "tea", "ten"), LabelCorrection("w2", "tea", "tea", "right")])

    request = Request(str(run / "checkpoint"), (DATASET,))  # last: it depends on the corrected labels
    target = stored(request)
    write_request(target.folder, request)
    assert job.run_job(target.folder).state == "done", target.status.message


def copy_golden_run(home: Path, name: str) -> Path:
    """A finished run of the golden `crnn`, on the data set of this workspace."""
    run = home / "runs" / name
    shutil.copytree(DATA / "golden" / "crnn", run)
    for config in (run / "config.json", run / "checkpoint" / "config.json"):
        config.write_text(config.read_text(encoding="utf-8").replace('"four"', f'"{DATASET}"'), encoding="utf-8")
    return run
