"""Language model of one writer: the languages with the writer's casing, and the writer's own words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hwr_core.language.casing import CasingModel, case_index, split_marks
from hwr_core.language.language_model import LanguageModel
from hwr_core.language.lexicon import Lexicon

WRITER_WORDS = "own"  # language code of the writer's own words
OTHER_SHARE = 1e-6  # probability that the model of the writer's own words leaves for all other words


@dataclass(frozen=True)
class WriterLanguageModel:
    """The languages as one writer uses them.

    Attributes:
        models: the languages, with the writer's capitals and marks.
        writer_words: a model of the writer's known words alone; None where there are none.
    """

    models: tuple[LanguageModel, ...]
    writer_words: LanguageModel | None


def writer_language_model(texts: Sequence[str], models: Sequence[LanguageModel]) -> WriterLanguageModel:
    """Fit casing and own words on corrected words of one writer.

    Args:
        texts: words of the writer as written.
        models: the languages that they may be in, at least one.

    Example:
        >>> from hwr_core.language.language_model import load_language
        >>> english = load_language("en")
        >>> writer = writer_language_model(["THE", "CAT", "Zermott"] * 5, [english])
        >>> writer.models[0].log_prob("DOG") > english.log_prob("DOG")
        True
        >>> writer.writer_words.lexicon.most_frequent("z", 1)
        ['zermott']
    """
    cores = [core for core in (split_marks(text)[1].replace("’", "'") for text in texts) if _is_word(core)]
    kinds = {core.lower(): word_kind(core.lower(), models) for core in cores}
    casing = CasingModel.from_texts(texts, {core: kind for core, kind in kinds.items() if kind})
    adapted = [LanguageModel(model.code, model.lexicon, model.letters, model.weights, casing) for model in models]
    return WriterLanguageModel(tuple(adapted), writer_words_model(cores, kinds, adapted[0]) if cores else None)


def word_kind(core: str, models: Sequence[LanguageModel]) -> str:
    """`listed`, `capital` (a name), or empty where no lexicon has the lower-case core."""
    entries = [
        (model.lexicon.log_prob(core), model.lexicon.is_capital(core)) for model in models if core in model.lexicon
    ]
    return ("capital" if max(entries)[1] else "listed") if entries else ""


def writer_words_model(cores: Sequence[str], kinds: dict[str, str], base: LanguageModel) -> LanguageModel:
    """A model of the cores alone, with the n-grams, casing and weights of `base`."""
    counts = Counter(core.lower() for core in cores)
    lower_case = {core.lower() for core in cores if case_index(core) == 0}
    names = frozenset(core for core in counts if core not in lower_case and kinds[core] != "listed")
    frequencies = {core: count / len(cores) for core, count in counts.items()}
    lexicon = Lexicon.from_words(frequencies, "".join(sorted(set("".join(counts)))), names)
    others = dict.fromkeys(("unlisted", "number", "marks_only", "initial"), OTHER_SHARE)
    return LanguageModel(WRITER_WORDS, lexicon, base.letters, replace(base.weights, **others), base.casing)


def _is_word(core: str) -> bool:
    return bool(core) and not any(map(str.isdigit, core))
