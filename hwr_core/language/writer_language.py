"""What one hand writes: languages with its capitals and marks, and its own words as one language more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hwr_core.language.casing import CasingModel, apart, case_of
from hwr_core.language.lexicon import Lexicon
from hwr_core.language.scorer import LanguageModel

OWN = "own"
RARE = 1e-6  # share of what is none of the hand's own words, in the language of its own words


@dataclass(frozen=True)
class WriterLanguageModel:
    """The languages as a hand writes them.

    Attributes:
        models: the languages, with the hand's capitals and marks.
        own: the words that the hand is known to write; None where there are none.
    """

    models: tuple[LanguageModel, ...]
    own: LanguageModel | None


def writer_language_model(texts: Sequence[str], models: Sequence[LanguageModel]) -> WriterLanguageModel:
    """What the words that a person corrected say of those that come.

    Args:
        texts: words of the hand as written.
        models: the languages that they may be in, at least one.

    Example:
        >>> from hwr_core.language.scorer import load_language
        >>> english = load_language("en")
        >>> hand = hand_language(["THE", "CAT", "Zermott"] * 5, [english])
        >>> hand.models[0].log_prob("DOG") > english.log_prob("DOG"), hand.own.lexicon.most_frequent("z", 1)
        (True, ['zermott'])
    """
    cores = [core for core in (apart(text)[1].replace("’", "'") for text in texts) if _is_word(core)]
    kinds = {core.lower(): kind_of(core.lower(), models) for core in cores}
    manner = CasingModel.of(texts, {core: kind for core, kind in kinds.items() if kind})
    adapted = [LanguageModel(model.code, model.lexicon, model.letters, model.habits, manner) for model in models]
    return WriterLanguageModel(tuple(adapted), own_words(cores, kinds, adapted[0]) if cores else None)


def kind_of(core: str, models: Sequence[LanguageModel]) -> str:
    """`listed`, `capital` (a name), or nothing where no language lists the lower-case core."""
    found = [
        (model.lexicon.log_prob(core), model.lexicon.is_capital(core)) for model in models if core in model.lexicon
    ]
    return ("capital" if max(found)[1] else "listed") if found else ""


def own_words(cores: Sequence[str], kinds: dict[str, str], like: LanguageModel) -> LanguageModel:
    """The cores as a language: nothing else is written in it; capitals, marks and weights are those of `like`."""
    counts = Counter(core.lower() for core in cores)
    small = {core.lower() for core in cores if case_of(core) == 0}
    names = frozenset(core for core in counts if core not in small and kinds[core] != "listed")
    frequencies = {core: count / len(cores) for core, count in counts.items()}
    lexicon = Lexicon.from_words(frequencies, "".join(sorted(set("".join(counts)))), names)
    habits = replace(like.habits, unlisted=RARE, number=RARE, marks_only=RARE, initial=RARE)
    return LanguageModel(OWN, lexicon, like.letters, habits, like.manner)


def _is_word(core: str) -> bool:
    return bool(core) and not any(map(str.isdigit, core))
