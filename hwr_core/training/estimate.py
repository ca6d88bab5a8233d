"""Time, memory and disk that a training will take, before it starts.

Work is counted from the configuration, without Keras: the Train page calls this at every change. Slow tests compare
the weights counted here with those of the built networks.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwr_core.config import (
    RESNET_STRIDES,
    CanvasConfig,
    CnnTransformerConfig,
    CrnnConfig,
    CtcConfig,
    DualConfig,
    PpocrCtcConfig,
    ResnetCtcConfig,
    RunConfig,
    Seq2SeqConfig,
)
from hwr_core.models.layers import FRAME_PIXELS
from hwr_core.recognition.checkpoint import read_about
from hwr_core.training.distillation import teacher_folder
from hwr_core.training.runs import list_runs, word_counts

# Measured on two cores of a Xeon under TensorFlow 2.21; see benchmarks/. Speeds of earlier runs here replace them.
CTC_OPERATIONS_PER_SECOND = 30e9  # multiply-adds, forward and backward counted as three
RESNET_IMAGES_PER_SECOND = 60.0  # 64 x 256, forward
RESNET_TRAINING_PER_SECOND = 11.0
DUAL_WORDS_PER_SECOND = 900.0  # on cached features
MEAN_WIDTH = 0.6  # of words, as a share of the canvas: batches are of similar width
BASE_MEMORY_MB = 1100.0
MEAN_CHARACTERS = 8.0  # of a word, as batches are padded
RESNET_BLOCKS = (("conv2", 64, 3), ("conv3", 128, 4), ("conv4", 256, 6), ("conv5", 512, 3))


@dataclass(frozen=True)
class Estimate:
    """Seconds are of wall time, memory and disk in MiB."""

    words: int
    validation_words: int
    parameters: int
    seconds_per_epoch: float
    first_seconds: float  # once, before the first epoch: features of a frozen backbone or encoder
    seconds: float  # all epochs; patience may end it sooner
    memory_mb: float
    disk_mb: float
    note: str


def estimate(config: RunConfig) -> Estimate:
    """Estimate time and memory of a training.

    Raises:
        DataError: a data set is not there.
        CheckpointError: the teacher cannot be read.
    """
    words, validation_words = word_counts(config)
    note = "from figures measured on two cores; the first epoch gives a better one"
    first = disk = 0.0
    pixels = config.canvas.height * config.canvas.width / (64 * 256)
    model = config.model
    if isinstance(model, DualConfig):
        share = pixels / model.shrink**2 * resnet_share(model.stage)  # share of the whole ResNet50's work on 64 x 256
    if isinstance(model, Seq2SeqConfig):
        parameters = ctc_parameters(model.encoder_config) + decoder_parameters(model)
        encoding = ctc_operations(model.encoder_config, config.canvas) * MEAN_WIDTH
        decoding = decoder_operations(model, config.canvas)
        memory = BASE_MEMORY_MB + activations_mb(model.encoder_config) * config.training.batch_size * pixels
        if model.freeze_encoder:
            shown = shown_once(config, model.views, words, validation_words)
            speed = CTC_OPERATIONS_PER_SECOND / (3 * decoding)
            first = shown * encoding / CTC_OPERATIONS_PER_SECOND
            frames = MEAN_WIDTH * config.canvas.width / FRAME_PIXELS
            disk = shown * frames * encoder_features(model) * 2 / 2**20
        else:
            speed = CTC_OPERATIONS_PER_SECOND / (3 * (encoding + decoding))
    elif not isinstance(model, DualConfig):
        parameters = ctc_parameters(model)
        work = 3 * ctc_operations(model, config.canvas) + teacher_operations(config)
        speed = CTC_OPERATIONS_PER_SECOND / (work * MEAN_WIDTH)
        memory = BASE_MEMORY_MB + activations_mb(model) * config.training.batch_size * pixels
    else:
        parameters = dual_parameters(model, config.canvas)
        memory = BASE_MEMORY_MB + parameters * 16 / 2**20
        if model.fine_tune_from:
            speed = RESNET_TRAINING_PER_SECOND / share
            memory += 45.0 * config.training.batch_size * share
        else:
            speed = DUAL_WORDS_PER_SECOND
            shown = shown_once(config, model.views, words, validation_words)
            first = shown * share / RESNET_IMAGES_PER_SECOND
            disk = shown * feature_size(config.canvas, model) * 2 / 2**20
    before = measured_speed(config)
    if before:
        speed, note = before, "from an earlier run with the same network on this machine"
    seconds_per_epoch = words / config.training.parts / speed + validation_words / (3 * speed)
    return Estimate(
        words=words,
        validation_words=validation_words,
        parameters=parameters,
        seconds_per_epoch=seconds_per_epoch,
        first_seconds=first,
        seconds=first + seconds_per_epoch * config.training.epochs,
        memory_mb=memory,
        disk_mb=disk,
        note=note,
    )


def shown_once(config: RunConfig, views: int, words: int, validation_words: int) -> int:
    """Images that a frozen network computes before the first epoch: `views` of a training word where they differ."""
    return words * (views if config.augmentation.strength else 1) + validation_words


def measured_speed(config: RunConfig) -> float | None:
    """Words a second of the newest run with the same network, canvas and teacher, if there is one."""
    for run in list_runs():
        try:
            earlier = run.config
            same = (earlier.model, earlier.canvas, earlier.teacher) == (config.model, config.canvas, config.teacher)
        except Exception:  # a damaged run is no reason to refuse an estimate
            continue
        history = run.history if same else None
        if history is not None and "words_per_second" in history and len(history):
            return max(0.1, float(history["words_per_second"].iloc[-1]))
    return None


def crnn_layers(model: CrnnConfig, canvas: CanvasConfig) -> list[tuple[int, int]]:
    """Weights and positions of each convolution and matrix of `models.crnn`."""
    a, b, c, d = model.channels
    height, width = canvas.height, canvas.width
    quarter = height * width // 8
    layers = [(35 * a, quarter), (9 * a * a, quarter), (9 * a * a, quarter)]
    layers += [(9 * a * b, quarter // 4)] + [(9 * b * b, quarter // 4)] * 2
    layers += [(9 * b * c, quarter // 8)] + [(9 * c * c, quarter // 8)] * 2
    layers += [(9 * c * d, quarter // 8)]
    frames, inputs = width // 4, d
    for _ in range(model.lstm_layers):
        layers.append((8 * model.lstm_units * (inputs + model.lstm_units + 1), frames))
        inputs = 2 * model.lstm_units
    return [*layers, (inputs * 100, frames)]


def cnn_transformer_layers(model: CnnTransformerConfig, canvas: CanvasConfig) -> list[tuple[int, int]]:
    """As `crnn_layers`, of `models.cnn_transformer`; attention itself multiplies little compared with its weights."""
    stem, *stages = model.channels
    positions = canvas.height * canvas.width // 8
    layers, inputs = [(49 * stem, positions)], stem
    for channels, count, halved in zip(stages, model.blocks, (1, 4, 2), strict=True):
        positions //= halved
        for _ in range(count):
            shortcut = inputs * channels if inputs != channels else 0
            layers.append((9 * channels * (inputs + channels) + shortcut, positions))
            inputs = channels
    frames = canvas.width // 4
    layers.append((inputs * model.width, frames))
    layers += [(4 * model.width**2 + 2 * model.width * model.feed_forward, frames)] * model.layers
    return [*layers, (model.width * 100, frames)]


def resnet_layers(stage: str, positions: int) -> list[tuple[int, int]]:
    """As `crnn_layers`, of ResNet50 up to a stage on images of `positions` pixels."""
    layers, inputs = [(147 * 64, positions // 4)], 64
    positions //= 16
    for name, width, blocks in RESNET_BLOCKS:
        positions //= 1 if name == "conv2" else 4
        layers.append((inputs * 4 * width, positions))
        for _ in range(blocks):
            layers.append((inputs * width + 9 * width * width + 4 * width * width, positions))
            inputs = 4 * width
        if name == stage:
            break
    return layers


def resnet_share(stage: str) -> float:
    """The share of the whole ResNet50's work up to a stage, in (0, 1]."""
    whole, part = (sum(w * n for w, n in resnet_layers(name, 64 * 256)) for name in ("conv5", stage))
    return part / whole


