"""Drawn words, data sets of them, and tiny trained recognizers for the tests of several rooms."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from source_files import make  # noqa: F401  a fixture of several rooms

from hwr_core import limits
from hwr_core.config import (
    AugmentationConfig,
    CanvasConfig,
    CnnTransformerConfig,
    CrnnConfig,
    DualConfig,
    ModelConfig,
    RunConfig,
    Seq2SeqConfig,
    TrainingConfig,
)
from hwr_core.limits import Limits

if TYPE_CHECKING:
    from hwr_core.datasets import DataSet
    from hwr_core.training.runs import Run

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["HWR_EXAMPLES"] = ""  # the runs of the repository would be in every list
if "PYTEST_XDIST_WORKER" in os.environ:  # a thread a worker: threads that wait for each other's core cost far more
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden"
FOUR_WORDS = ("tea", "ink", "moon", "sally")
LEARNED_LOSS = 0.15  # validation loss of learned words: read with a confidence over 0.85
SMALL_CANVAS = CanvasConfig(height=32, width=64)
Draw = Callable[..., np.ndarray]
MakeDataSet = Callable[..., "DataSet"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a workspace of its own."""
    monkeypatch.setenv("HWR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def set_limits(default_limits: None) -> Callable[..., None]:
    """`set_limits(queue_words=2)`, or with `public=True` those of a public link, until the test ends."""

    def set_to(*, public: bool = False, **values: float) -> None:
        limits.use(replace(Limits.public() if public else Limits(), **values))  # type: ignore[arg-type]

    return set_to


@pytest.fixture(autouse=True)
def default_limits() -> Iterator[None]:
    limits.use(None)
    yield
    limits.use(None)


def draw_word(
    text: str, size: int = 40, ink: int = 25, paper: int = 240, margin: int = 8, face: str = "DejaVuSans"
) -> np.ndarray:
    """`(H, W)` uint8 image of `text` in a face that Matplotlib bundles; sizes in pixels."""
    font = ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{face}.ttf", size)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin), paper)
    ImageDraw.Draw(image).text((margin - left, margin - top), text, fill=ink, font=font)
    return np.asarray(image)


def write_words(folder: Path, parts: dict[str, Sequence[str]]) -> Path:
    """Draw the words of each part, and list them in `folder/words.csv`; each part has one writer."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "words.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["word_id", "transcription", "image", "writer", "split"])
        for part, words in parts.items():
            for index, word in enumerate(words):
                name = f"{part}-{index}.png"
                Image.fromarray(draw_word(word)).save(folder / name)
                writer.writerow([f"{part}-{index}", word, name, f"writer-{part}", part])
    return folder / "words.csv"


@pytest.fixture(scope="session")
def draw() -> Draw:
    return draw_word


@pytest.fixture
def make_dataset(tmp_path: Path) -> MakeDataSet:
    """`make_dataset(name, {"train": words, "validation": words})` adds a data set of drawn words."""

    def build(name: str, parts: dict[str, Sequence[str]]) -> DataSet:
        from hwr_core.datasets import add_dataset

        return add_dataset(name, write_words(tmp_path / "sources" / name, parts), canvas=SMALL_CANVAS)

    return build


def small_config(datasets: Sequence[str], model: ModelConfig, **training: object) -> RunConfig:
    """A run small enough for a test, without augmentation."""
    return RunConfig(
        datasets=tuple(datasets),
        model=model,
        canvas=SMALL_CANVAS,
        augmentation=AugmentationConfig(strength=0.0),
        training=TrainingConfig(**training),  # type: ignore[arg-type]
    )


@pytest.fixture(scope="session")
def tiny_crnn() -> CrnnConfig:
    return CrnnConfig(channels=(8, 16, 16, 32), lstm_units=32, lstm_layers=1, dropout=0.0)


@pytest.fixture(scope="session")
def tiny_cnn_transformer() -> CnnTransformerConfig:
    return CnnTransformerConfig(
        channels=(8, 8, 16, 32), blocks=(1, 1, 1), width=32, layers=1, heads=2, feed_forward=64, dropout=0.0
    )


@pytest.fixture(scope="session")
def tiny_dual() -> DualConfig:
    return DualConfig(
        image_weights="none",
        image_units=64,
        embedding_units=16,
        lstm_units=16,
        text_units=16,
        joint_units=64,
        image_dropout=0.0,
        text_dropout=0.0,
        joint_dropout=0.0,
    )


@pytest.fixture(scope="session")
def tiny_seq2seq(tiny_crnn: CrnnConfig) -> Seq2SeqConfig:
    """Its encoder is `tiny_crnn`."""
    return Seq2SeqConfig(
        **Seq2SeqConfig.encoder_settings(tiny_crnn),
        decoder_width=32,
        decoder_layers=1,
        decoder_heads=2,
        decoder_feed_forward=64,
        decoder_dropout=0.0,
        label_smoothing=0.0,
        token_noise=0.0,
    )


@pytest.fixture(scope="session")
def config_of() -> Callable[..., RunConfig]:
    return small_config


def train_four_words(folder: Path, model: ModelConfig, **training: object) -> Path:
    """Train on four drawn words in this process, until they are learned; the run's folder.

    Processors round differently, and so tiny a network may not converge on one of them: the next seed is tried.
    """
    from hwr_core import jobs
    from hwr_core.datasets import add_dataset
    from hwr_core.training import new_run
    from hwr_core.training.job import run_training

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HWR_HOME", str(folder))
        parts = {"train": FOUR_WORDS * 32, "validation": FOUR_WORDS}
        add_dataset("four", write_words(folder / "four", parts), canvas=SMALL_CANVAS)
        for seed in (2, 3, 4, 5):
            settings = small_config(["four"], model, batch_size=8, warmup_steps=10, seed=seed, **training)
            run = new_run(settings, f"{model.name}-{seed}")

            def log(line: str, run: Run = run) -> None:
                if has_learned(run):
                    jobs.request_stop(run.folder)

            run_training(run.folder, log)
            if has_learned(run):
                return run.folder
    raise AssertionError(f"{model.name} did not learn four words: {run.best}")


def has_learned(run: Run) -> bool:
    best = run.best
    return bool(best) and best["word_accuracy"] == 1 and best["validation_loss"] < LEARNED_LOSS


def golden_run(factory: pytest.TempPathFactory, model: str) -> Path:
    """A copy of a run of `train_four_words` that learned in up to 25 epochs: quick tests never train."""
    folder = factory.mktemp("golden") / model
    shutil.copytree(GOLDEN / model, folder)
    return folder


@pytest.fixture(scope="session")
def learn_four_words() -> Callable[..., Path]:
    """`learn_four_words(folder, model, **training)` trains until four drawn words are read; the run's folder."""
    return train_four_words


@pytest.fixture(scope="session")
def crnn_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of `crnn` on four drawn words."""
    return golden_run(tmp_path_factory, "crnn")


@pytest.fixture(scope="session")
def cnn_transformer_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of `cnn_transformer` on four drawn words."""
    return golden_run(tmp_path_factory, "cnn_transformer")


@pytest.fixture(scope="session")
def seq2seq_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of `seq2seq` on four drawn words."""
    return golden_run(tmp_path_factory, "seq2seq")


@pytest.fixture(scope="session")
def dual_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of `dual` on four drawn words, with `small_resnet` in place of ResNet50."""
    return golden_run(tmp_path_factory, "dual")


@pytest.fixture
def small_resnet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three layers in place of ResNet50, one at the end of each stage, for tests of what surrounds the network."""
    import keras

    def network(input_shape: tuple[int | None, ...], weights: object = None, **options: object) -> keras.Model:
        if weights == "imagenet":
            raise OSError("no network")
        image = keras.Input(input_shape)
        x = keras.layers.Conv2D(8, 3, 8, padding="same", name="conv1_conv")(image)
        x = keras.layers.BatchNormalization(name="conv1_bn")(x)
        x = keras.layers.Activation("relu", name="conv3_block4_out")(x)
        x = keras.layers.Conv2D(12, 3, 2, padding="same", name="conv4_block6_out")(x)
        x = keras.layers.Conv2D(16, 3, 2, padding="same", name="conv5_block3_out")(x)
        return keras.Model(image, x, name="resnet50")

    monkeypatch.setattr(keras.applications, "ResNet50", network)


@pytest.fixture
def backbones_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of models/backbones."""
    from hwr_core.models import backbone_weights

    monkeypatch.setattr(backbone_weights, "BACKBONES", tmp_path / "backbones")
    return tmp_path / "backbones"
