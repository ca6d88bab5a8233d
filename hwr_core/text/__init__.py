"""Text: characters and their ids, normalisation, error rates."""

from hwr_core.text.charset import Charset
from hwr_core.text.metrics import character_error_rate, edit_distance, word_accuracy, word_error_rate
from hwr_core.text.normalize import normalize
from hwr_core.text.tokens import Tokens

__all__ = [
    "Charset",
    "Tokens",
    "character_error_rate",
    "edit_distance",
    "normalize",
    "word_accuracy",
    "word_error_rate",
]
