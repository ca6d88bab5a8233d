"""Language models: capitals, marks, numbers, names; and the shipped languages."""

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
from hwr_core.language import language_model
from hwr_core.language.casing import (
    CAPITALIZED_CASES,
    CASES,
    LISTED_CASES,
    UNLISTED_CASES,
    case_index,
    marks_log_prob,
    split_marks,
)
from hwr_core.language.language_model import (
    LANGUAGE_FOLDER,
    LanguageModel,
    SplitTexts,
    estimate_language_shares,
    languages,
    load_language,
    load_language_weights,
    mixture_log_probs,
    save_language_weights,
)
from hwr_core.language.lexicon import Lexicon
from hwr_core.language.ngram import CharacterModel
from hwr_core.language.weights import LanguageWeights


def small_model(
    code: str, words: dict[str, float], weights: LanguageWeights | None = None, names: str = ""
) -> LanguageModel:
    alphabet = "abcdefghijklmnopqrstuvwxyz'-"
    lexicon = Lexicon.from_words(words, alphabet, frozenset(names.split()))
    return LanguageModel(code, lexicon, CharacterModel.from_words(words, alphabet), weights)


@pytest.fixture(scope="module")
def english() -> LanguageModel:
    return small_model(
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
def test_log_prob_usual_form_is_likelier(english, likelier, other):
    assert english.log_prob(likelier) > english.log_prob(other)


def test_log_probs_batch_equals_single_texts(english):
    texts = """the The THE tHe cat, "cat" cat's CAT'S I i I'm i'm I'M S. s. S.) 14th 1987. 3,50 ... well-known
    well-known's l'eau -' O'Brien London london LONDON zermott İ ß the’s cat""".split()  # noqa: SIM905
    together = english.log_probs(SplitTexts(["", *texts]))
    alone = [english.log_prob(text) for text in ["", *texts]]
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def reference_log_prob(english: LanguageModel, core: str) -> float:
    """A core without digits, as `LanguageModel` describes it, term by term."""
    weights, lower = english.weights, core.lower()
    case = weights.case * math.log(
        (CAPITALIZED_CASES if english.lexicon.is_capital(lower) else LISTED_CASES)[case_index(core)]
    )
    if lower == "i" or lower.startswith("i'"):
        case = weights.case * math.log(0.98 if core[0] == "I" and core[1:] == lower[1:] else 0.005)
    name = weights.case * math.log(UNLISTED_CASES[case_index(core)]) + weights.letters * english.letters.log_prob(lower)
    terms = [english.lexicon.log_prob(lower) + case, math.log(weights.unlisted) + name]
    if lower.endswith("'s"):
        terms.append(math.log(weights.possessive) + reference_log_prob(english, core[:-2]))
    parts = [part for part in re.split(r"(?<=')|(-)", core) if part]
    if len(parts) > 1:
        terms.append(
            sum(math.log(weights.joined) if part == "-" else reference_log_prob(english, part) for part in parts)
        )
    return float(np.logaddexp.reduce(terms))


@pytest.mark.parametrize("core", "the The cat Cat's CAT London i I I'm i'm well-known l'eau zermott the-cat's".split())  # noqa: SIM905
def test_log_prob_is_the_sum_of_all_derivations(english, core):
    around = marks_log_prob("(", ",")
    assert english.log_prob(f"({core},") == pytest.approx(reference_log_prob(english, core) + around, rel=1e-12)


@pytest.mark.parametrize("text", ["", "?", "€", "«»", "漢字", "a" * 60, "-", "'", "’’", "_", "1'a-2", "ß", "İ", "\\"])
def test_log_prob_any_string_is_finite(english, text):
    assert -math.inf < english.log_prob(text) < 0


def test_log_prob_cases_of_a_word_sum_to_the_word(english):
    weights = [math.exp(english.log_prob(word)) for word in ("cat", "Cat", "CAT", "cAt", "caT", "CAt")]
    assert sum(weights) < 1.2 * 4e-5 + 1e-4


def test_split_marks_and_case_index():
    assert split_marks("«l'eau»,") == ("«", "l'eau", "»,")
    assert split_marks("...") == ("...", "", "")
    assert split_marks("") == ("", "", "")
    assert [CASES[case_index(word)] for word in ("O'Brien", "McQuaid", "ÉTÉ", "été", "eBay")] == [
        "title", "title", "upper", "lower", "mixed",
    ]  # fmt: skip


def test_marks_log_prob_sums_to_one():
    from hwr_core.language.casing import LEADING_MARKS, TRAILING_MARKS

    total = sum(
        math.exp(marks_log_prob(before, after)) for before in ("", *LEADING_MARKS) for after in ("", *TRAILING_MARKS)
    )
    assert total == pytest.approx(1)


def test_language_weights_round_trip_and_validation(tmp_path):
    assert load_language_weights(tmp_path) == LanguageWeights()
    save_language_weights(tmp_path, {"weight": 0.5, "odd": 1e-4}, {"checkpoint": "x"})
    assert load_language_weights(tmp_path) == LanguageWeights(weight=0.5, odd=1e-4)
    for wrong in ({"wait": 1}, {"weight": 0}, {"weight": "x"}, {"weight": True}):
        with pytest.raises(ConfigError, match=r"positive numbers named .*tune_language\.py"):
            LanguageWeights.from_dict(wrong)


class TestLanguageShares:
    ENGLISH = small_model("en", {"the": 0.05, "cat": 1e-3, "house": 1e-3})
    FRENCH = small_model("fr", {"le": 0.05, "chat": 1e-3, "maison": 1e-3})

    def test_estimate_one_language(self):
        english, french = estimate_language_shares(["the", "cat", "xq", "house"] * 5, [self.ENGLISH, self.FRENCH])
        assert english + french == pytest.approx(1)
        assert english > 0.9
        assert estimate_language_shares(["le", "chat", "maison"] * 5, [self.ENGLISH, self.FRENCH])[1] > 0.9

    def test_estimate_mixed_batch(self):
        shares = estimate_language_shares(["the", "cat", "le", "chat"] * 10, [self.ENGLISH, self.FRENCH])
        assert all(0.3 < share < 0.7 for share in shares)

    def test_estimate_few_texts_stay_near_equal(self):
        assert estimate_language_shares([], [self.ENGLISH, self.FRENCH]) == [0.5, 0.5]
        assert estimate_language_shares(["le"], [self.ENGLISH]) == [1.0]
        assert all(0.2 < share < 0.8 for share in estimate_language_shares(["le"], [self.ENGLISH, self.FRENCH]))

    def test_mixture_is_a_weighted_mean(self):
        (mixed,) = mixture_log_probs(["chat"], [self.ENGLISH, self.FRENCH], [0.25, 0.75])
        both = [math.exp(model.log_prob("chat")) for model in (self.ENGLISH, self.FRENCH)]
        assert math.exp(mixed) == pytest.approx(0.25 * both[0] + 0.75 * both[1])


class TestShippedLanguages:
    def test_files_exist_and_are_small(self):
        assert {"en", "fr", "de", "es", "it"} <= set(languages())
        size = sum(path.stat().st_size for path in LANGUAGE_FOLDER.iterdir())
        assert size < 10e6
        assert "CC BY-SA 4.0" in (LANGUAGE_FOLDER / "README.md").read_text(encoding="utf-8")

    def test_load_is_fast(self):
        seconds = []
        for _ in range(3):
            start = time.process_time()
            LanguageModel.load("en")
            seconds.append(time.process_time() - start)
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
    def test_log_prob_words_are_likelier_than_misspellings(self, code, words):
        model = load_language(code)
        for word in words.split():
            assert model.log_prob(word) > model.log_prob(word[:-1] + "q") + 2

    def test_load_language_uses_the_tuned_weights(self):
        assert load_language("en").weights == load_language_weights(LANGUAGE_FOLDER)


@pytest.mark.parametrize(
    ("unaccented", "accented"), [("decembre", "décembre"), ("superieur", "supérieur"), ("tres", "très")]
)
def test_lexicon_lacks_words_without_their_accents(unaccented, accented):
    french = load_language("fr")
    assert unaccented not in french.lexicon
    assert accented in french.lexicon
    assert all(word in french.lexicon for word in ("a", "à", "ou", "où", "publie", "publié", "chaine", "chaîne"))


class TestMissingOrDamaged:
    def test_load_unknown_language_raises(self):
        with pytest.raises(ConfigError, match=r"no language 'tlh'.*en, .*make_language\.py tlh"):
            LanguageModel.load("tlh")

    def test_load_missing_folder_raises(self, tmp_path):
        assert languages(tmp_path / "nowhere") == []
        with pytest.raises(ConfigError, match="Choose one of none"):
            LanguageModel.load("en", tmp_path / "nowhere")

    @pytest.mark.parametrize("damage", ["cut", "text", "empty", "fewer", "unnamed", "habits"])
    def test_load_damaged_files_raise(self, tmp_path: Path, damage: str):
        path = Path(shutil.copy(LANGUAGE_FOLDER / "en.npz", tmp_path))
        if damage == "cut":
            path.write_bytes(path.read_bytes()[:-2000])
        elif damage == "habits":
            (tmp_path / language_model.WEIGHTS_FILE).write_text(json.dumps({"habits": {"weight": -1}}))
        elif damage in ("text", "empty"):
            path.write_text("words" if damage == "text" else "")
        else:
            with np.load(path) as arrays:
                arrays_kept = dict(arrays)
            if damage == "fewer":
                arrays_kept["letters"] = arrays_kept["letters"][:-5]
            else:
                del arrays_kept["grams"]
            np.savez(path, **arrays_kept)
        with pytest.raises(ConfigError, match=r"damaged\. Make it anew"):
            LanguageModel.load("en", tmp_path)
