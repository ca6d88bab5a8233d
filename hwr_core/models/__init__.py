"""Networks by name, built from their configuration."""

from hwr_core.models.registry import MODEL_NAMES, build_model, frames_of

__all__ = ["MODEL_NAMES", "build_model", "frames_of"]
