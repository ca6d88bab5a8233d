"""Inference: a checkpoint folder -> readings."""

from hwr_core.inference.checkpoint import CheckpointInfo, list_checkpoints
from hwr_core.inference.recognizer import Reading, Recognizer

__all__ = ["CheckpointInfo", "Reading", "Recognizer", "list_checkpoints"]
