"""Every setting of a run, with its default written once, here.

A `RunConfig` is saved as `config.json` beside what it made: unknown names and values out of range are refused
by a sentence, so an old file either opens as it was meant or says why not.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from hwr_core.errors import ConfigError

T = TypeVar("T")
FORMAT_VERSION = 1
RESNET_STAGES = ("conv2", "conv3", "conv4", "conv5")
RESNET_STRIDES = {"conv3": 8, "conv4": 16, "conv5": 32}  # pixels between two columns of a stage's output
LEAST_RESNET_HEIGHT = 32  # `keras.applications` refuses smaller pictures


def require(condition: bool, name: str, value: object, expected: str) -> None:
    """Raise `ConfigError` with one sentence unless `condition` holds."""
    if not condition:
        raise ConfigError(f"{name} must be {expected}. Received: {name}={value!r}")


def setting(default: Any, help_text: str, **limits: Any) -> Any:
    """A dataclass field with the one line of help that every page and command shows."""
    return field(default=default, metadata={"help": help_text, **limits})


@dataclass(frozen=True, kw_only=True, slots=True)
class CanvasConfig:
    """The ink canvas that every picture is brought to; height and width in pixels."""

    height: int = setting(64, "Height of the prepared picture, in pixels.")
    width: int = setting(256, "Width of the prepared picture; longer words are shrunk to fit, in pixels.")
    margin: int = setting(3, "Paper kept around the ink, in pixels of the prepared picture.")

    def __post_init__(self) -> None:
        require(self.height in (32, 48, 64, 96, 128), "height", self.height, "32, 48, 64, 96 or 128")
        require(
            64 <= self.width <= 2048 and self.width % 32 == 0,
            "width",
            self.width,
            "a multiple of 32 up to 2048",
        )
        require(1 <= self.margin <= 8, "margin", self.margin, "from 1 to 8")


SHORTCUT_HELP = "Weight of a second CTC loss right behind the CNN, in training only; 0 leaves it out."


def require_channels(channels: tuple[int, ...]) -> None:
    """Channels of a CNN's four stages."""
    fitting = len(channels) == 4 and all(isinstance(c, int) and 8 <= c <= 1024 and c % 8 == 0 for c in channels)
    require(fitting, "channels", channels, "four multiples of 8, from 8 to 1024")


@dataclass(frozen=True, kw_only=True, slots=True)
class CrnnConfig:
    """`crnn`: compact CNN, column max-pool, bidirectional LSTM, CTC."""

    name: Literal["crnn"] = "crnn"
    channels: tuple[int, ...] = setting((24, 48, 96, 128), "Channels of the four stages of the CNN.")
    lstm_units: int = setting(128, "Units of each direction of each LSTM layer.")
    lstm_layers: int = setting(2, "Number of bidirectional LSTM layers.")
    dropout: float = setting(0.2, "Share of features dropped before each LSTM layer and the output.")
    shortcut: float = setting(0.0, SHORTCUT_HELP)

    def __post_init__(self) -> None:
        require_channels(self.channels)
        require(8 <= self.lstm_units <= 1024, "lstm_units", self.lstm_units, "from 8 to 1024")
        require(1 <= self.lstm_layers <= 5, "lstm_layers", self.lstm_layers, "from 1 to 5")
        require(0 <= self.dropout < 1, "dropout", self.dropout, "in [0, 1)")
        require(0 <= self.shortcut <= 1, "shortcut", self.shortcut, "in [0, 1]")