def resnet_ctc_layers(model: ResnetCtcConfig, canvas: CanvasConfig) -> list[tuple[int, int]]:
    """As `crnn_layers`, of `models.resnet_ctc`."""
    stride = RESNET_STRIDES[model.stage] * model.shrink
    rows, columns, channels = canvas.height // stride, canvas.width // stride, 64 * stride // model.shrink
    frames = canvas.width // 4
    spread = rows * channels * frames // columns * model.units
    trunk = resnet_layers(model.stage, canvas.height * canvas.width // model.shrink**2)
    return [*trunk, (spread, columns), (5 * model.units**2 + 100 * model.units, frames)]


def ppocr_ctc_layers(model: PpocrCtcConfig, canvas: CanvasConfig) -> list[tuple[int, int]]:
    """As `crnn_layers`, of `models.ppocr_ctc`."""
    first = model.channels[0]
    positions, half = canvas.height * canvas.width // 16, first // 2
    layers = [(9 * half, 4 * positions), (3 * half * half, 4 * positions)]
    layers += [(9 * first * half, positions), (half * first, positions)]
    for stage, (channels, count) in enumerate(zip(model.channels, model.blocks, strict=True)):
        if stage:
            before = model.channels[stage - 1]
            layers += [(9 * before, positions), (2 * before * (before + channels), positions // 2)]
            positions //= 2
        layers += [(9 * channels + 4 * channels * channels, positions)] * count
        layers += [(channels * channels // 2, 1)] * (count // 2)
    frames = canvas.width // model.frame_pixels
    layers.append(((2 * model.channels[-1] + 7) * model.width, frames))
    return [*layers, *[(8 * model.width**2, frames)] * model.layers, (model.width * 100, frames)]


def ctc_layers(model: CtcConfig, canvas: CanvasConfig) -> list[tuple[int, int]]:
    if isinstance(model, ResnetCtcConfig):
        return resnet_ctc_layers(model, canvas)
    if isinstance(model, PpocrCtcConfig):
        return ppocr_ctc_layers(model, canvas)
    return crnn_layers(model, canvas) if isinstance(model, CrnnConfig) else cnn_transformer_layers(model, canvas)


def teacher_operations(config: RunConfig) -> float:
    """Multiply-adds of the teacher for a word, forward only; 0 where there is none."""
    if not config.teacher:
        return 0.0
    model = read_about(teacher_folder(config))[0].model
    return ctc_operations(model, config.canvas) if isinstance(model, CtcConfig) else 0.0


def ctc_parameters(model: CtcConfig) -> int:
    return sum(weights for weights, _ in ctc_layers(model, CanvasConfig()))


def ctc_operations(model: CtcConfig, canvas: CanvasConfig) -> float:
    return float(sum(weights * positions for weights, positions in ctc_layers(model, canvas)))


def activations_mb(model: CtcConfig) -> float:
    """MiB that a 64 x 256 word takes in a step of training."""
    if isinstance(model, ResnetCtcConfig):
        return 45.0 * resnet_share(model.stage) / model.shrink**2
    if isinstance(model, PpocrCtcConfig):
        # A run of 32 words a step, 48 x 320 pixels, in bfloat16 with averaged weights, peaked at 5,485 MB.
        return 146.0 * sum(c * n for c, n in zip(model.channels, model.blocks, strict=True)) / 2208
    if isinstance(model, CrnnConfig):
        return 8.0 * sum(model.channels) / 296
    stem, first, second, third = model.channels
    stages = [
        count * 6 * size for count, size in zip(model.blocks, (2048 * first, 512 * second, 256 * third), strict=True)
    ]
    blocks = 64 * (10 * model.width + 3 * model.feed_forward) * model.layers
    return 4 * (3 * 2048 * stem + sum(stages) + blocks) / 2**20


def encoder_features(model: Seq2SeqConfig) -> int:
    """Features of a frame that the decoder of `models.seq2seq` attends to."""
    return 2 * model.lstm_units if model.encoder == "crnn" else model.width


def decoder_parameters(model: Seq2SeqConfig) -> int:
    """Weights of the decoder of `models.seq2seq`, with 100 characters."""
    width = model.decoder_width
    layer = 8 * width**2 + 2 * width * model.decoder_feed_forward
    return (encoder_features(model) + 200) * width + layer * model.decoder_layers


def decoder_operations(model: Seq2SeqConfig, canvas: CanvasConfig) -> float:
    """Multiply-adds of the decoder for a word: keys and values of its frames, and its characters."""
    width, frames = model.decoder_width, MEAN_WIDTH * canvas.width / FRAME_PIXELS
    once = frames * width * (encoder_features(model) + 2 * width * model.decoder_layers)
    return once + MEAN_CHARACTERS * decoder_parameters(model)


def feature_size(canvas: CanvasConfig, model: DualConfig) -> int:
    stride = RESNET_STRIDES[model.stage]
    height, width = (-(-size // model.shrink // stride) for size in (canvas.height, canvas.width))
    return height * width * 64 * stride


def dual_parameters(model: DualConfig, canvas: CanvasConfig) -> int:
    """Without ResNet50's own, unless they are fine-tuned."""
    lstm = 8 * model.lstm_units * (model.embedding_units + model.lstm_units + 1)
    joint = (model.image_units + model.text_units) * model.joint_units + model.joint_units * 100
    flat, channels = feature_size(canvas, model), 64 * RESNET_STRIDES[model.stage]
    image = flat * model.image_units
    if model.image_channels:
        image = channels * model.image_channels + flat // channels * model.image_channels * model.image_units
    head = image + lstm + 2 * model.lstm_units * model.text_units + joint
    trunk = sum(weights for weights, _ in resnet_layers(model.stage, canvas.height * canvas.width))
    return head + (trunk if model.fine_tune_from else 0)
