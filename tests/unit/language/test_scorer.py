"""What a language says of words: capitals, marks, numbers, names; and the shipped ones."""

from __future__ import annotations

import json
import math
import re
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from hwr_core.errors import ConfigError
from hwr_core.language import scorer
from hwr_core.language.casing import CAPITAL, CASES, LISTED, UNLISTED, LanguageWeights, apart, case_of, marks_log_prob
from hwr_core.language.lexicon import Lexicon
from hwr_core.language.ngram import CharacterModel
from hwr_core.language.scorer import (
    LANGUAGE_FOLDER,
    LanguageModel,
    Written,
    languages,
    load_language,
    load_language_weights,
    mixed_log_probs,
    save_language_weights,
    shares_of_languages,
)


def small(code: str, words: dict[str, float], habits: LanguageWeights | None = None, names: str = "") -> LanguageModel:
    alphabet = "abcdefghijklmnopqrstuvwxyz'-"
    lexicon = Lexicon.from_words(words, alphabet, frozenset(names.split()))
    return LanguageModel(code, lexicon, CharacterModel.from_words(words, alphabet), habits)


@pytest.fixture(scope="module")
def english() -> LanguageModel:
    return small(
        "en", {"the": 0.06, "i": 0.01, "well": 1e-3, "known": 3e-4, "cat": 4e-5, "london": 5e-5}, names="london"
    )


@pytest.mark.parametrize(
    ("likelier", "other"),
    [
        ("the", "teh"), ("the", "tHe"), ("The", "THe"), ("cat", "CAT"), ("London", "london"), ("I", "i"),
        ("cat,", "cat;"), ("cat.", "cat.;"), ('"cat"', 'cat"('), ("1987", "19b7"), ("14th", "14zh"), ("3,50", "3;;50"),
        ("well-known", "well-knwon"), ("cat's", "cat'z"), ("S.", "Sq."), ("the", "zermott"), ("Zermott", "zErMott"),
        ("12", "12345"),
    ],
)  # fmt: skip
def test_what_is_written_so_is_likelier(english, likelier, other):
    assert english.log_prob(likelier) > english.log_prob(other)


def test_many_texts_are_judged_as_each_alone(english):
    texts = """the The THE tHe cat, "cat" cat's CAT'S I i I'm i'm I'M S. s. S.) 14th 1987. 3,50 ... well-known
    well-known's l'eau -' O'Brien London london LONDON zermott İ ß the’s cat""".split()  # noqa: SIM905
    together = english.log_probs(Written(["", *texts]))
    alone = [english.log_prob(text) for text in ["", *texts]]
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def by_the_book(english: LanguageModel, core: str) -> float:
    """A core without digits, as `LanguageModel` describes it, term by term."""
    habits, lower = english.habits, core.lower()
    case = habits.case * math.log((CAPITAL if english.lexicon.is_capital(lower) else LISTED)[case_of(core)])
    if lower == "i" or lower.startswith("i'"):
        case = habits.case * math.log(0.98 if core[0] == "I" and core[1:] == lower[1:] else 0.005)
    name = habits.case * math.log(UNLISTED[case_of(core)]) + habits.letters * english.letters.log_prob(lower)
    ways = [english.lexicon.log_prob(lower) + case, math.log(habits.unlisted) + name]
    if lower.endswith("'s"):
        ways.append(math.log(habits.possessive) + by_the_book(english, core[:-2]))
    parts = [part for part in re.split(r"(?<=')|(-)", core) if part]
    if len(parts) > 1:
        ways.append(sum(math.log(habits.joined) if part == "-" else by_the_book(english, part) for part in parts))
    return float(np.logaddexp.reduce(ways))


@pytest.mark.parametrize("core", "the The cat Cat's CAT London i I I'm i'm well-known l'eau zermott the-cat's".split())  # noqa: SIM905
def test_a_word_is_the_sum_of_its_ways(english, core):
    around = marks_log_prob("(", ",")
    assert english.log_prob(f"({core},") == pytest.approx(by_the_book(english, core) + around, rel=1e-12)


@pytest.mark.parametrize("text", ["", "?", "€", "«»", "漢字", "a" * 60, "-", "'", "’’", "_", "1'a-2", "ß", "İ", "\\"])
def test_every_string_has_a_probability(english, text):
    assert -math.inf < english.log_prob(text) < 0


def test_capitals_of_a_word_together_are_no_more_than_the_word(english):
    habits = [math.exp(english.log_prob(word)) for word in ("cat", "Cat", "CAT", "cAt", "caT", "CAt")]
    assert sum(habits) < 1.2 * 4e-5 + 1e-4


def test_a_word_taken_apart():
    assert apart("«l'eau»,") == ("«", "l'eau", "»,")
    assert apart("...") == ("...", "", "")
    assert apart("") == ("", "", "")
    assert [CASES[case_of(word)] for word in ("O'Brien", "McQuaid", "ÉTÉ", "été", "eBay")] == [
        "title", "title", "upper", "lower", "mixed",
    ]  # fmt: skip


def test_marks_around_a_word_sum_to_one_at_most():
    from hwr_core.language.casing import AFTER, BEFORE

    total = sum(math.exp(marks_log_prob(before, after)) for before in ("", *BEFORE) for after in ("", *AFTER))
    assert total == pytest.approx(1)


