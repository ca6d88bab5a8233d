"""A person's verdict on a possible label error, as a correction."""

from __future__ import annotations

from dataclasses import dataclass

from hwr_core.corrections.label_corrections import CORRECTED, RIGHT, SET_ASIDE, LabelCorrection


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A row of the review table as it was filled in; a typed text counts before the check marks.

    Attributes:
        text: the transcription; anything but a non-blank text is ignored.
        accept: the reading becomes the transcription.
        right: the transcription stays.
        set_aside: the word is removed from every part.
    """

    text: object = None
    accept: bool = False
    right: bool = False
    set_aside: bool = False


def correction_of(
    word_id: str, transcription: str, reading: str, confidence: float, decision: Decision
) -> LabelCorrection | None:
    """The correction that a decision makes; None where nothing was decided."""
    text = decision.text.strip() if isinstance(decision.text, str) else ""
    after, verdict = reading, CORRECTED
    if text and text != transcription:
        after = text
    elif not (decision.accept and reading):
        if not (decision.right or decision.set_aside):
            return None
        verdict = RIGHT if decision.right else SET_ASIDE
    return LabelCorrection(word_id, transcription, after, verdict, reading, confidence)
