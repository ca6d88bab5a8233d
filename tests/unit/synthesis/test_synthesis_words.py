"""Random words: by frequency, with punctuation and capitals, deterministic."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from hwr_core.errors import ConfigError, DataError
from hwr_core.synthesis import WordSource
from hwr_core.synthesis import words as module
from hwr_core.synthesis.languages import LANGUAGES
from hwr_core.synthesis.names import random_name
from hwr_core.synthesis.specials import numeral, ordinal, special, written_date
from hwr_core.synthesis.words import cumulative_frequencies, punctuate, random_case

FREQUENCIES = {
    "en": {"the": 0.5, "of": 0.25, "minister": 0.125, "it's": 0.1, "zebra": 0.025},
    "fr": {"été": 0.5, "de": 0.3, "arbre": 0.2},
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch):
    """Five English and three French words in place of wordfreq's."""
    cumulative_frequencies.cache_clear()
    monkeypatch.setattr(module, "word_frequencies", FREQUENCIES.__getitem__)
    yield
    cumulative_frequencies.cache_clear()


@pytest.mark.usefixtures("small")
def test_word_source_words_depend_on_seed_and_index_only() -> None:
    source, again = WordSource(3, ("en", "fr")), WordSource(3, ("en", "fr"))
    first = list(islice(source, 50))
    assert first == [again.word(index) for index in range(50)]
    assert first != list(islice(WordSource(4, ("en", "fr")), 50))


@pytest.mark.usefixtures("small")
def test_word_source_has_marks_digits_capitals_and_no_spaces() -> None:
    words = list(islice(WordSource(1, ("en", "fr"), special=0.3), 3000))
    assert all(word and not any(map(str.isspace, word)) for word in words)
    for marks in (",.;:!?", "'\"()-", "0123456789", "£$€"):
        assert any(set(word) & set(marks) for word in words), marks
    assert any(word.isupper() and len(word) > 3 for word in words)
    assert any(word.istitle() for word in words)


@pytest.mark.usefixtures("small")
def test_word_source_first_language_has_most_words() -> None:
    words = list(islice(WordSource(1, ("en", "fr"), special=0), 2000))
    french = sum("été" in word.lower() or "arbre" in word.lower() for word in words)
    assert 0.07 < french / len(words) < 0.15  # 70 % of 15 %


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("temper", "expected"), [(1.0, 0.5), (0.0, 0.2)])
def test_word_source_temper_flattens_frequencies(temper: float, expected: float) -> None:
    source = WordSource(1, temper=temper, special=0)
    counts = Counter(word.lower().strip(",.;:!?\"'()-") for word in islice(source, 3000))
    assert counts["the"] / 3000 == pytest.approx(expected, abs=0.04)


def test_word_source_invalid_settings_raise() -> None:
    with pytest.raises(ConfigError, match="languages must be one or more of"):
        WordSource(languages=("tlh",))
    with pytest.raises(ConfigError, match="languages must be one or more of"):
        WordSource(languages=())
    with pytest.raises(ConfigError, match="temper must lie"):
        WordSource(temper=2)


def test_word_source_without_wordfreq_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    cumulative_frequencies.cache_clear()
    module.word_frequencies.cache_clear()
    monkeypatch.setitem(sys.modules, "wordfreq", None)
    with pytest.raises(DataError, match="wordfreq is not installed"):
        WordSource()


def test_word_frequencies_are_plain_words() -> None:
    pytest.importorskip("wordfreq")
    frequencies = module.word_frequencies("fr")
    assert len(frequencies) == module.MAX_DICTIONARY_WORDS
    assert next(iter(frequencies)) == "de"
    assert all(module.PLAIN_WORD.fullmatch(word) for word in frequencies)


@pytest.mark.parametrize("language", LANGUAGES)
def test_special_tokens_are_short_and_unspaced(language: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(500):
        for made in (special(language, rng), written_date(language, rng), numeral(language, rng)):
            assert 0 < len(made) <= 12
            assert " " not in made


def test_random_case_english_i_is_a_capital() -> None:
    rng = np.random.default_rng(0)
    assert {random_case("i", rng) for _ in range(50)} == {"I"}
    assert all(random_case("i'm", rng).startswith("I'") for _ in range(50))


def test_punctuate_does_not_double_full_stops() -> None:
    rng = np.random.default_rng(0)
    assert all(".." not in word or word.endswith("...") for word in (punctuate("Mr.", rng) for _ in range(500)))


def test_ordinal_by_language() -> None:
    assert [ordinal(number, "en") for number in (1, 2, 3, 4, 11, 21)] == [
        "1st",
        "2nd",
        "3rd",
        "4th",
        "11th",
        "21st",
    ]
    assert [ordinal(number, "fr") for number in (1, 2)] == ["1er", "2e"]


@pytest.mark.usefixtures("small")
def test_word_source_low_temper_still_has_common_words() -> None:
    source = WordSource(1, temper=1e-6, special=0, names=0)
    counts = Counter(word.lower().strip(",.;:!?\"'()-") for word in islice(source, 3000))
    assert counts["the"] / 3000 == pytest.approx(0.6 * 0.2 + 0.4 * 0.5, abs=0.04)


def test_word_source_languages_have_their_letters_and_capitals() -> None:
    pytest.importorskip("wordfreq")
    for language in ("de", "pl"):
        words = [WordSource(2, (language,), special=0, names=0).word(index) for index in range(300)]
        assert any(not word.isascii() for word in words)
        assert not any(map(str.isspace, "".join(words)))
    german = [WordSource(2, ("de",), special=0, names=0).word(index) for index in range(300)]
    assert sum(word.strip("\"'(„").istitle() for word in german) / 300 > 0.3  # nouns


def test_random_name_is_capitalised_and_sometimes_compound() -> None:
    rng = np.random.default_rng(0)
    made = {random_name(rng) for _ in range(2000)}
    assert all(word[0].isupper() or word in ("de", "van", "von") for word in made)
    assert any(word.startswith(("Mc", "O'")) for word in made)
    assert any("-" in word for word in made)


def test_random_case_names_and_english_days_keep_their_capital() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        assert random_case("london", rng) in ("London", "LONDON")
        assert random_case("monday", rng) in ("Monday", "MONDAY")
    assert "hill" in {random_case("hill", rng) for _ in range(20)}  # a name, but a word first
    assert {random_case("lundi", rng, "fr") for _ in range(60)} >= {"lundi", "Lundi"}


def test_word_source_french_elides_attaches_and_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    cumulative_frequencies.cache_clear()
    monkeypatch.setattr(module, "word_frequencies", lambda language: {"arbre": 0.6, "est": 0.4})
    french = list(islice(WordSource(1, ("fr",), special=0, names=0), 4000))
    cumulative_frequencies.cache_clear()
    assert any(word.lower().startswith(("l'", "d'", "qu'")) for word in french)
    assert any(word.endswith(("-ce", "-il", "-elle")) for word in french)
    assert any(word.startswith("«") and word.endswith("»") for word in french)