def test_habits_are_checked_and_kept(tmp_path):
    assert load_language_weights(tmp_path) == LanguageWeights()
    save_language_weights(tmp_path, {"weight": 0.5, "odd": 1e-4}, {"checkpoint": "x"})
    assert load_language_weights(tmp_path) == LanguageWeights(weight=0.5, odd=1e-4)
    for wrong in ({"wait": 1}, {"weight": 0}, {"weight": "x"}, {"weight": True}):
        with pytest.raises(ConfigError, match=r"positive numbers named .*tune_language\.py"):
            LanguageWeights.from_dict(wrong)


class TestShares:
    ENGLISH = small("en", {"the": 0.05, "cat": 1e-3, "house": 1e-3})
    FRENCH = small("fr", {"le": 0.05, "chat": 1e-3, "maison": 1e-3})

    def test_a_batch_tells_its_language(self):
        english, french = shares_of_languages(["the", "cat", "xq", "house"] * 5, [self.ENGLISH, self.FRENCH])
        assert english + french == pytest.approx(1)
        assert english > 0.9
        assert shares_of_languages(["le", "chat", "maison"] * 5, [self.ENGLISH, self.FRENCH])[1] > 0.9

    def test_a_mixed_batch_has_both(self):
        shares = shares_of_languages(["the", "cat", "le", "chat"] * 10, [self.ENGLISH, self.FRENCH])
        assert all(0.3 < share < 0.7 for share in shares)

    def test_little_said_is_little_known(self):
        assert shares_of_languages([], [self.ENGLISH, self.FRENCH]) == [0.5, 0.5]
        assert shares_of_languages(["le"], [self.ENGLISH]) == [1.0]
        assert all(0.2 < share < 0.8 for share in shares_of_languages(["le"], [self.ENGLISH, self.FRENCH]))

    def test_mixing_is_a_weighted_mean(self):
        (mixed,) = mixed_log_probs(["chat"], [self.ENGLISH, self.FRENCH], [0.25, 0.75])
        both = [math.exp(model.log_prob("chat")) for model in (self.ENGLISH, self.FRENCH)]
        assert math.exp(mixed) == pytest.approx(0.25 * both[0] + 0.75 * both[1])


class TestShipped:
    def test_they_are_there_and_small(self):
        assert {"en", "fr", "de", "es", "it"} <= set(languages())
        size = sum(path.stat().st_size for path in LANGUAGE_FOLDER.iterdir())
        assert size < 10e6
        assert "CC BY-SA 4.0" in (LANGUAGE_FOLDER / "README.md").read_text(encoding="utf-8")

    def test_opening_is_quick(self):
        seconds = []
        for _ in range(3):
            begun = time.process_time()
            LanguageModel.load("en")
            seconds.append(time.process_time() - begun)
        assert min(seconds) < 0.15

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            ("en", "the London accepted"),
            ("fr", "l'eau été français"),
            ("de", "Straße über"),
            ("es", "años"),
            ("it", "città"),
        ],
    )
    def test_their_words_are_likelier_than_slips(self, code, words):
        model = load_language(code)
        for word in words.split():
            assert model.log_prob(word) > model.log_prob(word[:-1] + "q") + 2

    def test_the_kept_habits_are_in_use(self):
        assert load_language("en").habits == load_language_weights(LANGUAGE_FOLDER)


@pytest.mark.parametrize(("typed", "written"), [("decembre", "décembre"), ("superieur", "supérieur"), ("tres", "très")])
def test_what_is_typed_without_its_accents_is_no_word(typed, written):
    french = load_language("fr")
    assert typed not in french.lexicon
    assert written in french.lexicon
    assert all(word in french.lexicon for word in ("a", "à", "ou", "où", "publie", "publié", "chaine", "chaîne"))


class TestWhatIsMissingOrBroken:
    def test_an_unknown_language(self):
        with pytest.raises(ConfigError, match=r"no language 'tlh'.*en, .*make_language\.py tlh"):
            LanguageModel.load("tlh")

    def test_no_folder(self, tmp_path):
        assert languages(tmp_path / "nowhere") == []
        with pytest.raises(ConfigError, match="Choose one of none"):
            LanguageModel.load("en", tmp_path / "nowhere")

    @pytest.mark.parametrize("damage", ["cut", "text", "empty", "fewer", "unnamed", "habits"])
    def test_damaged_files(self, tmp_path: Path, damage: str):
        path = Path(shutil.copy(LANGUAGE_FOLDER / "en.npz", tmp_path))
        if damage == "cut":
            path.write_bytes(path.read_bytes()[:-2000])
        elif damage == "habits":
            (tmp_path / scorer.HABITS_FILE).write_text(json.dumps({"habits": {"weight": -1}}))
        elif damage in ("text", "empty"):
            path.write_text("words" if damage == "text" else "")
        else:
            with np.load(path) as arrays:
                kept = dict(arrays)
            if damage == "fewer":
                kept["letters"] = kept["letters"][:-5]
            else:
                del kept["grams"]
            np.savez(path, **kept)
        with pytest.raises(ConfigError, match=r"damaged\. Make it anew"):
            LanguageModel.load("en", tmp_path)
