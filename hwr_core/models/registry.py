"""Recognizers by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwr_core.config import (
    MODEL_CONFIGS,
    CanvasConfig,
    CnnTransformerConfig,
    CrnnConfig,
    DualConfig,
    ModelConfig,
    PpocrCtcConfig,
    ResnetCtcConfig,
    Seq2SeqConfig,
)
from hwr_core.models import cnn_transformer, crnn, dual, ppocr_ctc, resnet_ctc, seq2seq
from hwr_core.models.layers import FRAME_PIXELS

if TYPE_CHECKING:
    import keras

MODEL_NAMES = tuple(MODEL_CONFIGS)


def build_model(config: ModelConfig, canvas: CanvasConfig, num_classes: int) -> keras.Model:
    """The network of `config`, with fresh weights.

    Args:
        config: the model's settings.
        canvas: the size of its input.
        num_classes: output classes; characters and the blank for CTC and `seq2seq`, all token ids for `dual`.

    Raises:
        WeightsError: the pretrained weights are not available.
    """
    if isinstance(config, CrnnConfig):
        return crnn.build(config, canvas, num_classes)
    if isinstance(config, CnnTransformerConfig):
        return cnn_transformer.build(config, canvas, num_classes)
    if isinstance(config, ResnetCtcConfig):
        return resnet_ctc.build(config, canvas, num_classes)
    if isinstance(config, PpocrCtcConfig):
        return ppocr_ctc.build(config, canvas, num_classes)
    if isinstance(config, Seq2SeqConfig):
        encoder = build_model(config.encoder_config, canvas, num_classes)
        return seq2seq.build(config, encoder, num_classes)
    return dual.build(config, canvas, num_classes)


def frames_of(config: ModelConfig, width: int) -> int | None:
    """Number of CTC frames of a canvas `width` pixels wide, or None for a model without frames."""
    if isinstance(config, DualConfig):
        return None
    return width // (config.frame_pixels if isinstance(config, PpocrCtcConfig) else FRAME_PIXELS)
