"""A run that teaches a reader one hand: asked for here, done by `python -m hwr_core.training RUN` as any other.

Beside what every run has, its folder holds `adaptation.json`, what was asked for, and `taught.json`, how the words
held back were read before and after.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwr_core import jobs
from hwr_core.adaptation.data import WriterWords, mixed, select_writer_words
from hwr_core.adaptation.session import AdaptationSession, Progress
from hwr_core.adaptation.trainer import Score, check_adaptable, describe, score, task_from
from hwr_core.config import AdaptationConfig, RunConfig, build, read_json
from hwr_core.datasets import MY_CORRECTIONS, DataSet, list_datasets, resolve, slug
from hwr_core.errors import ConfigError
from hwr_core.imaging import ink_canvas
from hwr_core.recognition.checkpoint import CHECKPOINT_FOLDER, name_of, read_about
from hwr_core.training.run import ADAPTATION_FILE, CONFIG_FILE, Run, free_name, runs_folder

if TYPE_CHECKING:
    from hwr_core.recognition import Recognizer

RESULT_FILE = "taught.json"
LESSON_FOLDER = "lesson"  # the reader while it learns: no one's to choose before it was measured
UNREAD_FILE = "unread.npz"  # canvases of words that nobody has read; gone when the run is done
DEMO = "demo"
FEW = 16  # words held back; fewer say little about those to come


@dataclass(frozen=True)
class AdaptationResult:
    """What came of it.

    Attributes:
        learned, held_back: numbers of words.
        before, after: how the words held back were read.
        others_before, others_after: how words of other hands were read: what was forgotten.
        readings: of each word held back its id, transcription, reading before and after.
        seconds: wall time.
        share: of what the network learned that the new reader has; 0 where none of it read the words held back better.
        unread: how many words of the hand were given that nobody had read; `guessed` of them it learned from.
        expects: whether it expects the hand's words, capitals and marks (`text.hand`).
    """

    learned: int
    held_back: int
    before: Score
    after: Score
    others_before: Score
    others_after: Score
    seconds: float = 0.0
    readings: list[dict[str, str]] = field(default_factory=list)
    share: float = 1.0
    unread: int = 0
    guessed: int = 0
    expects: bool = False

    @property
    def is_worse(self) -> bool:
        return self.after.is_worse_than(self.before)

    @property
    def is_untouched(self) -> bool:
        """Whether the new reader is the old one over again."""
        return not self.share and not self.expects

    @property
    def sentence(self) -> str:
        """What happened, how much it says, what next."""
        if self.is_untouched:
            return self._told
        parts = [self._told]
        was, now = self.others_before, self.others_after
        if now.is_worse_than(was):
            parts.append(f"Of other hands {now.right} of {now.words} words are read right, {was.right} before.")
        if self.is_few:
            parts.append(f"{self.after.words} words are few to judge by: look at what it reads before you rely on it.")
        return " ".join(parts)

    @property
    def is_few(self) -> bool:
        """Whether too few words were held back to tell much."""
        return self.after.words < FEW

    @property
    def _told(self) -> str:
        was, now = self.before, self.after
        figures = f"{now.right} of {now.words} words held back are read right, {was.right} before"
        more = "Accept more words of this hand, and teach again."
        if self.is_untouched:
            return f"Not better: what was learned read the words held back worse, so the reader is as it was. {more}"
        if now.right == was.right and now.edits > was.edits:
            return f"Not better: {figures}, with {now.edits} characters to be changed, {was.edits} before. {more}"
        if self.is_worse:
            return f"Worse: {figures}. Keep the reader you have; look for wrong words, or accept more and teach again."
        if (was.right, was.edits) == (now.right, now.edits):
            return f"No better: {figures}. {more}"
        return f"Better: {figures}.{self._how}"

    @property
    def _how(self) -> str:
        parts = []
        if self.guessed:
            parts.append(f"It learned from {self.guessed} of the {self.unread} unread words too.")
        if not self.share:
            parts.append("Only the hand's words, capitals and marks are in: the rest read them worse.")
        elif self.share < 1:
            parts.append(f"{self.share:.0%} of what was learned is in: that reads them best.")
        return "".join(f" {part}" for part in parts)


def new_adaptation(
    start_from: Path,
    words: str = MY_CORRECTIONS,
    writer: str | None = None,
    *,
    replay: tuple[str, ...] = (),
    settings: AdaptationConfig | None = None,
    name: str = "",
    unread: Sequence[np.ndarray] = (),
) -> Run:
    """Make the folder of a run that teaches a hand; `start` then begins it. The reader it starts from is kept.

    Args:
        start_from: a checkpoint that reads by frames (CTC).
        words: a data set's name, or a CSV, folder or zip; the accepted words where left out.
        writer: whose words of it; None takes all as one hand's.
        replay: data sets of other hands; those that the checkpoint learned from where they are still here, else
            the built-in one.
        settings: the recipe.
        name: of the run and so of the new reader; made of the reader's and the writer's where left out.
        unread: pictures of more words of the hand, which nobody has read yet: it learns from its own readings of
            those that it is sure of.

    Raises:
        DataError: there are too few words.
        ConfigError: the checkpoint cannot be taught.
        CheckpointError: it is none.
    """
    settings = settings or AdaptationConfig()
    start_from = Path(start_from).resolve()
    config, alphabet, _ = read_about(start_from)
    check_adaptable(config, alphabet)
    hand = select_writer_words(resolve(words), config, settings, writer)
    replay = replay or other_hands(config, words)
    stem = name_of(start_from)
    config = replace(
        config,
        datasets=(words, *replay),
        validate_on=(),
        start_from=str(start_from),
        teacher="",  # which the hand's own words replace
        training=replace(config.training, epochs=settings.rounds),
        notes=f"Taught {'the hand of ' + writer if writer else 'a hand'}, from {stem}.",
    )
    folder = runs_folder() / free_name(name or f"{stem[:30]}-{slug(writer or 'hand')[:20]}")
    request = {
        "words": words,
        "writer": writer,
        "replay": list(replay),
        "settings": asdict(settings),
        "number": len(hand.learned) + len(hand.held_back),  # for an estimate of the time
    }
    jobs.write_text(folder / ADAPTATION_FILE, json.dumps(request, indent=1, ensure_ascii=False))
    jobs.write_text(folder / CONFIG_FILE, json.dumps(config.to_dict(), indent=1, ensure_ascii=False))
    if len(unread):
        canvases = [ink_canvas(picture, config.canvas) for picture in unread[: settings.most_unread]]
        np.savez_compressed(folder / UNREAD_FILE, canvases=np.stack(canvases))
    return Run(folder)


def other_hands(config: RunConfig, words: str) -> tuple[str, ...]:
    """The data sets that a checkpoint learned from and that are still here, else the built-in one."""
    ready = {info.name for info in list_datasets() if info.is_ready} - {words, MY_CORRECTIONS}
    return tuple(name for name in config.datasets if name in ready) or (DEMO,)


def read_result(folder: Path) -> AdaptationResult | None:
    """What came of a run that taught a hand, or None where it is not done."""
    try:
        values = read_json(folder / RESULT_FILE)
        for name in ("before", "after", "others_before", "others_after"):
            values[name] = Score(**values[name])
        return AdaptationResult(**values)
    except (ConfigError, KeyError, TypeError):
        return None


def adapt(folder: Path, config: RunConfig, tell: Progress, say: Callable[[str], None]) -> AdaptationResult:
    """Do what `adaptation.json` in the folder asks for; called inside the run's own process.

    Args:
        tell: called with a phase, a step and the number of steps; what it raises stops the work.
        say: takes the log's lines.

    Raises:
        HwrError: the words or the checkpoint cannot be used.
    """
    request = read_json(folder / ADAPTATION_FILE)
    settings = build(AdaptationConfig, request["settings"])
    hand = select_writer_words(resolve(request["words"], tell), config, settings, request["writer"])
    hand = replace(hand, unread=unread_of(folder))
    replay = [resolve(name, tell) for name in request["replay"]]
    taught = adapt_to_writer(folder, config, hand, replay, settings, tell, say, request["writer"] or "")
    jobs.write_text(folder / RESULT_FILE, json.dumps(asdict(taught), indent=1, ensure_ascii=False))
    (folder / UNREAD_FILE).unlink(missing_ok=True)
    return taught


def unread_of(folder: Path) -> list[np.ndarray]:
    """The canvases that `new_adaptation` laid there; blank ones are left out."""
    path = folder / UNREAD_FILE
    if not path.is_file():
        return []
    with np.load(path, allow_pickle=False) as arrays:
        return [canvas for canvas in arrays["canvases"] if canvas.any()]


def adapt_to_writer(
    folder: Path,
    config: RunConfig,
    hand: WriterWords,
    replay: list[DataSet],
    settings: AdaptationConfig,
    tell: Progress,
    say: Callable[[str], None],
    writer: str = "",
) -> AdaptationResult:
    """Teach the reader `config.start_from` the words of a hand; the new one is `folder`/checkpoint.

    Raises:
        HwrError: the words or the checkpoint cannot be used.
    """
    from hwr_core.recognition import Recognizer

    begun = time.time()
    start = Path(config.start_from)
    old = Recognizer.load(start)
    charset = check_adaptable(old.config, old.alphabet)
    known = len(charset)
    charset = charset.grown(hand.texts(hand.learned))
    if len(charset) > known:
        say(f"New characters: {''.join(charset.characters[known:])}")
    say(
        f"{len(hand.learned)} words to learn from, {len(hand.held_back)} held back, {len(hand.unread)} unread. "
        f"{describe(settings)}."
    )
    tell("Reading before", 0, 2)
    checked = [(hand.dataset, hand.held_back), *samples_of(replay, settings)]
    first = read_all(old, checked)
    tell("Starting the network", 0, 0)
    words, taught_config = mixed(hand, trainable(replay), config, settings, charset)
    task = task_from(start, words, taught_config, folder)
    before = score(hand.texts(hand.held_back), first[0])
    learning, checkpoint = folder / LESSON_FOLDER, folder / CHECKPOINT_FOLDER
    try:
        lesson = AdaptationSession(learning, hand, task, taught_config, settings, charset)
        lesson.save(hand.learned, writer, old)
        choice = lesson.learn(folder, trainable(replay), before, old, tell, say)
        tell("Saving", 0, 0)
        every = np.sort(np.concatenate([hand.learned, hand.held_back]))
        lesson.save(every if choice.expects else None, writer, old)
        task.export(learning)
        tell("Reading after", 1, 2)
        # The words held back are known to it by now: their readings of before that are the measure.
        second = [choice.readings, *read_all(Recognizer.load(learning), checked[1:])]
        shutil.rmtree(checkpoint, ignore_errors=True)  # of a teaching that was begun again
        os.replace(learning, checkpoint)
    finally:
        shutil.rmtree(learning, ignore_errors=True)
    taught = compare(hand, checked, first, second, time.time() - begun)
    guessed = lesson.guessed if choice.share else 0
    return replace(taught, share=choice.share, expects=choice.expects, unread=len(hand.unread), guessed=guessed)


def trainable(replay: list[DataSet]) -> list[tuple[DataSet, np.ndarray]]:
    return [(dataset, dataset.part("train")) for dataset in replay]


def samples_of(replay: list[DataSet], settings: AdaptationConfig) -> list[tuple[DataSet, np.ndarray]]:
    """A few validation words of the other hands, the same each time."""
    most = max(1, settings.other_hands // max(1, len(replay)))
    found = []
    for dataset in replay:
        rows = dataset.part("validation")
        found.append((dataset, np.sort(np.random.default_rng(settings.seed).permutation(rows)[:most])))
    return found


def texts_of(dataset: DataSet, rows: np.ndarray) -> list[str]:
    return [str(text) for text in dataset.table["transcription"].iloc[rows]]


def read_all(recognizer: Recognizer, checked: list[tuple[DataSet, np.ndarray]]) -> list[list[str]]:
    """Readings of the rows of each data set, as a user gets them."""
    return [
        [reading.text for reading in recognizer.read([dataset.picture(int(row)) for row in rows])]
        for dataset, rows in checked
    ]


def compare(
    hand: WriterWords,
    checked: list[tuple[DataSet, np.ndarray]],
    first: list[list[str]],
    second: list[list[str]],
    seconds: float,
) -> AdaptationResult:
    """The scores of both readings; the first of `checked` are the hand's own."""
    texts = [texts_of(dataset, rows) for dataset, rows in checked]
    others, others_first, others_second = (list(chain(*parts[1:])) for parts in (texts, first, second))
    ids = hand.dataset.table["word_id"].iloc[hand.held_back].tolist()
    own = zip(ids, texts[0], first[0], second[0], strict=True)
    return AdaptationResult(
        learned=len(hand.learned),
        held_back=len(hand.held_back),
        before=score(texts[0], first[0]),
        after=score(texts[0], second[0]),
        others_before=score(others, others_first),
        others_after=score(others, others_second),
        seconds=seconds,
        readings=[
            {"word_id": word_id, "transcription": text, "before": was, "after": now} for word_id, text, was, now in own
        ],
    )
