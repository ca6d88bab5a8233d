"""Errors for people, in sentences: what happened, what was expected, what to do."""

from __future__ import annotations


class HwrError(Exception):
    """The parent of every error that a person can act on; its text is shown as it is."""


class ConfigError(HwrError):
    """A setting is out of its range, or unknown."""


class CharsetError(HwrError):
    """A character is not in the charset."""


class ImageError(HwrError):
    """A file is no image that can be read."""


class DataError(HwrError):
    """A data set cannot be read, or cannot be trained on."""


class WeightsError(HwrError):
    """Pretrained weights are not available."""


class CheckpointError(HwrError):
    """A checkpoint folder is incomplete, damaged or of another version."""


class JobError(HwrError):
    """A job cannot be started, resumed or stopped."""


class StorageError(HwrError, OSError):
    """The workspace cannot be written: the disk is full or read-only, or the right to write is missing."""


def first_line(error: BaseException, max_characters: int = 160) -> str:
    """The first line of another library's message, fit to stand inside a sentence; the exception's name where empty.

    Example:
        >>> first_line(OSError("The disk is full.\\nTraceback ...")), first_line(TimeoutError())
        ('The disk is full', 'TimeoutError')
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:max_characters]


def shortened(value: object, max_characters: int = 100) -> str:
    """A value as Python writes it, cut where it is long; fit to stand in a sentence.

    Example:
        >>> shortened("wide"), shortened("w" * 500, 10)
        ("'wide'", "'wwwwwwwww...")
    """
    try:
        text = repr(value)
    except ValueError:  # of whole numbers with more than 4,300 digits
        text = f"a {type(value).__name__} that is too long to show"
    return text if len(text) <= max_characters else f"{text[:max_characters]}..."
