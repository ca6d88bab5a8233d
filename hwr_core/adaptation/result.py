"""The result of an adaptation: how held-back words were read before and after, and the sentence that says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hwr_core.adaptation.selection import Score
from hwr_core.errors import ConfigError
from hwr_core.training.run_files import SCORES, read_adaptation_result

MIN_RELIABLE_WORDS = 16  # fewer held-back words are a poor estimate of those to come


@dataclass(frozen=True)
class AdaptationResult:
    """What an adaptation achieved.

    Attributes:
        learned, held_back: numbers of words.
        before, after: how the held-back words were read.
        others_before, others_after: how words of other writers were read: what was forgotten.
        readings: of each held-back word its id, transcription, reading before and after.
        seconds: wall time.
        share: of what the network learned that the new model has; 0 where none of it read the held-back words better.
        unread: number of the writer's words without a transcription that were given; `guessed` of them were trained on.
        expects: whether the model expects the writer's words, capitals and marks (`language.writer_language`).
    """

    learned: int
    held_back: int
    before: Score
    after: Score
    others_before: Score
    others_after: Score
    seconds: float = 0.0
    readings: list[dict[str, str]] = field(default_factory=list)
    share: float = 1.0
    unread: int = 0
    guessed: int = 0
    expects: bool = False

    @property
    def is_worse(self) -> bool:
        return self.after.is_worse_than(self.before)

    @property
    def is_unchanged(self) -> bool:
        """Whether the new model reads as the old one."""
        return not self.share and not self.expects

    @property
    def is_unreliable(self) -> bool:
        """Whether too few words were held back to measure much."""
        return self.after.words < MIN_RELIABLE_WORDS

    @property
    def sentence(self) -> str:
        """What changed, how reliable that is, what to do next."""
        if self.is_unchanged:
            return self._outcome
        parts = [self._outcome]
        was, now = self.others_before, self.others_after
        if now.is_worse_than(was):
            parts.append(f"Of other writers {now.right} of {now.words} words are read right, {was.right} before.")
        if self.is_unreliable:
            parts.append(f"{self.after.words} words are a small sample: check what it reads before you rely on it.")
        return " ".join(parts)

    @property
    def _outcome(self) -> str:
        was, now = self.before, self.after
        figures = f"{now.right} of {now.words} words held back are read right, {was.right} before"
        more = "Accept more words of this writer, and adapt again."
        if self.is_unchanged:
            return f"Not better: what was learned read the words held back worse, so the model is as it was. {more}"
        if now.right == was.right and now.edits > was.edits:
            return f"Not better: {figures}, with {now.edits} characters to be changed, {was.edits} before. {more}"
        if self.is_worse:
            return f"Worse: {figures}. Keep the model you have; look for wrong words, or accept more and adapt again."
        if (was.right, was.edits) == (now.right, now.edits):
            return f"No better: {figures}. {more}"
        return " ".join([f"Better: {figures}.", *self._details])

    @property
    def _details(self) -> list[str]:
        """What the new model consists of."""
        sentences = []
        if self.guessed:
            sentences.append(f"It learned from {self.guessed} of the {self.unread} unread words too.")
        if not self.share:
            sentences.append("Only the writer's words, capitals and marks are in: the rest read them worse.")
        elif self.share < 1:
            sentences.append(f"{self.share:.0%} of what was learned is in: that reads them best.")
        return sentences


def read_result(folder: Path) -> AdaptationResult | None:
    """The result in a run's folder; None where the run did not adapt, is not done, or the file is damaged."""
    try:
        values = read_adaptation_result(folder)
        for name in SCORES:
            values[name] = Score(**values[name])
        return AdaptationResult(**values)
    except (ConfigError, KeyError, TypeError):
        return None
