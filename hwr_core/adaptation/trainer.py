"""Fine-tune a recognizer on one writer's words: rounds of careful steps, then a choice of how much is taken."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwr_core.adaptation.data import PseudoLabels, Rows, WriterWords, mix_words, select_pseudo_labels
from hwr_core.adaptation.selection import Score, Selection, Trial, best_trial, interpolate, score
from hwr_core.config import AdaptationConfig, RunConfig, Seq2SeqConfig
from hwr_core.decoding import labelling_log_probs
from hwr_core.errors import ConfigError
from hwr_core.files import JsonObject
from hwr_core.jobs import OnProgress
from hwr_core.models.batch_norm import batch_norms
from hwr_core.recognition.checkpoint import save_checkpoint
from hwr_core.text import Charset
from hwr_core.training.data import TrainingWords
from hwr_core.training.steps import EpochTotals, train_epoch

if TYPE_CHECKING:
    from hwr_core.recognition import Recognizer
    from hwr_core.training.tasks import CtcTask

Log = Callable[[str], None]


def check_adaptable(config: RunConfig, alphabet: object) -> Charset:
    """The charset of a recognizer that can be adapted.

    Raises:
        ConfigError: it reads token by token, as `dual` and `seq2seq` do.
    """
    if not isinstance(alphabet, Charset) or isinstance(config.model, Seq2SeqConfig):
        raise ConfigError(
            f"A {config.model.name} model cannot be adapted to a writer: that takes one that reads by frames alone "
            "(CTC). Choose another model."
        )
    return alphabet


def start_task(start: Path, words: TrainingWords, config: RunConfig) -> CtcTask:
    """The task that trains the checkpoint `start` on these words."""
    import keras

    from hwr_core.recognition.checkpoint import load_model
    from hwr_core.training.tasks import CtcTask

    keras.utils.set_random_seed(config.training.seed)
    charset = check_adaptable(config, words.alphabet)
    return CtcTask(config, charset, words.train, words.validation, load_model(start).get_weights())


@contextmanager
def frozen_batch_norms(model: Any) -> Iterator[None]:
    """Leave the statistics of batch norms as they are while the body runs.

    A few words of one writer are no sample of all handwriting: their means and variances in place of the learned
    ones would spoil what the network knows.
    """
    layers = list(batch_norms(model))
    for layer in layers:
        layer.trainable = False
    try:
        yield
    finally:
        for layer in layers:
            layer.trainable = True  # the checkpoint is as any other


def train_rounds(
    task: CtcTask,
    config: RunConfig,
    on_step: Callable[[int, int], None],
    before_round: Callable[[int], None] | None = None,
) -> Generator[EpochTotals]:
    """Train `task` round by round with frozen batch norm statistics.

    Args:
        on_step: called with a step and the number of steps; may raise to stop.
        before_round: called with the number of each round, from 0; may give the task other words.

    Raises:
        JobError: the loss became infinite.
    """
    with frozen_batch_norms(task.model):
        steps, before = task.steps() * config.training.epochs, 0
        on_step(0, steps)
        for epoch in range(config.training.epochs):
            if before_round:
                before_round(epoch)
            totals = EpochTotals()
            for totals in train_epoch(task, epoch, "Look for wrong words among the accepted ones."):
                on_step(before + totals.steps, steps)
            before += totals.steps
            yield totals


@dataclass
class AdaptationSession:
    """One writer and one network, from the first step to the weights that are taken.

    Args:
        checkpoint: the folder of the new recognizer.
        words: the writer's.
        task: trains the network.
        config, settings, charset: of the new recognizer, of the adaptation, what can be written.
    """

    checkpoint: Path
    words: WriterWords
    task: CtcTask
    config: RunConfig
    settings: AdaptationConfig
    charset: Charset

    num_pseudo_labels: int = 0  # unread words that the last round trained on

    def __post_init__(self) -> None:
        self.initial_weights = self.task.model.get_weights()

    def save(self, rows: np.ndarray | None, writer: str, old: Recognizer) -> None:
        """Write the checkpoint; `rows` are the words that it expects, None where it expects what the old one does."""
        dataset = self.words.dataset.name
        about: JsonObject = {
            "words": len(self.words.learned),
            "dataset": dataset,
            "writer": writer,
            "from": old.name,
        }
        if rows is not None:
            about["texts"] = self.words.texts(rows)
        summary = {"taught": about, **{name: old.summary[name] for name in ("calibration",) if name in old.summary}}
        save_checkpoint(self.checkpoint, self.task.model, self.config, self.charset, summary)

    @cached_property
    def recognizer(self) -> Recognizer:
        """Reads with the network as it is at the moment, and expects what was saved first."""
        from hwr_core.recognition import Recognizer

        return Recognizer(self.checkpoint, network=self.task.model)

    def train(
        self, folder: Path, replay: list[Rows], before: Score, old: Recognizer, on_progress: OnProgress, log: Log
    ) -> Selection:
        """Train all rounds, with their table in `folder`; the network is left with the selected share.

        Unread words are read before each round. The share is selected while the held-back words are still unknown;
        the last rounds then train on them too.
        """
        num_measured = self.settings.rounds - self.settings.last_rounds

        def before_round(turn: int) -> None:
            if not turn and not self.words.unread:
                return  # the words that the task began with
            pseudo_labels = self.pseudo_labels()
            self.num_pseudo_labels = len(pseudo_labels)
            words, _ = mix_words(self.words, replay, self.config, self.settings, self.charset, pseudo_labels, turn)
            self.task.learn_from(words.train)

        def on_step(step: int, steps: int) -> None:
            on_progress("Learning", step, steps)

        history: list[JsonObject] = []
        selection = None
        rounds = train_rounds(self.task, self.config, on_step, before_round)
        for totals in rounds:
            history.append(history_row(history, totals, self.task, num_measured))
            unread = len(self.words.unread)
            pseudo = f", {self.num_pseudo_labels} of {unread} unread words" if unread else ""
            log(f"round {len(history)}: loss {totals.means['loss']:.3f}{pseudo}")
            write_history(folder, history)
            if len(history) == num_measured:
                selection = self.select(before, old, log)
                if not selection.share:
                    rounds.close()
                    break
        assert selection
        self.set_interpolated(self.task.model.get_weights(), selection.share)
        return selection

    def pseudo_labels(self) -> PseudoLabels:
        readings = self.recognizer.read_canvases(self.words.unread)
        return select_pseudo_labels(self.words.unread, readings, self.settings.sure, self.config, self.charset)

    def select(self, before: Score, old: Recognizer, log: Log) -> Selection:
        """Try the shares of what was learned on the held-back words; the network is left as it is."""
        learned = self.task.model.get_weights()
        texts = self.words.texts(self.words.held_back)
        images = [self.words.dataset.image(int(row)) for row in self.words.held_back]
        readings = zip(self.words.unread, old.read_canvases(self.words.unread), strict=True)
        sure = [(canvas, reading.text) for canvas, reading in readings if reading.confidence >= self.settings.steady]
        trials, trial_readings = [], {}
        for share in self.settings.shares:
            self.set_interpolated(learned, share)
            trial_readings[share] = [reading.text for reading in self.recognizer.read(images)]
            now = self.recognizer.read_canvases([canvas for canvas, _ in sure])
            changed = sum(reading.text != text for reading, (_, text) in zip(now, sure, strict=True))
            trial = Trial(share, score(texts, trial_readings[share]), self.expected_right(), changed)
            trials.append(trial)
            log(
                f"{share:.0%}: {trial.read.right} of {len(texts)} right, {trial.expected:.1f} expected by letters, "
                f"{changed} of {len(sure)} sure ones changed"
            )
        self.task.model.set_weights(learned)
        best = best_trial(trials, before, self.settings.change_cost)
        if best:
            return Selection(best.share, True, trial_readings[best.share])
        return Selection(0.0, False, [reading.text for reading in old.read(images)])

    def expected_right(self) -> float:
        """How many held-back words are right letter by letter, each counted by its transcription's probability.

        Unlike their logarithms, probabilities let no hopeless word outweigh the others.
        """
        rows, texts = self.words.held_back, self.words.texts(self.words.held_back)
        writable = [place for place, text in enumerate(texts) if not self.charset.missing(text)]
        canvases = self.words.dataset.canvases(self.config.canvas)
        log_probs, _ = self.recognizer.log_probs([np.asarray(canvases[rows[place]]) for place in writable])
        labels = [self.charset.encode(texts[place]) for place in writable]
        return float(np.exp(labelling_log_probs(log_probs, labels, range(len(labels)))).sum())

    def set_interpolated(self, learned: list[np.ndarray], share: float) -> None:
        self.task.model.set_weights(interpolate(self.initial_weights, learned, share))


def history_row(history: list[JsonObject], totals: EpochTotals, task: CtcTask, num_measured: int) -> JsonObject:
    """A round as a row of a run's history; the metrics are of the held-back words.

    The last of the first `num_measured` rounds is the best. Later ones train on the held-back words, whose metrics
    would mean nothing then: they have none.
    """
    from hwr_core.training.trainer import learning_rate

    number = len(history) + 1
    if number <= num_measured:
        metrics = task.validate(lambda: False)
        for row in history:
            row["best"] = 0
    else:
        metrics = dict.fromkeys(("cer", "word_accuracy", "validation_loss"), float("nan"))
    return {
        "epoch": number,
        **totals.means,
        **metrics,
        "learning_rate": learning_rate(task.network),
        "seconds": totals.steady_seconds,
        "words_per_second": totals.words / max(totals.steady_seconds, 1e-3),
        "best": int(number <= num_measured),
    }


def write_history(folder: Path, history: list[JsonObject]) -> None:
    from hwr_core.training.trainer import TrainingState, write_tables

    write_tables(folder, TrainingState(epoch=len(history), history=history))


def describe(settings: AdaptationConfig) -> str:
    """The recipe in one line, for logs."""
    return (
        f"{settings.passes} passes, {settings.batch_size} words a step, learning rate {settings.learning_rate:g}, "
        f"{settings.replay_share:.0%} words of other writers, up to {settings.unread_share:.0%} of the writer's unread "
        f"words with readings at least {settings.sure:.0%} sure, batch norm statistics frozen"
    )
