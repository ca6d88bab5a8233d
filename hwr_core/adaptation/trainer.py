"""Teaching a reader a hand: a few hundred careful steps from a checkpoint on."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwr_core.config import AdaptationConfig, RunConfig, Seq2SeqConfig
from hwr_core.errors import ConfigError, JobError
from hwr_core.models.batch_norm import batch_norms
from hwr_core.text import Charset, edit_distance
from hwr_core.training.data import TrainingWords

ALIKE = 1.0  # words by which shares of what was learned differ without one being better
WARM_UP_STEPS = 3  # compiled on the way, many times slower than the rest
Tell = Callable[[int, int], None]  # step, steps; may raise to stop


@dataclass(frozen=True)
class Score:
    """How well some words were read.

    Attributes:
        words: how many; `right` of them exactly.
        edits: characters to be changed, of `characters`.
    """

    words: int
    right: int
    edits: int
    characters: int

    @property
    def word_accuracy(self) -> float:
        return self.right / self.words if self.words else 0.0

    @property
    def cer(self) -> float:
        return self.edits / self.characters if self.characters else 0.0

    def is_worse_than(self, other: Score) -> bool:
        """Fewer words right; where as many, more edits."""
        return (self.right, -self.edits) < (other.right, -other.edits)


def score(texts: Sequence[str], readings: Sequence[str]) -> Score:
    """Compare readings with transcriptions, as written.

    Example:
        >>> score(["tea", "moon"], ["tea", "mon"])
        Score(words=2, right=1, edits=1, characters=7)
    """
    edits = [edit_distance(text, reading) for text, reading in zip(texts, readings, strict=True)]
    return Score(len(texts), edits.count(0), sum(edits), sum(map(len, texts)))


def check_adaptable(config: RunConfig, alphabet: object) -> Charset:
    """The charset of a reader that can be taught.

    Raises:
        ConfigError: it reads token by token, as `dual` and `seq2seq` do.
    """
    if not isinstance(alphabet, Charset) or isinstance(config.model, Seq2SeqConfig):
        raise ConfigError(
            f"A {config.model.name} reader cannot be taught a hand: that takes one that reads by frames alone (CTC). "
            "Choose another reader."
        )
    return alphabet


def teach(
    task: Any, config: RunConfig, tell: Tell, before_round: Callable[[int], None] | None = None
) -> Generator[dict[str, float]]:
    """Train `task` (of `training.tasks`) round by round, the statistics of its batch norms frozen.

    A few words of one hand are no sample of all handwriting: their means and variances in place of the learned ones
    would spoil what the reader knows.

    Args:
        task: what is trained.
        config: the run's.
        tell: called with a step and the number of steps.
        before_round: called with the number of each round, from 0; may give the task other words.

    Yields:
        After each round its mean loss, the number of words shown, and the seconds that it took (without the first
        steps of all, in which the network is compiled, brought to the number of words).

    Raises:
        JobError: the loss became infinite.
    """
    frozen = list(batch_norms(task.model))
    for layer in frozen:
        layer.trainable = False
    try:
        yield from _rounds(task, config, tell, before_round)
    finally:
        for layer in frozen:
            layer.trainable = True  # the checkpoint is as any other


def _rounds(
    task: Any, config: RunConfig, tell: Tell, before_round: Callable[[int], None] | None
) -> Generator[dict[str, float]]:
    from hwr_core.training.trainer import prefetch

    steps, done = task.steps() * config.training.epochs, 0
    tell(done, steps)
    for epoch in range(config.training.epochs):
        if before_round:
            before_round(epoch)
        total, words, begun, counted = 0.0, 0, time.time(), 0
        for arrays, count in prefetch(task.batches(epoch)):
            loss = float(task.network.train_on_batch(*arrays, return_dict=True)["loss"])
            if not np.isfinite(loss):
                raise JobError("The loss became infinite. Look for wrong words among the accepted ones.")
            total, words, done = total + loss * count, words + count, done + 1
            counted += count
            if done == WARM_UP_STEPS:
                begun, counted = time.time(), 0
            tell(done, steps)
        spent = time.time() - begun
        yield {"loss": total / words, "words": words, "seconds": spent * words / counted if counted else spent}


def interpolate(old: Sequence[np.ndarray], new: Sequence[np.ndarray], share: float) -> list[np.ndarray]:
    """Weights between two readers of the same network: `share` 0 is the old one, 1 the new one.

    Fine-tuned weights lie in the same valley of the loss as those that they come from, so what lies between reads
    well too, and keeps more of what was known (Wortsman et al. 2022, arXiv:2109.01903).

    Example:
        >>> blended([np.zeros(2)], [np.ones(2)], 0.25)
        [array([0.25, 0.25])]
    """
    return [was + np.asarray(share, was.dtype) * (now - was) for was, now in zip(old, new, strict=True)]


@dataclass(frozen=True)
class Trial:
    """How the reader with a share of what was learned does.

    Attributes:
        share: in [0, 1].
        read: the words held back as a user gets them: with languages.
        expected: how many of them are right letter by letter, each counted by its transcription's probability.
        changed: of the unread words that the old reader was sure of, how many are read otherwise now.
    """

    share: float
    read: Score
    expected: float
    changed: int = 0


def best_trial(trials: Sequence[Trial], before: Score, change_cost: float) -> Trial | None:
    """The best of those that read no fewer of the words held back right than before; None where there is none.

    Right or wrong of a few words tells little, so the probability of their transcriptions counts beside it. What was
    read surely and now is read otherwise counts against, at `change_cost` of a word. Of all that are less than one
    word behind the best, the first is taken.

    Args:
        trials: in order of preference.
        before: how the words held back were read.
        change_cost: of a sure reading that changed.
    """
    allowed = [trial for trial in trials if trial.read.right >= before.right]

    def worth(trial: Trial) -> float:
        return trial.read.right + trial.expected - change_cost * trial.changed

    best = max(map(worth, allowed), default=0.0)
    return next((trial for trial in allowed if worth(trial) > best - ALIKE), None)


def task_from(start: Path, words: TrainingWords, config: RunConfig, folder: Path) -> Any:
    """The task that goes on from the checkpoint `start` with these words."""
    import keras

    from hwr_core.recognition.checkpoint import load_model
    from hwr_core.training.job import make_task

    keras.utils.set_random_seed(config.training.seed)
    return make_task(config, words, folder, start=load_model(start).get_weights())


def describe(settings: AdaptationConfig) -> str:
    """The recipe in one line, for logs."""
    return (
        f"{settings.passes} passes, {settings.batch_size} words a step, learning rate {settings.learning_rate:g}, "
        f"{settings.replay_share:.0%} words of other hands, up to {settings.unread_share:.0%} of the hand's own unread "
        f"with readings at least {settings.sure:.0%} sure, batch norm statistics frozen"
    )
