"""What a person does with a workspace, each as a process that may be killed; what is done is acknowledged.

A line of the journal is written when a call has returned: from then on a person believes that it is done, and
`checks.missing` looks for it after every kill.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from whole_workspace import DATASET, RUN, SOURCE, TEXTS, WORDS, drawn_word

Acknowledge = Callable[..., None]
EPOCHS = 3
CORRECTED = "added0"  # not what is trained on: another alphabet would be another network
LABEL_END = "yy"  # of corrected labels


def journal(path: Path) -> Acknowledge:
    """A function that appends a line to the journal; it stands outside the workspace."""

    def acknowledge(kind: str, **values: Any) -> None:
        with path.open("ab", buffering=0) as file:
            file.write(json.dumps({"kind": kind, **values}).encode() + b"\n")

    return acknowledge


def accept(home: Path, number: int, acknowledge: Acknowledge) -> None:
    """Accept words, and undo some."""
    from hwr_core.corrections import AcceptedWords

    words = AcceptedWords()
    for step in range(4):
        text = TEXTS[step % len(TEXTS)]
        word = words.accept(drawn_word(text, number % 500 + 500 * step), text, reading="x", writer=f"writer{step}")
        acknowledge("word", id=word.id, text=text, picture=word.picture)
        if step == 2:
            words.undo(word.id)
            acknowledge("undone", id=word.id)


def correct(home: Path, number: int, acknowledge: Acknowledge) -> None:
    """Correct labels, two at once, and undo one."""
    from hwr_core.corrections import LabelCorrection, LabelCorrections

    corrections = LabelCorrections(CORRECTED)
    for step in range(4):
        ids = [f"w{(number + step) % 20}", f"w{20 + (number + step) % 20}"]
        text = spelled(10 * number + step)
        corrections.add([LabelCorrection(word_id, "tea", text) for word_id in ids])
        acknowledge("labels", labels=dict.fromkeys(ids, text))
    corrections.undo(ids[:1])
    acknowledge("label undone", id=ids[0], text=text)


def add(home: Path, number: int, acknowledge: Acknowledge) -> None:
    """Add a data set by its job."""
    from hwr_core.config import CanvasConfig
    from hwr_core.datasets import job, store
    from hwr_core.files import write_text

    job.PROCESSES = 0  # of its own: a pool would outlive the kill
    name = f"added{number}"
    folder = home / "datasets" / name
    if (folder / "dataset.json").exists():
        return
    source = home / SOURCE
    canvas = {"height": 32, "width": 64, "margin": CanvasConfig().margin}
    request = {"source": str(source / "words.csv"), "reader": "auto", "columns": {}, "image_root": "", "canvas": canvas}
    write_text(folder / store.REQUEST, json.dumps(request))
    _finished(job.run_job(folder))
    acknowledge("data set", name=name, words=WORDS)


def evaluate(home: Path, number: int, acknowledge: Acknowledge) -> None:
    """Measure a model by the job of the Evaluate page."""
    from hwr_core.evaluation import job
    from hwr_core.evaluation.store import Request, stored, write_request

    request = Request(str(home / "runs" / RUN / "checkpoint"), (DATASET,), "train", most=number + 1)
    target = stored(request)
    write_request(target.folder, request)
    _finished(job.run_job(target.folder))
    acknowledge("evaluation", folder=target.folder.name)


def export(home: Path, number: int, acknowledge: Acknowledge) -> None:
    """Export the accepted words as a zip, as a data set, and as packed files."""
    from hwr_core.corrections import AcceptedWords
    from hwr_core.datasets import open_dataset, pack, refresh
    from hwr_core.datasets.my_corrections import export as export_words

    words = AcceptedWords()
    word = words.accept(drawn_word("ink", number % 500), "ink", writer="Anna")
    acknowledge("word", id=word.id, text="ink", picture=word.picture)
    refresh()
    acknowledge("refreshed")
    path = home / "exports" / f"{number}.zip"
    count = export_words(words, path)
    acknowledge("export", path=str(path), words=count)
    pieces = pack.pack(open_dataset(DATASET), home / "exports" / f"packed{number}")
    acknowledge("pack", paths=list(map(str, pieces)))


def train(home: Path, number: int, acknowledge: Acknowledge) -> None:
    """Train the smallest network, or resume its training."""
    from hwr_core.config import AugmentationConfig, CanvasConfig, CrnnConfig, RunConfig, TrainingConfig
    from hwr_core.training import new_run
    from hwr_core.training.job import run_training

    name = f"trained{number}"
    folder = home / "runs" / name
    if not (folder / "config.json").exists():
        config = RunConfig(
            datasets=(DATASET,),
            model=CrnnConfig(channels=(8, 8, 16, 16), lstm_units=16, lstm_layers=1, dropout=0.0),
            canvas=CanvasConfig(height=32, width=64),
            augmentation=AugmentationConfig(strength=0.0),
            training=TrainingConfig(epochs=EPOCHS, batch_size=10, warmup_steps=2, patience=50),
        )
        new_run(config, name)
        acknowledge("run", name=name)

    def log(line: str) -> None:
        if line.startswith("epoch "):
            acknowledge("epoch", name=name, epoch=int(line.split()[1].rstrip(":")))

    _finished(run_training(folder, log))
    acknowledge("trained", name=name)


def adapt(home: Path, number: int, acknowledge: Acknowledge) -> None:
    """Adapt the golden checkpoint to a writer, or begin that again."""
    from hwr_core.adaptation import new_adaptation
    from hwr_core.adaptation.job import run_adaptation
    from hwr_core.config import AdaptationConfig

    name = f"adapted{number}"
    if not (home / "runs" / name / "config.json").exists():
        settings = AdaptationConfig(
            least_words=4, least_held_back=2, rounds=2, passes=2, last_rounds=1, shares=(0.5, 0.0), other_hands=4
        )
        checkpoint = home / "runs" / RUN / "checkpoint"
        new_adaptation(checkpoint, DATASET, None, replay=(DATASET,), settings=settings, name=name)
        acknowledge("run", name=name)
    _finished(run_adaptation(home / "runs" / name, lambda line: None))
    acknowledge("trained", name=name)


ACTIONS = {"accept": accept, "correct": correct, "add": add, "evaluate": evaluate, "export": export}
SLOW_ACTIONS = {"train": train, "adapt": adapt}  # these start TensorFlow
WRITES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree", "sqlite3.connect")


def spelled(number: int) -> str:
    """A number in letters that the golden checkpoint can write: corrected labels are trained on, too."""
    return "".join("aeiklmnost"[int(digit)] for digit in str(number)) + LABEL_END


class JobFailed(Exception):
    """A job's status is not done; the message has its sentence."""