@dataclass(frozen=True, kw_only=True, slots=True)
class CnnTransformerConfig:
    """`cnn_transformer`: residual CNN, column max-pool, Transformer encoder, CTC."""

    name: Literal["cnn_transformer"] = "cnn_transformer"
    channels: tuple[int, ...] = setting((32, 64, 128, 256), "Channels of the stem and the three stages of the CNN.")
    blocks: tuple[int, ...] = setting((2, 3, 3), "Residual blocks in each stage of the CNN.")
    width: int = setting(256, "Features of a frame in the Transformer.")
    layers: int = setting(6, "Number of Transformer blocks; 0 leaves a network of convolutions alone.")
    heads: int = setting(4, "Attention heads of each block.")
    feed_forward: int = setting(1024, "Units of each block's dense layer.")
    dropout: float = setting(0.1, "Share of features dropped in each block and before the output.")
    shortcut: float = setting(0.1, SHORTCUT_HELP)

    def __post_init__(self) -> None:
        require_channels(self.channels)
        fitting = len(self.blocks) == 3 and all(1 <= count <= 12 for count in self.blocks)
        require(fitting, "blocks", self.blocks, "three numbers from 1 to 12")
        require(1 <= self.heads <= 16, "heads", self.heads, "from 1 to 16")
        even = 8 <= self.width <= 1024 and self.width % (2 * self.heads) == 0
        require(even, "width", self.width, f"from 8 to 1024 and a multiple of twice the {self.heads} heads")
        require(0 <= self.layers <= 24, "layers", self.layers, "from 0 to 24")
        require(8 <= self.feed_forward <= 4096, "feed_forward", self.feed_forward, "from 8 to 4096")
        require(0 <= self.dropout < 1, "dropout", self.dropout, "in [0, 1)")
        require(0 <= self.shortcut <= 1, "shortcut", self.shortcut, "in [0, 1]")


STAGE_HELP = "ResNet50 stage whose output is used: conv5 is the whole network, earlier ones see finer columns."
SHRINK_HELP = "The picture is made so many times smaller for ResNet50: 2 costs a quarter or less."
RESNET_WEIGHTS_HELP = (
    "ResNet50 weights: imagenet (downloaded once), handwriting (models/backbones), none (random), "
    "or a .weights.h5/.keras file."
)


def require_resnet(stage: str, shrink: int, image_weights: str) -> None:
    """What part of ResNet50 sees the picture, at what size, with which weights."""
    require(stage in RESNET_STRIDES, "stage", stage, f"one of {', '.join(RESNET_STRIDES)}")
    require(shrink in (1, 2), "shrink", shrink, "1 or 2")
    require(bool(image_weights), "image_weights", image_weights, "'imagenet', 'handwriting', 'none' or a file")


@dataclass(frozen=True, kw_only=True, slots=True)
class ResnetCtcConfig:
    """`resnet_ctc`: ResNet50 up to a stage, its columns spread into frames, CTC; what `dual`'s backbone learns by."""

    name: Literal["resnet_ctc"] = "resnet_ctc"
    stage: Literal["conv3", "conv4", "conv5"] = setting("conv4", STAGE_HELP)
    shrink: int = setting(1, SHRINK_HELP)
    image_weights: str = setting("none", RESNET_WEIGHTS_HELP)
    units: int = setting(128, "Features of a frame.")
    dropout: float = setting(0.1, "Share of features dropped before the output.")
    shortcut: float = setting(0.0, SHORTCUT_HELP)

    def __post_init__(self) -> None:
        require_resnet(self.stage, self.shrink, self.image_weights)
        fine = RESNET_STRIDES[self.stage] * self.shrink <= 32
        require(fine, "shrink", self.shrink, "1 with conv5, whose columns are 32 pixels apart")
        require(8 <= self.units <= 1024, "units", self.units, "from 8 to 1024")
        require(0 <= self.dropout < 1, "dropout", self.dropout, "in [0, 1)")
        require(0 <= self.shortcut <= 1, "shortcut", self.shortcut, "in [0, 1]")


PPOCR_HEIGHT = 48  # three rows are left for the last pool to average


@dataclass(frozen=True, kw_only=True, slots=True)
class PpocrCtcConfig:
    """`ppocr_ctc`: PP-OCRv6's small recognizer, pretrained, with frames twice as fine, CTC."""

    name: Literal["ppocr_ctc"] = "ppocr_ctc"
    weights: Literal["ppocr", "none"] = setting(
        "ppocr", "Weights it begins with: ppocr (pretrained on printed and written text, shipped), or none (random)."
    )
    frame_pixels: Literal[4, 8] = setting(4, "Columns of the canvas in a frame; 8 is what PP-OCR itself has.")
    channels: tuple[int, ...] = setting((96, 192, 384), "Channels of the three stages.")
    blocks: tuple[int, ...] = setting((3, 6, 2), "Blocks in each stage.")
    width: int = setting(120, "Features of a frame in the Transformer.")
    heads: int = setting(8, "Attention heads of each Transformer block.")
    layers: int = setting(2, "Number of Transformer blocks.")
    dropout: float = setting(0.1, "Share of features dropped in each Transformer block and before the output.")
    shortcut: float = setting(0.0, SHORTCUT_HELP)

    def __post_init__(self) -> None:
        require(self.weights in ("ppocr", "none"), "weights", self.weights, "'ppocr' or 'none'")
        require(self.frame_pixels in (4, 8), "frame_pixels", self.frame_pixels, "4 or 8")
        fitting = len(self.channels) == 3 and all(
            isinstance(c, int) and 8 <= c <= 1024 and c % 8 == 0 for c in self.channels
        )
        require(fitting, "channels", self.channels, "three multiples of 8, from 8 to 1024")
        require(
            len(self.blocks) == 3 and all(1 <= n <= 12 for n in self.blocks),
            "blocks",
            self.blocks,
            "three numbers from 1 to 12",
        )
        require(1 <= self.heads <= 16, "heads", self.heads, "from 1 to 16")
        even = 8 <= self.width <= 1024 and self.width % self.heads == 0
        require(even, "width", self.width, f"from 8 to 1024 and a multiple of the {self.heads} heads")
        require(1 <= self.layers <= 24, "layers", self.layers, "from 1 to 24")
        require(0 <= self.dropout < 1, "dropout", self.dropout, "in [0, 1)")
        require(0 <= self.shortcut <= 1, "shortcut", self.shortcut, "in [0, 1]")


