"""Decoding: log-probabilities -> readings."""

from hwr_core.decoding.ctc import best_path, labelling_log_prob, prefix_beam
from hwr_core.decoding.next_token import beam_of_next_tokens

__all__ = ["beam_of_next_tokens", "best_path", "labelling_log_prob", "prefix_beam"]
