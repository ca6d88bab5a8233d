"""Every setting of a run, with its default written once, here.

A `RunConfig` is saved as `config.json` in the folder of the run: unknown names and values out of range are refused
by a sentence, so an old file either opens as it was meant or says why not.
"""

from hwr_core.config.adaptation import AdaptationConfig
from hwr_core.config.canvas import CanvasConfig
from hwr_core.config.model import (
    MODEL_CONFIGS,
    PPOCR_CANVAS,
    RESNET_STAGES,
    RESNET_STRIDES,
    CnnTransformerConfig,
    CrnnConfig,
    CtcConfig,
    DualConfig,
    ModelConfig,
    PpocrCtcConfig,
    ResnetCtcConfig,
    Seq2SeqConfig,
    default_canvas,
)
from hwr_core.config.run import RunConfig, build, model_config, read_json
from hwr_core.config.settings import require
from hwr_core.config.training import AugmentationConfig, TrainingConfig

__all__ = [
    "MODEL_CONFIGS",
    "PPOCR_CANVAS",
    "RESNET_STAGES",
    "RESNET_STRIDES",
    "AdaptationConfig",
    "AugmentationConfig",
    "CanvasConfig",
    "CnnTransformerConfig",
    "CrnnConfig",
    "CtcConfig",
    "DualConfig",
    "ModelConfig",
    "PpocrCtcConfig",
    "ResnetCtcConfig",
    "RunConfig",
    "Seq2SeqConfig",
    "TrainingConfig",
    "build",
    "default_canvas",
    "model_config",
    "read_json",
    "require",
]