def _finished(status: Any) -> None:
    if status.state != "done":
        raise JobFailed(f"The job ended as {status.state}: {status.message}")


class Killer:
    """Counts the writes to a workspace, and kills this process at one of them, or a moment later.

    Args:
        home: the workspace.
        write: SIGKILL at the write of this number, from 1; 0 counts only.
        delay: seconds that pass between that write and the kill.
    """

    def __init__(self, home: Path, write: int = 0, delay: float = 0.0) -> None:
        self.home, self.write, self.delay = str(home), write, delay
        self.count = 0
        sys.addaudithook(self._on_event)

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                return
        elif event not in WRITES:
            return
        path = arguments[0]
        if not isinstance(path, str | os.PathLike) or not os.fspath(path).startswith(self.home):
            return
        self.count += 1
        if self.count == self.write:
            if not self.delay:
                os.kill(os.getpid(), signal.SIGKILL)
            threading.Timer(self.delay, os.kill, (os.getpid(), signal.SIGKILL)).start()


def do(kind: str, home: Path, number: int, log: Path, write: int, delay: float) -> int:
    """Do an action in this process; returns how many writes it took."""
    killer = Killer(home, write, delay)
    {**ACTIONS, **SLOW_ACTIONS}[kind](home, number, journal(log))
    return killer.count


def moment(draw: random.Random, writes: int, is_slow: bool) -> tuple[int, float]:
    """The write and the delay of a kill, drawn over all writes of an action; half of the kills hit the write itself."""
    delay = draw.uniform(0, 1.0 if is_slow else 0.02) if draw.random() < 0.5 else 0.0
    return draw.randint(1, max(1, writes)), delay


if __name__ == "__main__":
    kind, home, number, log, write, delay = sys.argv[1:]
    print(do(kind, Path(home), int(number), Path(log), int(write), float(delay)), flush=True)
