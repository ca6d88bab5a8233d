"""One lesson: the rounds in which a network is taught a hand, and the share of what it learned that is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwr_core.adaptation.data import PseudoLabels, WriterWords, mixed, select_pseudo_labels
from hwr_core.adaptation.trainer import Score, Trial, best_trial, interpolate, score, teach
from hwr_core.config import AdaptationConfig, RunConfig
from hwr_core.datasets import DataSet
from hwr_core.decoding import labelling_log_probs
from hwr_core.recognition.checkpoint import save_checkpoint
from hwr_core.text import Charset

if TYPE_CHECKING:
    from hwr_core.recognition import Recognizer

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Selection:
    """The share that was chosen: the readings of the words held back, and whether it expects the hand's words."""

    share: float
    expects: bool
    readings: list[str]


@dataclass
class AdaptationSession:
    """One hand and one network, from the first step to the share that is kept.

    Args:
        checkpoint: the folder of the new reader.
        hand: its words.
        task: trains the network.
        config, settings, charset: of the new reader, of the teaching, what can be written.
    """

    checkpoint: Path
    hand: WriterWords
    task: Any
    config: RunConfig
    settings: AdaptationConfig
    charset: Charset

    guessed: int = 0  # unread words that were learned from in the last round

    def __post_init__(self) -> None:
        self.untaught = self.task.model.get_weights()

    def save(self, rows: np.ndarray | None, writer: str, old: Recognizer) -> None:
        """The checkpoint; `rows` are the words that it expects, None where it should be as the old one."""
        learned, dataset = len(self.hand.learned), self.hand.dataset.name
        taught: dict[str, Any] = {"words": learned, "dataset": dataset, "writer": writer, "from": old.name}
        if rows is not None:
            taught["texts"] = self.hand.texts(rows)
        about = {"taught": taught, **{name: old.summary[name] for name in ("calibration",) if name in old.summary}}
        save_checkpoint(self.checkpoint, self.task.model, self.config, self.charset, about)

    @cached_property
    def reader(self) -> Recognizer:
        """Reads with the network as it is at the moment, and expects what was saved first."""
        from hwr_core.recognition import Recognizer

        return Recognizer(self.checkpoint, network=self.task.model)

    def learn(
        self,
        folder: Path,
        others: list[tuple[DataSet, np.ndarray]],
        before: Score,
        old: Recognizer,
        tell: Progress,
        say: Callable[[str], None],
    ) -> Selection:
        """The rounds, and their table in the folder; the network is left with the share that is kept.

        Unread words are read before each round. The share is chosen while the words held back are still unknown;
        the last rounds then learn from them too.
        """
        measured_after = self.settings.rounds - self.settings.last_rounds

        def before_round(turn: int) -> None:
            if not turn and not self.hand.unread:
                return  # the words that the task began with
            sure = self.sure()
            self.guessed = len(sure)
            words, _ = mixed(self.hand, others, self.config, self.settings, self.charset, sure, turn)
            self.task.learn_from(words.train)

        history: list[dict[str, Any]] = []
        choice = None
        rounds = teach(self.task, self.config, lambda step, steps: tell("Learning", step, steps), before_round)
        for result in rounds:
            history.append(row_of(history, result, self.task, measured_after))
            sure = f", {self.guessed} of {len(self.hand.unread)} unread words" if self.hand.unread else ""
            say(f"round {len(history)}: loss {result['loss']:.3f}{sure}")
            write_history(folder, history)
            if len(history) == measured_after:
                choice = self.choose(before, old, say)
                if not choice.share:
                    rounds.close()
                    break
        assert choice
        self.blend(self.task.model.get_weights(), choice.share)
        return choice

    def sure(self) -> PseudoLabels:
        readings = self.reader.read_canvases(self.hand.unread)
        return select_pseudo_labels(self.hand.unread, readings, self.settings.sure, self.config, self.charset)

    def choose(self, before: Score, old: Recognizer, say: Callable[[str], None]) -> Selection:
        """Try the shares of what was learned on the words held back; the network stays as it is."""
        learned = self.task.model.get_weights()
        texts = self.hand.texts(self.hand.held_back)
        pictures = [self.hand.dataset.picture(int(row)) for row in self.hand.held_back]
        firm = [(canvas, reading.text) for canvas, reading in zip(self.hand.unread, old.read_canvases(self.hand.unread),
                strict=True) if reading.confidence >= self.settings.steady]  # fmt: skip
        trials, found = [], {}
        for share in self.settings.shares:
            self.blend(learned, share)
            found[share] = [reading.text for reading in self.reader.read(pictures)]
            now = self.reader.read_canvases([canvas for canvas, _ in firm])
            changed = sum(reading.text != text for reading, (_, text) in zip(now, firm, strict=True))
            trial = Trial(share, score(texts, found[share]), self.expected(), changed)
            trials.append(trial)
            say(
                f"{share:.0%}: {trial.read.right} of {len(texts)} right, {trial.expected:.1f} expected by letters, "
                f"{changed} of {len(firm)} sure ones changed"
            )
        self.task.model.set_weights(learned)
        best = best_trial(trials, before, self.settings.change_cost)
        if best:
            return Selection(best.share, True, found[best.share])
        return Selection(0.0, False, [reading.text for reading in old.read(pictures)])

    def expected(self) -> float:
        """How many of the words held back are right letter by letter, each counted by its transcription's probability.

        Unlike their logarithms, probabilities let no hopeless word outweigh the others.
        """
        rows, texts = self.hand.held_back, self.hand.texts(self.hand.held_back)
        known = [place for place, text in enumerate(texts) if not self.charset.missing(text)]
        canvases = self.hand.dataset.canvases(self.config.canvas)
        log_probs, _ = self.reader.log_probs([np.asarray(canvases[rows[place]]) for place in known])
        labels = [self.charset.encode(texts[place]) for place in known]
        return float(np.exp(labelling_log_probs(log_probs, labels, range(len(labels)))).sum())

    def blend(self, learned: list[np.ndarray], share: float) -> None:
        self.task.model.set_weights(interpolate(self.untaught, learned, share))


def row_of(history: list[dict[str, Any]], result: dict[str, float], task: Any, measured: int) -> dict[str, Any]:
    """A round as a row of a run's history; the figures are of the words held back.

    The last of the `measured` rounds, which are the first, is the best. Those behind it learn from the words held
    back, so that figures of them would say nothing: they have none.
    """
    from hwr_core.training.trainer import learning_rate

    number, seconds = len(history) + 1, result["seconds"]
    if number <= measured:
        figures = task.validate(lambda: False)
        for row in history:
            row["best"] = 0
    else:
        figures = {name: float("nan") for name in ("cer", "word_accuracy", "validation_loss")}
    rate = {"learning_rate": learning_rate(task.network), "seconds": seconds}
    return {
        "epoch": number,
        "loss": result["loss"],
        **figures,
        **rate,
        "words_per_second": result["words"] / max(seconds, 1e-3),
        "best": int(number <= measured),
    }


def write_history(folder: Path, history: list[dict[str, Any]]) -> None:
    from hwr_core.training.trainer import Progress as State
    from hwr_core.training.trainer import write_tables

    write_tables(folder, State(epoch=len(history), history=history))
