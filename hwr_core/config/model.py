"""The models and their settings, by name: `MODEL_CONFIGS`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from hwr_core.config.canvas import CanvasConfig
from hwr_core.config.settings import require, setting
from hwr_core.files import JsonObject

RESNET_STAGES = ("conv2", "conv3", "conv4", "conv5")
RESNET_STRIDES = {"conv3": 8, "conv4": 16, "conv5": 32}  # pixels between two columns of a stage's output
MIN_RESNET_HEIGHT = 32  # `keras.applications` refuses smaller images
SHORTCUT_HELP = "Weight of a second CTC loss right behind the CNN, in training only; 0 leaves it out."


def require_channels(channels: tuple[int, ...]) -> None:
    """Check the channels of a CNN's four stages."""
    is_valid = len(channels) == 4 and all(isinstance(c, int) and 8 <= c <= 1024 and c % 8 == 0 for c in channels)
    require(is_valid, "channels", channels, "four multiples of 8, from 8 to 1024")


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
    layers: int = setting(6, "Number of Transformer blocks; 0 leaves convolutions only.")
    heads: int = setting(4, "Attention heads of each block.")
    feed_forward: int = setting(1024, "Units of each block's dense layer.")
    dropout: float = setting(0.1, "Share of features dropped in each block and before the output.")
    shortcut: float = setting(0.1, SHORTCUT_HELP)

    def __post_init__(self) -> None:
        require_channels(self.channels)
        is_valid = len(self.blocks) == 3 and all(1 <= count <= 12 for count in self.blocks)
        require(is_valid, "blocks", self.blocks, "three numbers from 1 to 12")
        require(1 <= self.heads <= 16, "heads", self.heads, "from 1 to 16")
        is_valid = 8 <= self.width <= 1024 and self.width % (2 * self.heads) == 0
        require(is_valid, "width", self.width, f"from 8 to 1024 and a multiple of twice the {self.heads} heads")
        require(0 <= self.layers <= 24, "layers", self.layers, "from 0 to 24")
        require(8 <= self.feed_forward <= 4096, "feed_forward", self.feed_forward, "from 8 to 4096")
        require(0 <= self.dropout < 1, "dropout", self.dropout, "in [0, 1)")
        require(0 <= self.shortcut <= 1, "shortcut", self.shortcut, "in [0, 1]")


STAGE_HELP = "ResNet50 stage whose output is used: conv5 is the whole network, earlier ones see finer columns."
SHRINK_HELP = "Factor by which the image is reduced for ResNet50: 2 costs a quarter or less."
RESNET_WEIGHTS_HELP = (
    "ResNet50 weights: imagenet (downloaded once), handwriting (models/backbones), none (random), "
    "or a .weights.h5/.keras file."
)


def require_resnet(stage: str, shrink: int, image_weights: str) -> None:
    """Check the part of ResNet50 that is used, the size of its image, and its weights."""
    require(stage in RESNET_STRIDES, "stage", stage, f"one of {', '.join(RESNET_STRIDES)}")
    require(shrink in (1, 2), "shrink", shrink, "1 or 2")
    require(bool(image_weights), "image_weights", image_weights, "'imagenet', 'handwriting', 'none' or a file")


@dataclass(frozen=True, kw_only=True, slots=True)
class ResnetCtcConfig:
    """`resnet_ctc`: ResNet50 up to a stage, its columns spread into frames, CTC; trains the backbone of `dual`."""

    name: Literal["resnet_ctc"] = "resnet_ctc"
    stage: Literal["conv3", "conv4", "conv5"] = setting("conv4", STAGE_HELP)
    shrink: int = setting(1, SHRINK_HELP)
    image_weights: str = setting("none", RESNET_WEIGHTS_HELP)
    units: int = setting(128, "Features of a frame.")
    dropout: float = setting(0.1, "Share of features dropped before the output.")
    shortcut: float = setting(0.0, SHORTCUT_HELP)

    def __post_init__(self) -> None:
        require_resnet(self.stage, self.shrink, self.image_weights)
        is_valid = RESNET_STRIDES[self.stage] * self.shrink <= 32
        require(is_valid, "shrink", self.shrink, "1 with conv5, whose columns are 32 pixels apart")
        require(8 <= self.units <= 1024, "units", self.units, "from 8 to 1024")
        require(0 <= self.dropout < 1, "dropout", self.dropout, "in [0, 1)")
        require(0 <= self.shortcut <= 1, "shortcut", self.shortcut, "in [0, 1]")


PPOCR_HEIGHT = 48  # three rows are left for the last pool to average


