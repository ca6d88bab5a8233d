"""`Reading`: the result for one image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hwr_core.decoding.ctc import Candidates
from hwr_core.recognition.calibration import Calibration, ConfidenceFeatures
from hwr_core.recognition.character_positions import Alignment


@dataclass(frozen=True)
class Reading:
    """The result for one image.

    Attributes:
        text: the reading; empty where the image is blank.
        confidence: the probability that it is right, in [0, 1]; calibrated where the checkpoint has a calibration.
        alternatives: `(text, confidence)` pairs, best first, the reading itself among them.
        alignment: where in the image each letter was read; None unless asked for.
        features: what the calibration weighed; None for `dual`, masks, lists of words and blank images.
        capitals: log ratio of capitals to lower case (`decoding.all_capitals`); None where no letter decides.
    """

    text: str
    confidence: float
    alternatives: list[tuple[str, float]]
    alignment: Alignment | None = None
    features: ConfidenceFeatures | None = None
    capitals: float | None = None


def reading_of(
    candidates: Candidates,
    fallback: str,
    calibration: Calibration,
    best_path: tuple[str, float] | None,
    language_shares: Mapping[str, float],
) -> Reading:
    """The reading of one image from its candidates.

    Args:
        candidates: best first.
        fallback: the text where there are none.
        calibration: applied to the probabilities.
        best_path: the reading without a language, with its log probability, if known.
        language_shares: language code -> its share in the batch, in [0, 1].
    """
    if not candidates:
        return Reading(fallback, 0.0, [(fallback, 0.0)])
    text, features = candidates[0][0], None
    if best_path:
        features = ConfidenceFeatures(math.exp(best_path[1]), text == best_path[0], len(text), language_shares)
    confidences = calibration.apply([min(1.0, math.exp(log_prob)) for _, log_prob in candidates], features)
    alternatives = [(text, confidence) for (text, _), confidence in zip(candidates, confidences, strict=True)]
    return Reading(*alternatives[0], alternatives, features=features)