@dataclass(frozen=True, kw_only=True, slots=True)
class DualConfig:
    """`dual`: ResNet50 features and a bidirectional LSTM over the partial text; predicts the next token."""

    name: Literal["dual"] = "dual"
    tokens: Literal["characters", "words"] = setting("characters", "What is predicted next: a character or a word.")
    image_weights: str = setting("imagenet", RESNET_WEIGHTS_HELP)
    stage: Literal["conv3", "conv4", "conv5"] = setting("conv5", STAGE_HELP)
    shrink: int = setting(1, SHRINK_HELP)
    fine_tune_from: Literal["", "conv2", "conv3", "conv4", "conv5"] = setting(
        "", "First ResNet50 stage that is trained too; empty keeps it frozen and its features cached."
    )
    views: int = setting(
        1, "Frozen: versions of each word whose features are cached, used in turns; all but the first are changed."
    )
    image_channels: int = setting(
        0, "Each place of ResNet50's feature map is brought to so many channels before it is flattened; 0 keeps all."
    )
    image_units: int = setting(128, "Units of the dense layer on the image features.")
    image_dropout: float = setting(0.3, "Share of image features dropped while training.")
    embedding_units: int = setting(64, "Size of a token's embedding.")
    lstm_units: int = setting(64, "Units of each direction of the LSTM over the partial text.")
    text_units: int = setting(64, "Units of the dense layer on the text features.")
    text_dropout: float = setting(0.3, "Share of text features dropped while training.")
    joint_units: int = setting(128, "Units of the dense layer on both together.")
    joint_dropout: float = setting(0.3, "Share of the joint features dropped while training.")

    def __post_init__(self) -> None:
        require(self.tokens in ("characters", "words"), "tokens", self.tokens, "'characters' or 'words'")
        require_resnet(self.stage, self.shrink, self.image_weights)
        used = RESNET_STAGES[: RESNET_STAGES.index(self.stage) + 1]
        require(
            self.fine_tune_from in ("", *used),
            "fine_tune_from",
            self.fine_tune_from,
            f"empty or one of {', '.join(used)}",
        )
        require(1 <= self.views <= 16, "views", self.views, "from 1 to 16")
        require(0 <= self.image_channels <= 2048, "image_channels", self.image_channels, "from 0 to 2048")
        for name in ("image_units", "embedding_units", "lstm_units", "text_units", "joint_units"):
            require(4 <= getattr(self, name) <= 4096, name, getattr(self, name), "from 4 to 4096")
        for name in ("image_dropout", "text_dropout", "joint_dropout"):
            require(0 <= getattr(self, name) < 1, name, getattr(self, name), "in [0, 1)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Seq2SeqConfig:
    """`seq2seq`: the frames of a CTC network, read by a Transformer decoder over the text so far; and CTC itself.

    The encoder is `crnn` or `cnn_transformer` without change, so that a run can start from a trained one.
    """

    name: Literal["seq2seq"] = "seq2seq"
    encoder: Literal["cnn_transformer", "crnn"] = setting(
        "cnn_transformer", "The network whose frames are read; its settings are those named alike below."
    )
    freeze_encoder: bool = setting(
        False, "Leave the encoder as the starting checkpoint has it; its frames are then computed once and cached."
    )
    views: int = setting(2, "With a frozen encoder: changed versions of each word that are cached, used in turns.")
    channels: tuple[int, ...] = setting((32, 64, 128, 256), "Channels of the four stages of the encoder's CNN.")
    blocks: tuple[int, ...] = setting((2, 3, 3), "Residual blocks in each stage (encoder cnn_transformer).")
    width: int = setting(256, "Features of a frame (encoder cnn_transformer).")
    layers: int = setting(6, "Transformer blocks of the encoder (cnn_transformer).")
    heads: int = setting(4, "Attention heads of each block (encoder cnn_transformer).")
    feed_forward: int = setting(1024, "Units of each block's dense layer (encoder cnn_transformer).")
    lstm_units: int = setting(128, "Units of each direction of each LSTM layer (encoder crnn).")
    lstm_layers: int = setting(2, "Bidirectional LSTM layers (encoder crnn).")
    dropout: float = setting(0.1, "Share of the encoder's features dropped while it is trained.")
    decoder_width: int = setting(192, "Features of a character in the decoder.")
    decoder_layers: int = setting(2, "Transformer blocks of the decoder.")
    decoder_heads: int = setting(4, "Attention heads of each block of the decoder.")
    decoder_feed_forward: int = setting(768, "Units of the dense layer of each block of the decoder.")
    decoder_dropout: float = setting(0.1, "Share of features dropped in each block of the decoder.")
    ctc_weight: float = setting(0.3, "What CTC counts in the loss; the next characters count the rest.")
    label_smoothing: float = setting(0.1, "Share of each next character's probability that is spread over all.")
    token_noise: float = setting(0.1, "Share of the characters so far that are replaced at random while training.")
    reading_weight: float = setting(0.3, "What CTC counts when reading; the next characters count the rest.")

    def __post_init__(self) -> None:
        require(self.encoder in ("cnn_transformer", "crnn"), "encoder", self.encoder, "'cnn_transformer' or 'crnn'")
        require(isinstance(self.freeze_encoder, bool), "freeze_encoder", self.freeze_encoder, "true or false")
        require(1 <= self.views <= 16, "views", self.views, "from 1 to 16")
        _ = self.encoder_config  # refuses what the encoder would
        require(1 <= self.decoder_heads <= 16, "decoder_heads", self.decoder_heads, "from 1 to 16")
        even = 8 <= self.decoder_width <= 1024 and self.decoder_width % (2 * self.decoder_heads) == 0
        expected = f"from 8 to 1024 and a multiple of twice the {self.decoder_heads} heads"
        require(even, "decoder_width", self.decoder_width, expected)
        require(1 <= self.decoder_layers <= 12, "decoder_layers", self.decoder_layers, "from 1 to 12")
        size = self.decoder_feed_forward
        require(8 <= size <= 4096, "decoder_feed_forward", size, "from 8 to 4096")
        require(0 <= self.ctc_weight < 1, "ctc_weight", self.ctc_weight, "in [0, 1)")
        require(0 <= self.reading_weight <= 1, "reading_weight", self.reading_weight, "in [0, 1]")
        for name in ("decoder_dropout", "label_smoothing", "token_noise"):
            require(0 <= getattr(self, name) < 1, name, getattr(self, name), "in [0, 1)")

    @property
    def encoder_config(self) -> CrnnConfig | CnnTransformerConfig:
        """The encoder's settings, as the CTC network alone has them."""
        kind = CrnnConfig if self.encoder == "crnn" else CnnTransformerConfig
        names = {spec.name for spec in dataclasses.fields(kind)} - {"name", "shortcut"}
        return kind(shortcut=0.0, **{name: getattr(self, name) for name in names})

    @staticmethod
    def encoder_settings(config: CrnnConfig | CnnTransformerConfig) -> dict[str, Any]:
        """The settings that make the encoder the network of `config`, so that its weights fit."""
        values = dataclasses.asdict(config)
        del values["shortcut"]
        return {"encoder": values.pop("name"), **values}


CtcConfig = CrnnConfig | CnnTransformerConfig | ResnetCtcConfig | PpocrCtcConfig
ModelConfig = CtcConfig | DualConfig | Seq2SeqConfig
MODEL_CONFIGS: dict[str, type[ModelConfig]] = {
    "crnn": CrnnConfig,
    "cnn_transformer": CnnTransformerConfig,
    "resnet_ctc": ResnetCtcConfig,
    "ppocr_ctc": PpocrCtcConfig,
    "dual": DualConfig,
    "seq2seq": Seq2SeqConfig,
}
PPOCR_CANVAS = CanvasConfig(height=PPOCR_HEIGHT, width=320, margin=5)


def default_canvas(model: str) -> CanvasConfig:
    """The canvas that the model of that name takes where none is given."""
    return PPOCR_CANVAS if model == "ppocr_ctc" else CanvasConfig()


@dataclass(frozen=True, kw_only=True, slots=True)
class AugmentationConfig:
    """Random changes of the training pictures; `strength` 0 switches all of them off."""

    strength: float = setting(1.0, "0 shows every picture as it is; 1 is the usual amount of change.")
    rotation: float = setting(2.0, "Largest turn, in degrees either way.")
    shear: float = setting(0.35, "Largest slant, as horizontal shift per unit of height, either way.")
    scale: float = setting(0.15, "Largest change of width and height, as a share of them.")
    shift: float = setting(0.05, "Largest move, as a share of the height.")
    elastic: float = setting(2.5, "Largest local warp, in pixels.")
    stroke: float = setting(0.4, "Chance that strokes are made thinner or thicker.")
    noise: float = setting(0.06, "Largest standard deviation of the noise added, ink being 1.")
    mask: float = setting(0.0, "Largest share of the columns with ink that is hidden, in a few stripes.")
    device: Literal["auto", "loader", "layers"] = setting(
        "auto", "Where pictures are changed: loader (CPU), layers (in the training step), or layers where a GPU is."
    )

    def __post_init__(self) -> None:
        for spec in dataclasses.fields(self):
            value = getattr(self, spec.name)
            if spec.name != "device":
                require(0 <= value <= 45, spec.name, value, "from 0 to 45")
        require(self.strength <= 2, "strength", self.strength, "from 0 to 2")
        require(self.mask <= 0.5, "mask", self.mask, "from 0 to 0.5")
        known = ("auto", "loader", "layers")
        require(self.device in known, "device", self.device, "'auto', 'loader' or 'layers'")


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingConfig:
    """How long, how fast, and when to stop."""

    epochs: int = setting(40, "Most passes over the training words.")
    parts: int = setting(1, "Epochs that one pass is divided into: large data sets are validated and saved more often.")
    batch_size: int = setting(64, "Words in a step.")
    learning_rate: float = setting(1e-3, "Peak of the learning rate; it warms up, then falls along a cosine.")
    warmup_steps: int = setting(200, "Steps over which the learning rate rises to its peak.")
    weight_decay: float = setting(1e-4, "AdamW's weight decay.")
    clip_norm: float = setting(5.0, "Largest norm of a step's gradient.")
    average: float = setting(0.0, "Weights read with are a running average: 0 is off, 0.999 keeps some thousand steps.")
    precision: Literal["float32", "mixed_bfloat16"] = setting(
        "float32",
        "Arithmetic of a training step: mixed_bfloat16 is quicker on a GPU and on processors that know it; elsewhere "
        "float32 is taken. What is saved is float32.",
    )
    patience: int = setting(8, "Epochs without a better validation figure before training ends.")
    max_words: int = setting(0, "Most training words used; 0 uses all.")
    max_validation_words: int = setting(0, "Most validation words used each epoch; 0 uses all.")
    seed: int = setting(1, "Same seed, same data, same machine: same history.")

    def __post_init__(self) -> None:
        require(1 <= self.epochs <= 10_000, "epochs", self.epochs, "from 1 to 10,000")
        require(1 <= self.parts <= 1000, "parts", self.parts, "from 1 to 1,000")
        require(1 <= self.batch_size <= 4096, "batch_size", self.batch_size, "from 1 to 4096")
        require(0 < self.learning_rate < 1, "learning_rate", self.learning_rate, "in (0, 1)")
        require(0 <= self.warmup_steps <= 1_000_000, "warmup_steps", self.warmup_steps, "0 or more")
        require(0 <= self.weight_decay < 1, "weight_decay", self.weight_decay, "in [0, 1)")
        require(self.clip_norm > 0, "clip_norm", self.clip_norm, "more than 0")
        require(0 <= self.average < 1, "average", self.average, "in [0, 1)")
        kinds = ("float32", "mixed_bfloat16")
        require(self.precision in kinds, "precision", self.precision, " or ".join(map(repr, kinds)))
        require(self.patience >= 1, "patience", self.patience, "1 or more")
        require(self.max_words >= 0, "max_words", self.max_words, "0 or more")
        require(self.max_validation_words >= 0, "max_validation_words", self.max_validation_words, "0 or more")


@dataclass(frozen=True, kw_only=True, slots=True)
class AdaptationConfig:
    """Teaching a trained reader one person's hand from a few words.

    Chosen on a few validation writers, the first of each set by `benchmarks/adaptation.py`; that measures the whole on
    those behind them. Figures are in `docs/experiments.md`.
    """

    least_words: int = setting(16, "Fewer words of a hand teach nothing that can be shown to be learned.")
    held_back_every: int = setting(4, "Every so many words one is held back, to measure what was learned.")
    least_held_back: int = setting(8, "At least so many words are held back.")
    passes: int = setting(40, "How often each of the hand's words is shown, changed a little each time.")
    rounds: int = setting(5, "The passes are divided into so many rounds; unread words are read before each.")
    last_rounds: int = setting(2, "So many of them, the last, learn from the words held back too: measured by then.")
    most_steps: int = setting(600, "Most steps; the passes are fewer where there are many words.")
    batch_size: int = setting(16, "Words in a step.")
    learning_rate: float = setting(7e-4, "Peak of the learning rate.")
    warmup_steps: int = setting(10, "Steps over which the learning rate rises to its peak.")
    replay_share: float = setting(0.25, "Share of other hands' words in a step, so that those are not forgotten.")
    unread_share: float = setting(0.4, "Most of the hand's words in a step that nobody has read: their reading counts.")
    sure: float = setting(0.7, "Unread words are learned from where their reading is at least so sure.")
    most_unread: int = setting(400, "Most unread words that are looked at.")
    shares: tuple[float, ...] = setting(
        (0.75, 0.5, 1.0, 0.25, 0.0),
        "Shares of what was learned, the likeliest first: the one that reads held-back words best is taken.",
    )
    steady: float = setting(0.95, "An unread word that the old reader was so sure of should be read the same.")
    change_cost: float = setting(0.25, "What such a word read otherwise counts: part of a held-back word read wrong.")
    other_hands: int = setting(64, "Words of other hands that are read before and after.")
    seed: int = setting(1, "Same seed, same words, same machine: same reader.")

    def __post_init__(self) -> None:
        require(2 <= self.least_held_back < self.least_words, "least_held_back", self.least_held_back, "2 or more")
        require(self.held_back_every >= 2, "held_back_every", self.held_back_every, "2 or more")
        require(1 <= self.rounds <= self.passes, "rounds", self.rounds, "from 1 to the number of passes")
        require(0 <= self.last_rounds < self.rounds, "last_rounds", self.last_rounds, "from 0 to less than rounds")
        require(1 <= self.batch_size <= 256, "batch_size", self.batch_size, "from 1 to 256")
        require(self.most_steps >= 1, "most_steps", self.most_steps, "1 or more")
        require(0 < self.learning_rate < 0.1, "learning_rate", self.learning_rate, "in (0, 0.1)")
        require(0 <= self.replay_share < 1, "replay_share", self.replay_share, "in [0, 1)")
        require(0 <= self.unread_share < 1, "unread_share", self.unread_share, "in [0, 1)")
        require(0 < self.sure <= 1, "sure", self.sure, "in (0, 1]")
        require(0 < self.steady <= 1, "steady", self.steady, "in (0, 1]")
        require(self.most_unread >= 0, "most_unread", self.most_unread, "0 or more")
        require(self.change_cost >= 0, "change_cost", self.change_cost, "0 or more")
        once = bool(self.shares) and len(set(self.shares)) == len(self.shares)
        require(once and all(0 <= share <= 1 for share in self.shares), "shares", self.shares, "each once, in [0, 1]")


@dataclass(frozen=True, kw_only=True, slots=True)
class RunConfig:
    """One training, whole: `datasets` are names in the workspace, or folders, CSV files and zips."""

    datasets: tuple[str, ...]
    model: ModelConfig = field(default_factory=CrnnConfig)
    canvas: CanvasConfig = field(default_factory=CanvasConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    start_from: str = setting("", "A checkpoint folder whose weights are the starting point; empty starts afresh.")
    teacher: str = setting("", "A checkpoint folder that reads by CTC; what it says of each frame is learned too.")
    validate_on: tuple[str, ...] = setting((), "Those of the data sets whose validation words count; empty: all.")
    notes: str = ""

    def __post_init__(self) -> None:
        named = not isinstance(self.datasets, str) and all(isinstance(source, str) for source in self.datasets)
        require(named and bool(self.datasets), "datasets", self.datasets, "a list of at least one data set")
        require(
            set(self.validate_on) <= set(self.datasets),
            "validate_on",
            self.validate_on,
            f"among {self.datasets}",
        )
        if isinstance(self.model, DualConfig | ResnetCtcConfig):
            height, shrink = self.canvas.height, self.model.shrink
            require(height // shrink >= LEAST_RESNET_HEIGHT, "shrink", shrink, f"1 for canvases {height} pixels high")
        parts = self.training.parts
        require(parts == 1 or isinstance(self.model, CtcConfig), "parts", parts, f"1 for {self.model.name}")
        if isinstance(self.model, PpocrCtcConfig):
            height = self.canvas.height
            require(height == PPOCR_HEIGHT, "height", height, f"{PPOCR_HEIGHT} for ppocr_ctc")
        if not isinstance(self.model, CtcConfig):
            require(not self.teacher, "teacher", self.teacher, f"empty for {self.model.name}: only CTC models have one")
        if isinstance(self.model, DualConfig):
            average, precision = self.training.average, self.training.precision
            require(average == 0, "average", average, "0 for dual, which keeps its last weights")
            require(precision == "float32", "precision", precision, "'float32' for dual")

    def to_dict(self) -> dict[str, Any]:
        return {"format_version": FORMAT_VERSION, **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RunConfig:
        values = dict(values)
        version = values.pop("format_version", FORMAT_VERSION)
        if version != FORMAT_VERSION:
            raise ConfigError(
                f"This configuration has format {version}, this version reads {FORMAT_VERSION}. Update the studio."
            )
        if "model" in values:
            values["model"] = model_config(values["model"])
        for name, kind in (
            ("canvas", CanvasConfig),
            ("augmentation", AugmentationConfig),
            ("training", TrainingConfig),
        ):
            if name in values:
                values[name] = build(kind, values[name])
        if "model" in values:
            values.setdefault("canvas", default_canvas(values["model"].name))
        return build(cls, values)


def build(kind: type[T], values: Any) -> T:
    """Make the dataclass `kind` from a mapping; unknown or missing names raise `ConfigError`."""
    if not isinstance(values, dict):
        raise ConfigError(f"{kind.__name__} is read from a mapping of names to values. Received: {values!r}")
    specs = {spec.name: spec for spec in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(specs))
    if unknown:
        raise ConfigError(
            f"{kind.__name__} has no setting {', '.join(map(repr, unknown))}. Known: {', '.join(sorted(specs))}."
        )
    values = {name: _of_kind(name, value, specs[name].default) for name, value in values.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise ConfigError(f"{kind.__name__} cannot be made of these settings: {error}.") from error


def _of_kind(name: str, value: Any, default: Any) -> Any:
    """A value as JSON gives it, of the kind that `default` is; ranges are the dataclass's own business."""
    value = tuple(value) if isinstance(value, list) else value
    if isinstance(default, bool):
        require(isinstance(value, bool), name, value, "true or false")
        return value
    if isinstance(default, (int, float)):
        require(isinstance(value, (int, float)) and not isinstance(value, bool), name, value, "a number")
    if isinstance(default, int):
        require(math.isfinite(value) and int(value) == value, name, value, "a whole number")
        return int(value)
    if isinstance(default, str):
        require(isinstance(value, str), name, value, "text")
    if isinstance(default, tuple):
        require(isinstance(value, tuple), name, value, "a list")
    return value


def model_config(values: Any) -> ModelConfig:
    """The model's configuration by its `name`; see `MODEL_CONFIGS`."""
    name = values.get("name") if isinstance(values, dict) else None
    if name not in MODEL_CONFIGS:
        raise ConfigError(f"Unknown model {name!r}. Known: {', '.join(MODEL_CONFIGS)}.")
    return build(MODEL_CONFIGS[name], values)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object, or raise `ConfigError` saying what is wrong with the file."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ConfigError(f"{path} is no readable JSON file: {error}.") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold one JSON object. Received: {type(values).__name__}.")
    return values
