"""Unicode normalisation of transcriptions."""

from __future__ import annotations

import unicodedata


def normalize(text: str) -> str:
    """NFC, with runs of white space made one space and the ends trimmed.

    Example:
        >>> normalize(" cafe\u0301  noir ")
        'café noir'
    """
    return " ".join(unicodedata.normalize("NFC", text).split())
