"""`Reading`: what a recognizer says of one picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hwr_core.recognition.calibration import Calibration, ConfidenceFeatures
from hwr_core.recognition.character_positions import Alignment
from hwr_core.recognition.ctc_backend import Candidates


@dataclass(frozen=True)
class Reading:
    """What the recognizer says of one picture.

    Attributes:
        text: the reading; empty where the picture is blank.
        confidence: the probability that it is right, in [0, 1]; calibrated where the checkpoint has a fit.
        alternatives: `(text, confidence)` pairs, best first, the reading itself among them.
        alignment: where in the picture each letter was read; None unless asked for.
        evidence: what else the confidence was weighed by; None for `dual`, masks, lists of words and blank pictures.
        capitals: how much more the picture looks like capitals than like small letters, a log ratio
            (`decoding.capitals`); None where nothing tells.
    """

    text: str
    confidence: float
    alternatives: list[tuple[str, float]]
    alignment: Alignment | None = None
    evidence: ConfidenceFeatures | None = None
    capitals: float | None = None


def reading_of(
    found: Candidates, fallback: str, calibration: Calibration, first: tuple[str, float] | None, english: float
) -> Reading:
    """The reading that a word's candidates make.

    Args:
        found: `(text, log probability)` pairs, best first.
        fallback: the text where there are none.
        calibration: makes confidences of probabilities.
        first: what the letters alone say, with its log probability; None where they were not asked.
        english: English's share in the batch, in [0, 1].
    """
    if not found:
        return Reading(fallback, 0.0, [(fallback, 0.0)])
    text = found[0][0]
    evidence = ConfidenceFeatures(math.exp(first[1]), text == first[0], len(text), english) if first else None
    confidences = calibration.apply([min(1.0, math.exp(score)) for _, score in found], evidence)
    pairs = [(text, confidence) for (text, _), confidence in zip(found, confidences, strict=True)]
    return Reading(*pairs[0], pairs, evidence=evidence)