@dataclass(frozen=True, kw_only=True, slots=True)
class PpocrCtcConfig:
    """`ppocr_ctc`: PP-OCRv6's small recognizer, pretrained, with frames twice as fine, CTC."""

    name: Literal["ppocr_ctc"] = "ppocr_ctc"
    weights: Literal["ppocr", "none"] = setting(
        "ppocr", "Initial weights: ppocr (pretrained on printed and written text, shipped), or none (random)."
    )
    frame_pixels: Literal[4, 8] = setting(4, "Columns of the canvas in a frame; 8 is PP-OCR's own value.")
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
        is_valid = len(self.channels) == 3 and all(
            isinstance(c, int) and 8 <= c <= 1024 and c % 8 == 0 for c in self.channels
        )
        require(is_valid, "channels", self.channels, "three multiples of 8, from 8 to 1024")
        require(
            len(self.blocks) == 3 and all(1 <= n <= 12 for n in self.blocks),
            "blocks",
            self.blocks,
            "three numbers from 1 to 12",
        )
        require(1 <= self.heads <= 16, "heads", self.heads, "from 1 to 16")
        is_valid = 8 <= self.width <= 1024 and self.width % self.heads == 0
        require(is_valid, "width", self.width, f"from 8 to 1024 and a multiple of the {self.heads} heads")
        require(1 <= self.layers <= 24, "layers", self.layers, "from 1 to 24")
        require(0 <= self.dropout < 1, "dropout", self.dropout, "in [0, 1)")
        require(0 <= self.shortcut <= 1, "shortcut", self.shortcut, "in [0, 1]")


@dataclass(frozen=True, kw_only=True, slots=True)
class DualConfig:
    """`dual`: ResNet50 features and a bidirectional LSTM over the partial text; predicts the next token."""

    name: Literal["dual"] = "dual"
    tokens: Literal["characters", "words"] = setting(
        "characters", "Unit that is predicted next: a character or a word."
    )
    image_weights: str = setting("imagenet", RESNET_WEIGHTS_HELP)
    stage: Literal["conv3", "conv4", "conv5"] = setting("conv5", STAGE_HELP)
    shrink: int = setting(1, SHRINK_HELP)
    fine_tune_from: Literal["", "conv2", "conv3", "conv4", "conv5"] = setting(
        "", "First ResNet50 stage that is trained too; empty freezes all of them and caches their features."
    )
    views: int = setting(
        1, "Frozen: versions of each word whose features are cached, used in turns; all but the first are augmented."
    )
    image_channels: int = setting(
        0, "Channels that ResNet50's feature map is projected to before it is flattened; 0 keeps all."
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
    """`seq2seq`: a Transformer decoder over the prefix that attends to the frames of a CTC network; and CTC itself.

    The encoder is `crnn` or `cnn_transformer` without change, so that a run can start from a trained one.
    """

    name: Literal["seq2seq"] = "seq2seq"
    encoder: Literal["cnn_transformer", "crnn"] = setting(
        "cnn_transformer", "Network whose frames the decoder attends to; its settings have the same names below."
    )
    freeze_encoder: bool = setting(
        False, "Keep the encoder of the starting checkpoint unchanged; its frames are then computed once and cached."
    )
    views: int = setting(2, "With a frozen encoder: augmented versions of each word that are cached, used in turns.")
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
    ctc_weight: float = setting(0.3, "Weight of CTC in the loss; the next characters have the rest.")
    label_smoothing: float = setting(0.1, "Share of each next character's probability that is spread over all.")
    token_noise: float = setting(0.1, "Share of the prefix's characters that are replaced at random while training.")
    reading_weight: float = setting(0.3, "Weight of CTC when reading; the next characters have the rest.")

    def __post_init__(self) -> None:
        require(self.encoder in ("cnn_transformer", "crnn"), "encoder", self.encoder, "'cnn_transformer' or 'crnn'")
        require(isinstance(self.freeze_encoder, bool), "freeze_encoder", self.freeze_encoder, "true or false")
        require(1 <= self.views <= 16, "views", self.views, "from 1 to 16")
        _ = self.encoder_config  # checks the encoder's settings
        require(1 <= self.decoder_heads <= 16, "decoder_heads", self.decoder_heads, "from 1 to 16")
        is_valid = 8 <= self.decoder_width <= 1024 and self.decoder_width % (2 * self.decoder_heads) == 0
        expected = f"from 8 to 1024 and a multiple of twice the {self.decoder_heads} heads"
        require(is_valid, "decoder_width", self.decoder_width, expected)
        require(1 <= self.decoder_layers <= 12, "decoder_layers", self.decoder_layers, "from 1 to 12")
        size = self.decoder_feed_forward
        require(8 <= size <= 4096, "decoder_feed_forward", size, "from 8 to 4096")
        require(0 <= self.ctc_weight < 1, "ctc_weight", self.ctc_weight, "in [0, 1)")
        require(0 <= self.reading_weight <= 1, "reading_weight", self.reading_weight, "in [0, 1]")
        for name in ("decoder_dropout", "label_smoothing", "token_noise"):
            require(0 <= getattr(self, name) < 1, name, getattr(self, name), "in [0, 1)")

    @property
    def encoder_config(self) -> CrnnConfig | CnnTransformerConfig:
        """The encoder as the configuration of a CTC network."""
        kind = CrnnConfig if self.encoder == "crnn" else CnnTransformerConfig
        names = {spec.name for spec in dataclasses.fields(kind)} - {"name", "shortcut"}
        return kind(shortcut=0.0, **{name: getattr(self, name) for name in names})

    @staticmethod
    def encoder_settings(config: CrnnConfig | CnnTransformerConfig) -> JsonObject:
        """The settings with which the encoder is the network of `config`, so that its weights fit."""
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
    """The canvas of the model `model` where none is given."""
    return PPOCR_CANVAS if model == "ppocr_ctc" else CanvasConfig()
