"""Adaptation of a trained recognizer to one writer."""

from __future__ import annotations

from dataclasses import dataclass

from hwr_core.config.settings import require, setting


@dataclass(frozen=True, kw_only=True, slots=True)
class AdaptationConfig:
    """Adaptation of a trained recognizer to one writer from a few words.

    The defaults were chosen on the first validation writers of each data set; `benchmarks/adaptation.py` measures on
    the others. Figures are in `docs/experiments.md`.
    """

    least_words: int = setting(16, "Minimum number of a writer's words; with fewer no gain can be measured.")
    held_back_every: int = setting(4, "One word in so many is held out, to measure the gain.")
    least_held_back: int = setting(8, "Minimum number of words that are held out.")
    passes: int = setting(40, "Passes over the writer's words, augmented each time.")
    rounds: int = setting(5, "Rounds that the passes are divided into; unlabelled words are read before each.")
    last_rounds: int = setting(
        2, "Number of last rounds that train on the held-out words too, which are measured before."
    )
    most_steps: int = setting(600, "Maximum number of steps; with many words there are fewer passes.")
    batch_size: int = setting(16, "Words in a step.")
    learning_rate: float = setting(7e-4, "Peak of the learning rate.")
    warmup_steps: int = setting(10, "Steps over which the learning rate rises to its peak.")
    replay_share: float = setting(0.25, "Share of other writers' words in a step, against forgetting them.")
    unread_share: float = setting(
        0.4, "Maximum share of the writer's words in a step that are unlabelled: pseudo-labels."
    )
    sure: float = setting(0.7, "Minimum confidence of a reading that is used as a pseudo-label.")
    most_unread: int = setting(400, "Maximum number of unlabelled words.")
    shares: tuple[float, ...] = setting(
        (0.75, 0.5, 1.0, 0.25, 0.0),
        "Interpolation shares of the adapted weights, the likeliest first: the best on held-out words is taken.",
    )
    steady: float = setting(
        0.95, "Confidence of the old model from which an unlabelled word should be read the same afterwards."
    )
    change_cost: float = setting(
        0.25, "Cost of such a word read differently, as a fraction of a held-out word read wrong."
    )
    other_hands: int = setting(64, "Words of other writers that are read before and after.")
    seed: int = setting(1, "Same seed, same words, same machine: same model.")

    def __post_init__(self) -> None:
        require(2 <= self.least_held_back < self.least_words, "least_held_back", self.least_held_back, "2 or more")
        require(self.held_back_every >= 2, "held_back_every", self.held_back_every, "2 or more")
        require(1 <= self.rounds <= self.passes, "rounds", self.rounds, "from 1 to the number of passes")
        require(0 <= self.last_rounds < self.rounds, "last_rounds", self.last_rounds, "from 0 to less than rounds")
        require(1 <= self.batch_size <= 256, "batch_size", self.batch_size, "from 1 to 256")
        require(self.most_steps >= 1, "most_steps", self.most_steps, "1 or more")
        require(0 < self.learning_rate < 0.1, "learning_rate", self.learning_rate, "in (0, 0.1)")
        require(0 <= self.replay_share < 1, "replay_share", self.replay_share, "in [0, 1)")
        require(0 <= self.unread_share < 1, "unread_share", self.unread_share, "in [0, 1)")
        require(0 < self.sure <= 1, "sure", self.sure, "in (0, 1]")
        require(0 < self.steady <= 1, "steady", self.steady, "in (0, 1]")
        require(self.most_unread >= 0, "most_unread", self.most_unread, "0 or more")
        require(self.change_cost >= 0, "change_cost", self.change_cost, "0 or more")
        is_unique = bool(self.shares) and len(set(self.shares)) == len(self.shares)
        require(
            is_unique and all(0 <= share <= 1 for share in self.shares), "shares", self.shares, "each once, in [0, 1]"
        )
