"""Decoding: log-probabilities -> readings."""

from hwr_core.decoding.autoregressive import token_beam_search
from hwr_core.decoding.beam_search import prefix_beam_search
from hwr_core.decoding.ctc import best_path, best_paths, labelling_log_prob, labelling_log_probs

__all__ = [
    "best_path",
    "best_paths",
    "labelling_log_prob",
    "labelling_log_probs",
    "prefix_beam_search",
    "token_beam_search",
]
