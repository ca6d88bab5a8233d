"""Recognition: a checkpoint folder -> readings."""

from hwr_core.recognition.checkpoint import CheckpointInfo, list_checkpoints
from hwr_core.recognition.recognizer import Reading, Recognizer

__all__ = ["CheckpointInfo", "Reading", "Recognizer", "list_checkpoints"]
