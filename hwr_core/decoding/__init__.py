"""Decoding: log-probabilities -> readings."""

from hwr_core.decoding.autoregressive import beam_of_next_tokens
from hwr_core.decoding.beam_search import prefix_beam
from hwr_core.decoding.ctc import best_path, best_paths, labelling_log_prob, labelling_log_probs

__all__ = [
    "beam_of_next_tokens",
    "best_path",
    "best_paths",
    "labelling_log_prob",
    "labelling_log_probs",
    "prefix_beam",
]
