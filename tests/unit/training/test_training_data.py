"""From a run's settings to the words it learns from, and an account of those left out."""

from __future__ import annotations

import numpy as np
import pytest

from hwr_core.config import CanvasConfig, CrnnConfig, DualConfig, RunConfig, TrainingConfig
from hwr_core.errors import DataError
from hwr_core.text import Charset, Tokens
from hwr_core.training.data import training_words

SMALL = CanvasConfig(height=32, width=64)


def config_of(*datasets: str, model=None, validate_on: tuple[str, ...] = (), **training: object) -> RunConfig:
    return RunConfig(
        datasets=datasets,
        model=model or CrnnConfig(),
        canvas=SMALL,
        validate_on=validate_on,
        training=TrainingConfig(**training),  # type: ignore[arg-type]
    )


@pytest.fixture
def two_sets(make_dataset):
    one = make_dataset("one", {"train": ["tea", "ink"], "validation": ["moon", "sun", "star"], "test": ["x"]})
    two = make_dataset("two", {"train": ["cat", "dog", "cow"], "validation": ["hen"]})
    return one, two


def test_training_words_rows_correspond(two_sets):
    words = training_words(config_of("one", "two"))
    assert sorted(words.train.transcriptions) == ["cat", "cow", "dog", "ink", "tea"]
    assert sorted(words.validation.transcriptions) == ["hen", "moon", "star", "sun"]
    canvases = {
        text: canvas
        for dataset in two_sets
        for text, canvas in zip(dataset.table["transcription"], dataset.canvases(SMALL), strict=True)
    }
    for prepared in (words.train, words.validation):
        assert prepared.canvases.shape == (len(prepared), 32, 64)
        for row, text in enumerate(prepared.transcriptions):
            assert (np.asarray(prepared.canvases[row]) == canvases[text]).all()
    assert set(words.train.writers) == {"one/writer-train", "two/writer-train"}


def test_training_words_alphabet_is_of_the_training_part(two_sets):
    assert training_words(config_of("one")).alphabet == Charset("aeiknt")
    dual = training_words(config_of("one", model=DualConfig(image_weights="none"))).alphabet
    assert dual == Tokens("aeiknt")
    of_words = training_words(config_of("one", model=DualConfig(tokens="words"))).alphabet
    assert of_words == Tokens(["ink", "tea"], words=True)


def test_training_words_samples_name_their_source(two_sets):
    words = training_words(config_of("one", "two"))
    sets = {dataset.name: dataset for dataset in two_sets}
    assert len(words.samples) == 4
    for sample in words.samples:
        assert words.validation.transcriptions[sample.row] == sample.transcription
        record = sets[sample.dataset].table.iloc[sample.index]
        assert (record["transcription"], record["word_id"]) == (sample.transcription, sample.word_id)
    assert training_words(config_of("one", "two")).samples == words.samples


def test_training_words_has_at_most_eight_samples(make_dataset):
    make_dataset("many", {"train": ["tea", "ink"], "validation": ["tea", "ink", "sun"] * 5})
    samples = training_words(config_of("many")).samples
    assert len({sample.row for sample in samples}) == len(samples) == 8


def test_training_words_validate_on_limits_validation(two_sets):
    words = training_words(config_of("one", "two", validate_on=("two",)))
    assert words.validation.transcriptions == ["hen"]
    assert len(words.train) == 5


def test_training_words_limits_sample_by_seed(two_sets):
    def chosen(seed: int) -> tuple[str, ...]:
        words = training_words(config_of("one", "two", max_words=3, max_validation_words=2, seed=seed))
        assert (len(words.train), len(words.validation)) == (3, 2)
        return tuple(words.train.transcriptions)

    assert chosen(1) == chosen(1)
    assert len({chosen(seed) for seed in range(8)}) > 1


def test_training_words_leaves_out_words_without_frames(make_dataset):
    long = "aabbccddeeff"  # 12 letters, 6 of them twice: 18 frames, a canvas of 64 has 16
    make_dataset("mixed", {"train": ["tea", "ink", long], "validation": ["moon", long]})
    words = training_words(config_of("mixed"))
    assert words.train.transcriptions == ["tea", "ink"]
    assert words.validation.transcriptions == ["moon"]
    assert len(words.notes) == 2
    assert "1 words are left out, their transcriptions need more than the 16 frames" in words.notes[0]
    assert len(training_words(config_of("mixed", model=DualConfig(image_weights="none"))).train) == 3


def test_training_words_extends_a_starting_charset(make_dataset):
    make_dataset("words", {"train": ["tea", "eat", "zoo"], "validation": ["ate", "zoo"]})
    words = training_words(config_of("words"), alphabet=Charset("xtea"))
    assert words.alphabet == Charset("xteaoz")  # what was known keeps its ids
    assert words.train.transcriptions == ["tea", "eat", "zoo"]
    assert "New characters, unknown to the starting checkpoint: oz" in words.notes
    known = training_words(config_of("words"), alphabet=Charset("zotea"))
    assert (known.alphabet, known.notes) == (Charset("zotea"), ())


def test_training_words_too_few_raises(make_dataset):
    make_dataset("no-validation", {"train": ["tea", "ink"], "validation": ["aabbccddeeff"]})
    make_dataset("one-word", {"train": ["tea"], "validation": ["ink"]})
    make_dataset("too-long", {"train": ["aabbccddeeff", "aabbccddeegg", "tea"], "validation": ["tea"]})
    for name, counts in (("no-validation", "2 and 0"), ("one-word", "1 and 1"), ("too-long", "1 and 1")):
        with pytest.raises(DataError, match=f"at least 2 training words and 1 validation.* Found {counts}"):
            training_words(config_of(name))


def test_training_words_progress_may_stop(two_sets):
    calls = []
    training_words(config_of("one"), on_progress=lambda *call: calls.append(call))

    def stop(phase: str, step: int, steps: int) -> None:
        raise KeyboardInterrupt

    other = RunConfig(datasets=("one",), canvas=CanvasConfig(height=48, width=96))
    with pytest.raises(KeyboardInterrupt):
        training_words(other, on_progress=stop)
