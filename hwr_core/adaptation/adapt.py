"""A run that adapts a recognizer to one writer, from its request to its result.

In addition to what every run has, its folder holds `adaptation.json`, the request, and `taught.json`, the result. The
run is done by `python -m hwr_core.adaptation RUN`.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwr_core import jobs
from hwr_core.adaptation.data import Rows, WriterWords, mix_words, select_writer_words, texts_of
from hwr_core.adaptation.result import AdaptationResult
from hwr_core.adaptation.selection import score
from hwr_core.adaptation.trainer import AdaptationSession, Log, check_adaptable, describe, start_task
from hwr_core.config import AdaptationConfig, RunConfig, build, read_json
from hwr_core.datasets import MY_CORRECTIONS, DataSet, list_datasets, open_or_add, slug
from hwr_core.files import write_text
from hwr_core.imaging import ink_canvas
from hwr_core.recognition.checkpoint import CHECKPOINT_FOLDER, name_of, read_about
from hwr_core.training.run_files import ADAPTATION_FILE, RESULT_FILE, write_config
from hwr_core.training.runs import Run, free_name, runs_folder

if TYPE_CHECKING:
    from hwr_core.recognition import Recognizer

WORKING_FOLDER = "working"  # the checkpoint while it is trained: not to be chosen before it was measured
UNREAD_FILE = "unread.npz"  # canvases of words without transcriptions; deleted when the run is done
DEMO_DATASET = "demo"


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
    """Make the folder of a run that adapts to a writer; `start` then begins it. The starting checkpoint stays as it is.

    Args:
        start_from: a checkpoint that reads by frames (CTC).
        words: a data set's name, or a CSV, folder or zip; the accepted words where left out.
        writer: whose words of it; None takes all as one writer's.
        replay: data sets of other writers; those that the checkpoint was trained on where they are still here, else
            the built-in one.
        settings: the recipe.
        name: of the run and so of the new recognizer; made of the checkpoint's and the writer's where left out.
        unread: images of more words of the writer, without transcriptions: confident readings of them are trained on.

    Raises:
        DataError: there are too few words.
        ConfigError: the checkpoint cannot be adapted.
        CheckpointError: it is no checkpoint.
    """
    settings = settings or AdaptationConfig()
    start_from = Path(start_from).resolve()
    config, alphabet, _ = read_about(start_from)
    check_adaptable(config, alphabet)
    writer_words = select_writer_words(open_or_add(words), config, settings, writer)
    replay = replay or replay_datasets(config, words)
    stem = name_of(start_from)
    config = replace(
        config,
        datasets=(words, *replay),
        validate_on=(),
        start_from=str(start_from),
        teacher="",  # the writer's own transcriptions replace it
        training=replace(config.training, epochs=settings.rounds),
        notes=f"Adapted to {writer or 'a writer'}, from {stem}.",
    )
    folder = runs_folder() / free_name(name or f"{stem[:30]}-{slug(writer or 'writer')[:20]}")
    request = {
        "words": words,
        "writer": writer,
        "replay": list(replay),
        "settings": asdict(settings),
        "number": len(writer_words.learned) + len(writer_words.held_back),  # for an estimate of the time
    }
    write_text(folder / ADAPTATION_FILE, json.dumps(request, indent=1, ensure_ascii=False))
    write_config(folder, config)
    if len(unread):
        canvases = [ink_canvas(image, config.canvas) for image in unread[: settings.most_unread]]
        np.savez_compressed(folder / UNREAD_FILE, canvases=np.stack(canvases))
    return Run(folder)


def replay_datasets(config: RunConfig, words: str) -> tuple[str, ...]:
    """The data sets that a checkpoint was trained on and that are still here, else the built-in one."""
    ready = {info.name for info in list_datasets() if info.is_ready} - {words, MY_CORRECTIONS}
    return tuple(name for name in config.datasets if name in ready) or (DEMO_DATASET,)


def adapt(folder: Path, config: RunConfig, on_progress: jobs.OnProgress, log: Log) -> AdaptationResult:
    """Do what `adaptation.json` in the folder requests; called inside the run's own process.

    Args:
        on_progress: called with a phase, a step and the number of steps; what it raises stops the work.
        log: takes the log's lines.

    Raises:
        HwrError: the words or the checkpoint cannot be used.
    """
    request = read_json(folder / ADAPTATION_FILE)
    settings = build(AdaptationConfig, request["settings"])
    words = select_writer_words(open_or_add(request["words"], on_progress), config, settings, request["writer"])
    words = replace(words, unread=read_unread(folder))
    replay = [open_or_add(name, on_progress) for name in request["replay"]]
    result = adapt_to_writer(folder, config, words, replay, settings, on_progress, log, request["writer"] or "")
    write_text(folder / RESULT_FILE, json.dumps(asdict(result), indent=1, ensure_ascii=False))
    (folder / UNREAD_FILE).unlink(missing_ok=True)
    return result


def read_unread(folder: Path) -> list[np.ndarray]:
    """The canvases that `new_adaptation` wrote; blank ones are left out."""
    path = folder / UNREAD_FILE
    if not path.is_file():
        return []
    with np.load(path, allow_pickle=False) as arrays:
        return [canvas for canvas in arrays["canvases"] if canvas.any()]


def adapt_to_writer(
    folder: Path,
    config: RunConfig,
    words: WriterWords,
    replay: list[DataSet],
    settings: AdaptationConfig,
    on_progress: jobs.OnProgress,
    log: Log,
    writer: str = "",
) -> AdaptationResult:
    """Adapt the recognizer `config.start_from` to a writer; the new one is `folder`/checkpoint.

    Raises:
        HwrError: the words or the checkpoint cannot be used.
    """
    from hwr_core.recognition import Recognizer

    begun = time.time()
    start = Path(config.start_from)
    old = Recognizer.load(start)
    charset = check_adaptable(old.config, old.alphabet)
    num_old = len(charset)
    charset = charset.extended(words.all_texts())  # held-back ones, too: the last rounds train on them
    if len(charset) > num_old:
        log(f"New characters: {''.join(charset.characters[num_old:])}")
    log(
        f"{len(words.learned)} words to learn from, {len(words.held_back)} held back, {len(words.unread)} unread. "
        f"{describe(settings)}."
    )
    on_progress("Reading before", 0, 2)
    checked = [(words.dataset, words.held_back), *validation_samples(replay, settings)]
    first = read_rows(old, checked)
    on_progress("Starting the network", 0, 0)
    replay_rows = [(dataset, dataset.part("train")) for dataset in replay]
    training_words, config = mix_words(words, replay_rows, config, settings, charset)
    task = start_task(start, training_words, config)
    before = score(words.texts(words.held_back), first[0])
    working, checkpoint = folder / WORKING_FOLDER, folder / CHECKPOINT_FOLDER
    try:
        session = AdaptationSession(working, words, task, config, settings, charset)
        session.save(words.learned, writer, old)
        selection = session.train(folder, replay_rows, before, old, on_progress, log)
        on_progress("Saving", 0, 0)
        all_rows = np.sort(np.concatenate([words.learned, words.held_back]))
        session.save(all_rows if selection.expects else None, writer, old)
        task.export(working)
        on_progress("Reading after", 1, 2)
        # The held-back words are known to it by now: their readings of before that are the measure.
        second = [selection.readings, *read_rows(Recognizer.load(working), checked[1:])]
        shutil.rmtree(checkpoint, ignore_errors=True)  # of an adaptation that was started again
        os.replace(working, checkpoint)
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return replace(
        compare(words, checked, first, second),
        seconds=time.time() - begun,
        share=selection.share,
        expects=selection.expects,
        unread=len(words.unread),
        guessed=session.num_pseudo_labels if selection.share else 0,
    )


def validation_samples(replay: list[DataSet], settings: AdaptationConfig) -> list[Rows]:
    """A few validation words of the other writers, the same each time."""
    amount = max(1, settings.other_hands // max(1, len(replay)))
    return [
        (dataset, np.sort(np.random.default_rng(settings.seed).permutation(dataset.part("validation"))[:amount]))
        for dataset in replay
    ]


def read_rows(recognizer: Recognizer, parts: Sequence[Rows]) -> list[list[str]]:
    """Readings of the rows of each data set, as a user gets them."""
    return [
        [reading.text for reading in recognizer.read([dataset.image(int(row)) for row in rows])]
        for dataset, rows in parts
    ]


def compare(
    words: WriterWords, checked: Sequence[Rows], first: list[list[str]], second: list[list[str]]
) -> AdaptationResult:
    """The scores of both readings; the first of `checked` are the writer's own."""
    texts = [texts_of(dataset, rows) for dataset, rows in checked]
    others, others_first, others_second = (list(chain(*parts[1:])) for parts in (texts, first, second))
    ids = words.dataset.table["word_id"].iloc[words.held_back].tolist()
    own = zip(ids, texts[0], first[0], second[0], strict=True)
    return AdaptationResult(
        learned=len(words.learned),
        held_back=len(words.held_back),
        before=score(texts[0], first[0]),
        after=score(texts[0], second[0]),
        others_before=score(others, others_first),
        others_after=score(others, others_second),
        readings=[
            {"word_id": word_id, "transcription": text, "before": was, "after": now} for word_id, text, was, now in own
        ],
    )
