"""One lesson: the rounds in which a network is taught a hand, and the share of what it learned that is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwr_core.config import AdaptationConfig, RunConfig
from hwr_core.data import DataSet
from hwr_core.inference.checkpoint import save_checkpoint
from hwr_core.text import Charset
from hwr_core.training.hand_words import Hand, mixed, sure_of
from hwr_core.training.teaching import Score, Trial, best_trial, blended, score, teach

if TYPE_CHECKING:
    from hwr_core.inference import Recognizer

WAYS = ("auto", "none")  # how words held back are read: with languages, as a user does, and letter by letter
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Choice:
    """The share that was chosen: the readings of the words held back, and whether it expects the hand's words."""

    share: float
    expects: bool
    readings: list[str]


@dataclass
class Lesson:
    """One hand and one network, from the first step to the share that is kept.

    Args:
        checkpoint: the folder of the new reader.
        hand: its words.
        task: trains the network.
        config, settings, charset: of the new reader, of the teaching, what can be written.
    """

    checkpoint: Path
    hand: Hand
    task: Any
    config: RunConfig
    settings: AdaptationConfig
    charset: Charset

    def __post_init__(self) -> None:
        self.untaught = self.task.model.get_weights()

    def save(self, rows: np.ndarray | None, writer: str, old: Recognizer) -> None:
        """The checkpoint; `rows` are the words that it expects, None where it should be as the old one."""
        taught: dict[str, Any] = {"words": len(self.hand.learned), "writer": writer, "from": old.name}
        if rows is not None:
            taught["texts"] = self.hand.texts(rows)
        about = {"taught": taught, **{name: old.summary[name] for name in ("calibration",) if name in old.summary}}
        save_checkpoint(self.checkpoint, self.task.model, self.config, self.charset, about)

    def reader(self) -> Recognizer:
        """Reads with the network as it is now, and expects what was saved last."""
        from hwr_core.inference import Recognizer

        return Recognizer(self.checkpoint, network=self.task.model)

    def learn(
        self, folder: Path, others: list[tuple[DataSet, np.ndarray]], tell: Progress, say: Callable[[str], None]
    ) -> int:
        """The rounds, and their table in the folder; unread words are read before each.

        Returns:
            How many of them the last round learned from.
        """
        reader, guessed = self.reader(), 0

        def before_round(turn: int) -> None:
            nonlocal guessed
            if not self.hand.unread and not turn:
                return  # the words that the task began with
            readings = reader.read_canvases(self.hand.unread)
            sure = sure_of(self.hand.unread, readings, self.settings.sure, self.config, self.charset)
            guessed = len(sure)
            words, _ = mixed(self.hand, others, self.config, self.settings, self.charset, sure, turn)
            self.task.learn_from(words.train)

        history: list[dict[str, Any]] = []
        rounds = teach(self.task, self.config, lambda step, steps: tell("Learning", step, steps), before_round)
        for result in rounds:
            history.append(row_of(len(history) + 1, result, self.task, history))
            sure = f", {guessed} of {len(self.hand.unread)} unread words" if self.hand.unread else ""
            say(f"round {len(history)}: loss {result['loss']:.3f}{sure}")
        write_history(folder, history)
        return guessed

    def choose(self, before: Score, old: Recognizer, say: Callable[[str], None]) -> Choice:
        """Try the shares of what was learned on the words held back; the network stays with the best one."""
        learned, reader = self.task.model.get_weights(), self.reader()
        rows, texts = self.hand.held_back, self.hand.texts(self.hand.held_back)
        pictures = [self.hand.dataset.picture(int(row)) for row in rows]
        sure = [(canvas, reading.text) for canvas, reading in zip(self.hand.unread, old.read_canvases(self.hand.unread),
                strict=True) if reading.confidence >= self.settings.steady]  # fmt: skip
        trials, found = [], {}
        for share in self.settings.shares:
            self.task.model.set_weights(blended(self.untaught, learned, share))
            read, plain = ([one.text for one in reader.read(pictures, language=way)] for way in WAYS)
            now = reader.read_canvases([canvas for canvas, _ in sure])
            changed = sum(one.text != text for one, (_, text) in zip(now, sure, strict=True))
            trials.append(Trial(share, score(texts, read), score(texts, plain), changed))
            found[share] = read
            say(f"{share:.0%}: {trials[-1].read.right} and {trials[-1].plain.right} right, {changed} changed")
        best = best_trial(trials, before, self.settings.change_cost)
        share = best.share if best else 0.0
        self.task.model.set_weights(blended(self.untaught, learned, share))
        if best:
            return Choice(share, True, found[share])
        return Choice(0.0, False, [reading.text for reading in old.read(pictures)])


def row_of(number: int, result: dict[str, float], task: Any, history: list[dict[str, Any]]) -> dict[str, Any]:
    """A round as a row of a run's history; the figures are of the words held back. The last round is kept."""
    from hwr_core.training.loop import learning_rate

    for row in history:
        row["best"] = 0
    seconds = result["seconds"]
    figures = task.validate(lambda: False)
    rate = {"learning_rate": learning_rate(task.network), "seconds": seconds}
    return {
        "epoch": number,
        "loss": result["loss"],
        **figures,
        **rate,
        "words_per_second": result["words"] / max(seconds, 1e-3),
        "best": 1,
    }


def write_history(folder: Path, history: list[dict[str, Any]]) -> None:
    from hwr_core.training.loop import Progress as State
    from hwr_core.training.loop import write_tables

    write_tables(folder, State(epoch=len(history), history=history))
