"""`Recognizer` on tiny checkpoints that know four drawn words, and on the shipped ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from hwr_core import Recognizer
from hwr_core.config import CanvasConfig
from hwr_core.errors import CharsetError, ConfigError, ImageError
from hwr_core.imaging import ink_canvas
from hwr_core.recognition import checkpoint
from hwr_core.recognition.dual_backend import DualDecoder
from hwr_core.text import Tokens
from hwr_core.text.tokens import END, FIRST, PADDING, UNKNOWN

WORDS = ["tea", "ink", "moon", "sally"]
BLANK = np.full((40, 90), 255, np.uint8)


@pytest.fixture(scope="module", params=["crnn", "cnn_transformer", "dual", "seq2seq"])
def recognizer(request: pytest.FixtureRequest) -> Recognizer:
    return Recognizer.load(request.getfixturevalue(f"{request.param}_run") / "checkpoint")


@pytest.mark.slow
class TestEveryModel:
    def test_the_words_it_learned_are_read(self, recognizer, draw):
        readings = recognizer.read([draw(word) for word in WORDS])
        assert [reading.text for reading in readings] == WORDS
        assert all(0.5 < reading.confidence <= 1 for reading in readings)

    def test_what_it_says_of_itself(self, recognizer):
        assert recognizer.name == recognizer.folder.parent.name
        assert recognizer.name.startswith(recognizer.model_name)
        assert recognizer.charset == "".join(sorted(set("".join(WORDS))))
        assert recognizer.config.canvas == CanvasConfig(height=32, width=64)
        assert recognizer.card == ""
        assert recognizer.summary["word_accuracy"] == 1

    def test_nothing_gives_nothing(self, recognizer):
        assert recognizer.read([]) == []
        assert recognizer.read([], prefix=[]) == []

    def test_blank_pictures_are_empty_readings_among_the_others(self, recognizer, draw):
        pictures = [BLANK, draw("sally"), BLANK, draw("tea")]
        readings = recognizer.read(pictures, prefix=["", "", "t", ""])
        assert [reading.text for reading in readings] == ["", "sally", "t", "tea"]
        assert [reading.confidence for reading in readings[::2]] == [0, 0]
        assert readings[0].alternatives == [("", 0)]

    def test_order_and_company_do_not_matter(self, recognizer, draw):
        pictures = [draw(word) for word in (*WORDS, *WORDS[::-1])] * 10  # more than a batch
        together = recognizer.read(pictures)
        assert [reading.text for reading in together] == [*WORDS, *WORDS[::-1]] * 10
        alone = recognizer.read(pictures[:1])[0]
        assert alone.confidence == pytest.approx(together[0].confidence, abs=0.02)

    def test_every_beginning_of_a_word_leads_to_it(self, recognizer, draw):
        for word in WORDS:
            beginnings = [word[:length] for length in range(len(word) + 1)]
            readings = recognizer.read([draw(word)] * len(beginnings), prefix=beginnings)
            assert [reading.text for reading in readings] == [word] * len(beginnings)

    @pytest.mark.parametrize("prefix", ["m", "ty", "sall", "moonmoonmoonmoon", "aaaa"])
    def test_a_contradicting_prefix_is_kept_and_doubted(self, recognizer, draw, prefix):
        plain, forced = (recognizer.read([draw("tea")], prefix=p, alternatives=5)[0] for p in ("", prefix))
        assert all(text.startswith(prefix) for text, _ in forced.alternatives)
        assert forced.text.startswith(prefix)
        assert forced.confidence < 0.2 < plain.confidence

    def test_one_prefix_for_all_or_one_each(self, recognizer, draw):
        pictures = [draw("tea"), draw("ink")]
        assert [r.text for r in recognizer.read(pictures, prefix=["t", "i"])] == ["tea", "ink"]
        assert all(r.text.startswith("t") for r in recognizer.read(pictures, prefix="t"))
        with pytest.raises(ConfigError, match="Received: 1 prefixes, 2 pictures"):
            recognizer.read(pictures, prefix=["t"])

    def test_alternatives_are_distinct_best_first_and_begin_with_the_reading(self, recognizer, draw):
        for reading in recognizer.read([draw("sally"), draw("moon")], alternatives=5):
            texts = [text for text, _ in reading.alternatives]
            confidences = [confidence for _, confidence in reading.alternatives]
            assert 1 < len(texts) <= 5
            assert len(set(texts)) == len(texts)
            assert confidences == sorted(confidences, reverse=True)
            assert reading.alternatives[0] == (reading.text, reading.confidence)
            assert 0 <= sum(confidences) <= 1 + 1e-6
        assert len(recognizer.read([draw("tea")])[0].alternatives) == 1
        assert len(recognizer.read([draw("tea")], alternatives=0)[0].alternatives) == 1

    def test_colour_and_light_on_dark_are_the_same_word(self, recognizer, draw):
        plain = draw("moon")
        pictures = [np.stack([plain] * 3, axis=-1), 255 - plain, plain / 255]
        assert [reading.text for reading in recognizer.read(pictures)] == ["moon"] * 3

    def test_canvases_are_read_as_pictures_are(self, recognizer, draw):
        canvases = [ink_canvas(draw(word), recognizer.config.canvas) for word in WORDS]
        assert recognizer.read_canvases(canvases) == recognizer.read([draw(word) for word in WORDS])

    def test_what_cannot_be_read(self, recognizer, draw):
        with pytest.raises(CharsetError, match=r"Character 'é' \(U\+00E9\) at position 1"):
            recognizer.read([draw("tea")], prefix="te\u0301")
        with pytest.raises(ImageError, match="Received shape"):
            recognizer.read([np.zeros(7)])


@pytest.mark.slow
def test_free_readings_carry_what_their_confidence_is_weighed_by(recognizer, draw):
    pictures = [draw("tea"), BLANK]
    free, blank = recognizer.read(pictures, language="none")
    assert blank.evidence is None
    if recognizer.model_name == "dual":
        assert free.evidence is None
        return
    assert free.evidence.length == len(free.text)
    assert 0 <= free.evidence.letters <= 1
    assert recognizer.read(pictures[:1], words=["tea", "ink"])[0].evidence is None
    assert recognizer.read(pictures[:1], mask="?ea")[0].evidence is None


def test_a_checkpoint_reads_the_same_through_onnx_and_keras(crnn_run, draw, tmp_path):
    quick = Recognizer.load(crnn_run / "checkpoint")
    assert type(checkpoint.load_network(quick.folder)).__name__ == "OnnxNetwork"
    shutil.copytree(crnn_run / "checkpoint", tmp_path / "plain")
    (tmp_path / "plain" / "model.onnx").unlink()
    plain = Recognizer.load(tmp_path / "plain")
    assert type(checkpoint.load_network(plain.folder)).__name__ == "Functional"
    pictures = [draw(word) for word in WORDS]
    for one, other in zip(*(r.read(pictures, alternatives=3) for r in (quick, plain)), strict=True):
        assert one.text == other.text
        assert one.confidence == pytest.approx(other.confidence, abs=1e-3)


SHIPPED = sorted(path.parent for path in checkpoint.SHIPPED.glob("*/config.json"))


@pytest.mark.slow
@pytest.mark.parametrize("folder", SHIPPED, ids=lambda path: path.name)
def test_shipped_checkpoints_open_and_read(folder: Path, draw):
    recognizer = Recognizer.load(folder)
    assert recognizer.name == folder.name
    assert len(recognizer.card) > 200
    reading, empty = recognizer.read([draw("the", face="DejaVuSans-Oblique"), BLANK], alternatives=5)
    assert reading.text
    assert (empty.text, empty.confidence) == ("", 0)
    assert recognizer.read([draw("the")], prefix="th")[0].text.startswith("th")


class StandInNetwork:
    """Parts of a `dual` whose next token depends on the text so far only."""

    def __init__(self, num_classes: int, follow: dict[tuple[int, ...], dict[int, float]]) -> None:
        self.num_classes, self.follow = num_classes, follow

    def get_layer(self, name: str) -> StandInNetwork:
        return self

    def predict_on_batch(self, inputs: list[np.ndarray]) -> np.ndarray:
        out = np.full((len(inputs[1]), self.num_classes), 1e-3)
        for row, prefix in enumerate(inputs[1]):
            assert prefix[0] == UNKNOWN
            for token, probability in self.follow.get(tuple(int(t) for t in prefix[1:]), {END: 0.9}).items():
                out[row, token] = probability
        return out / out.sum(axis=1, keepdims=True)


def word_reader() -> DualDecoder:
    tokens = Tokens(["cat", "sat", "sea", "the"], words=True)
    cat, sat, sea, the = range(FIRST, FIRST + 4)
    follow = {(): {the: 0.8, sea: 0.1}, (the,): {cat: 0.5, sea: 0.4}, (the, cat): {sat: 0.9}}
    return DualDecoder(StandInNetwork(len(tokens), follow), tokens)


VECTOR = np.zeros(2, np.float32)


def test_whole_words_are_joined_by_spaces():
    found = word_reader().read(VECTOR, "", 3)
    assert found[0][0] == "the cat sat"
    assert word_reader().read_greedily(np.zeros((2, 2))) == ["the cat sat"] * 2


@pytest.mark.parametrize(
    ("prefix", "text"),
    [("t", "the cat sat"), ("s", "sea"), ("the s", "the sea"), ("the", "the cat sat"), ("the c", "the cat sat")],
)
def test_the_last_word_of_a_prefix_may_be_a_part_of_one(prefix, text):
    found = word_reader().read(VECTOR, prefix, 5)
    assert found[0][0] == text
    assert all(other.startswith(prefix) for other, _ in found)


@pytest.mark.parametrize("prefix", ["x", "the x", "zoo the", "zoo c"])
def test_words_that_are_not_known_have_no_completion(prefix):
    assert word_reader().read(VECTOR, prefix, 5) == []


def test_a_long_prefix_is_kept_whole():
    prefix = "the cat sat " * 6 + "th"
    found = word_reader().read(VECTOR, prefix, 2)
    assert found[0][0] == prefix + "e"


def test_special_tokens_are_never_written():
    tokens = Tokens("ab")
    follow = {(): {PADDING: 0.4, UNKNOWN: 0.4, FIRST: 0.15}, (FIRST,): {UNKNOWN: 0.5, END: 0.3}}
    reader = DualDecoder(StandInNetwork(len(tokens), follow), tokens)
    assert reader.read_greedily(np.zeros((1, 2))) == ["a"]
    assert reader.read(VECTOR, "", 5)[0][0] == "a"
    assert not any("\N{REPLACEMENT CHARACTER}" in text for text, _ in reader.read(VECTOR, "", 5))


def test_readings_that_never_end_are_cut():
    tokens = Tokens("ab")
    follow = {tuple([FIRST] * length): {FIRST: 1.0} for length in range(60)}
    reader = DualDecoder(StandInNetwork(len(tokens), follow), tokens)
    assert reader.read_greedily(np.zeros((1, 2))) == ["a" * 40]
    assert reader.read(VECTOR, "", 1)[0][0] == "a" * 40


class InSmallLetters:
    """In the place of a network of the shipped reader: `aa` in every picture, its capitals by `ratio` less probable."""

    def __init__(self, classes: int, small: int, large: int, ratio: float = -2.5) -> None:
        self.output_shape = (None, None, classes)
        self.frame = np.full(classes, -20.0, np.float32)
        self.frame[[small, large]] = 0, ratio

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        blank = np.full_like(self.frame, -20.0)
        blank[0] = 0
        return np.stack([np.stack([self.frame, blank, self.frame, blank])] * len(images))


@pytest.mark.skipif(not (checkpoint.SHIPPED / "reader").is_dir(), reason="no shipped reader")
class TestCapitals:
    @pytest.fixture
    def reader(self) -> Recognizer:
        folder = checkpoint.SHIPPED / "reader"
        charset = Recognizer.load(folder).alphabet
        small, large = charset.encode("aA")
        return Recognizer(folder, network=InSmallLetters(len(charset) + 1, small, large))

    def read(self, reader: Recognizer, number: int, **asked: object) -> set[str]:
        picture = np.full((40, 90), 255, np.uint8)
        picture[10:30, 20:60] = 0
        readings = reader.read([picture] * number, **{"language": "none", **asked})
        assert [reading.capitals for reading in readings] == pytest.approx([3.0] * number)
        return {reading.text for reading in readings}

    def test_many_words_of_a_hand_are_read_in_capitals_and_one_is_not(self, reader):
        assert self.read(reader, 1) == {"aa"}
        assert self.read(reader, 70) == {"AA"}  # more than a batch
        assert self.read(reader, 70, views=2) == {"AA"}

    def test_who_knows_says_so(self, reader):
        assert self.read(reader, 70, capitals=0.0) == {"aa"}
        assert self.read(reader, 1, capitals=1.0) == {"AA"}
        with pytest.raises(ConfigError, match=r"lies in \[0, 1\]. Received: capitals=2"):
            self.read(reader, 1, capitals=2)

    def test_small_letters_that_are_typed_stay_small(self, reader):
        assert self.read(reader, 70, prefix="a") == {"aa"}
        assert self.read(reader, 70, prefix="A") == {"AA"}
        assert self.read(reader, 70, mask="a?") == {"aa"}
        assert self.read(reader, 70, mask="A?") == {"AA"}
        assert self.read(reader, 70, words=["aa", "be"]) == {"aa"}
