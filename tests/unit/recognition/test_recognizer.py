"""`Recognizer` on tiny checkpoints that memorised four drawn words, and on the shipped ones."""

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
from hwr_core.recognition.dual_decoder import DualDecoder
from hwr_core.text import Tokens
from hwr_core.text.tokens import EOS_ID, FIRST_TOKEN_ID, PAD_ID, UNK_ID

WORDS = ["tea", "ink", "moon", "sally"]
BLANK = np.full((40, 90), 255, np.uint8)


@pytest.fixture(scope="module", params=["crnn", "cnn_transformer", "dual", "seq2seq"])
def recognizer(request: pytest.FixtureRequest) -> Recognizer:
    return Recognizer.load(request.getfixturevalue(f"{request.param}_run") / "checkpoint")


@pytest.mark.slow
class TestEveryModel:
    def test_read_memorised_words(self, recognizer, draw):
        readings = recognizer.read([draw(word) for word in WORDS])
        assert [reading.text for reading in readings] == WORDS
        assert all(0.5 < reading.confidence <= 1 for reading in readings)

    def test_properties_describe_the_checkpoint(self, recognizer):
        assert recognizer.name == recognizer.folder.parent.name
        assert recognizer.name.startswith(recognizer.model_name)
        assert recognizer.charset == "".join(sorted(set("".join(WORDS))))
        assert recognizer.config.canvas == CanvasConfig(height=32, width=64)
        assert recognizer.card == ""
        assert recognizer.summary["word_accuracy"] == 1

    def test_read_no_images_is_empty(self, recognizer):
        assert recognizer.read([]) == []
        assert recognizer.read([], prefix=[]) == []

    def test_read_blank_images_are_empty_readings(self, recognizer, draw):
        images = [BLANK, draw("sally"), BLANK, draw("tea")]
        readings = recognizer.read(images, prefix=["", "", "t", ""])
        assert [reading.text for reading in readings] == ["", "sally", "t", "tea"]
        assert [reading.confidence for reading in readings[::2]] == [0, 0]
        assert readings[0].alternatives == [("", 0)]

    def test_read_batch_order_does_not_matter(self, recognizer, draw):
        images = [draw(word) for word in (*WORDS, *WORDS[::-1])] * 10  # more than a batch
        together = recognizer.read(images)
        assert [reading.text for reading in together] == [*WORDS, *WORDS[::-1]] * 10
        alone = recognizer.read(images[:1])[0]
        assert alone.confidence == pytest.approx(together[0].confidence, abs=0.02)

    def test_read_every_prefix_completes_the_word(self, recognizer, draw):
        for word in WORDS:
            beginnings = [word[:length] for length in range(len(word) + 1)]
            readings = recognizer.read([draw(word)] * len(beginnings), prefix=beginnings)
            assert [reading.text for reading in readings] == [word] * len(beginnings)

    @pytest.mark.parametrize("prefix", ["m", "ty", "sall", "moonmoonmoonmoon", "aaaa"])
    def test_read_contradicting_prefix_has_low_confidence(self, recognizer, draw, prefix):
        original, forced = (recognizer.read([draw("tea")], prefix=p, alternatives=5)[0] for p in ("", prefix))
        assert all(text.startswith(prefix) for text, _ in forced.alternatives)
        assert forced.text.startswith(prefix)
        assert forced.confidence < 0.2 < original.confidence

    def test_read_prefix_for_all_or_each(self, recognizer, draw):
        images = [draw("tea"), draw("ink")]
        assert [r.text for r in recognizer.read(images, prefix=["t", "i"])] == ["tea", "ink"]
        assert all(r.text.startswith("t") for r in recognizer.read(images, prefix="t"))
        with pytest.raises(ConfigError, match="Received: 1 prefixes, 2 images"):
            recognizer.read(images, prefix=["t"])

    def test_read_alternatives_are_distinct_and_ranked(self, recognizer, draw):
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

    def test_read_colour_and_inverted_images_are_the_same(self, recognizer, draw):
        original = draw("moon")
        images = [np.stack([original] * 3, axis=-1), 255 - original, original / 255]
        assert [reading.text for reading in recognizer.read(images)] == ["moon"] * 3

    def test_read_canvases_equals_read(self, recognizer, draw):
        canvases = [ink_canvas(draw(word), recognizer.config.canvas) for word in WORDS]
        assert recognizer.read_canvases(canvases) == recognizer.read([draw(word) for word in WORDS])

    def test_read_invalid_input_raises(self, recognizer, draw):
        with pytest.raises(CharsetError, match=r"Character 'é' \(U\+00E9\) at position 1"):
            recognizer.read([draw("tea")], prefix="te\u0301")
        with pytest.raises(ImageError, match="Received shape"):
            recognizer.read([np.zeros(7)])


@pytest.mark.slow
def test_read_free_readings_have_features(recognizer, draw):
    images = [draw("tea"), BLANK]
    free, blank = recognizer.read(images, language="none")
    assert blank.features is None
    if recognizer.model_name == "dual":
        assert free.features is None
        return
    assert free.features.length == len(free.text)
    assert 0 <= free.features.letters <= 1
    assert recognizer.read(images[:1], words=["tea", "ink"])[0].features is None
    assert recognizer.read(images[:1], mask="?ea")[0].features is None


def test_read_onnx_equals_keras(crnn_run, draw, tmp_path):
    onnx = Recognizer.load(crnn_run / "checkpoint")
    assert type(checkpoint.load_network(onnx.folder)).__name__ == "OnnxNetwork"
    shutil.copytree(crnn_run / "checkpoint", tmp_path / "plain")
    (tmp_path / "plain" / "model.onnx").unlink()
    original = Recognizer.load(tmp_path / "plain")
    assert type(checkpoint.load_network(original.folder)).__name__ == "Functional"
    images = [draw(word) for word in WORDS]
    for one, other in zip(*(r.read(images, alternatives=3) for r in (onnx, original)), strict=True):
        assert one.text == other.text
        assert one.confidence == pytest.approx(other.confidence, abs=1e-3)


SHIPPED = sorted(path.parent for path in checkpoint.SHIPPED.glob("*/config.json"))


@pytest.mark.slow
@pytest.mark.parametrize("folder", SHIPPED, ids=lambda path: path.name)
def test_read_shipped_checkpoints(folder: Path, draw):
    recognizer = Recognizer.load(folder)
    assert recognizer.name == folder.name
    assert len(recognizer.card) > 200
    reading, empty = recognizer.read([draw("the", face="DejaVuSans-Oblique"), BLANK], alternatives=5)
    assert reading.text
    assert (empty.text, empty.confidence) == ("", 0)
    assert recognizer.read([draw("the")], prefix="th")[0].text.startswith("th")


class StandInNetwork:
    """Parts of a `dual` whose next token depends on the text so far only."""

    def __init__(self, num_classes: int, next_tokens: dict[tuple[int, ...], dict[int, float]]) -> None:
        self.num_classes, self.next_tokens = num_classes, next_tokens

    def get_layer(self, name: str) -> StandInNetwork:
        return self

    def predict_on_batch(self, inputs: list[np.ndarray]) -> np.ndarray:
        out = np.full((len(inputs[1]), self.num_classes), 1e-3)
        for row, prefix in enumerate(inputs[1]):
            assert prefix[0] == UNK_ID
            for token, probability in self.next_tokens.get(tuple(int(t) for t in prefix[1:]), {EOS_ID: 0.9}).items():
                out[row, token] = probability
        return out / out.sum(axis=1, keepdims=True)


def word_decoder() -> DualDecoder:
    tokens = Tokens(["cat", "sat", "sea", "the"], words=True)
    cat, sat, sea, the = range(FIRST_TOKEN_ID, FIRST_TOKEN_ID + 4)
    next_tokens = {(): {the: 0.8, sea: 0.1}, (the,): {cat: 0.5, sea: 0.4}, (the, cat): {sat: 0.9}}
    return DualDecoder(StandInNetwork(len(tokens), next_tokens), tokens)


VECTOR = np.zeros(2, np.float32)


def test_decode_free_words_are_joined_by_spaces():
    candidates = word_decoder().decode_free(VECTOR, "", 3)
    assert candidates[0][0] == "the cat sat"
    assert word_decoder().read_greedily(np.zeros((2, 2))) == ["the cat sat"] * 2


@pytest.mark.parametrize(
    ("prefix", "text"),
    [("t", "the cat sat"), ("s", "sea"), ("the s", "the sea"), ("the", "the cat sat"), ("the c", "the cat sat")],
)
def test_decode_free_partial_last_word_is_completed(prefix, text):
    candidates = word_decoder().decode_free(VECTOR, prefix, 5)
    assert candidates[0][0] == text
    assert all(other.startswith(prefix) for other, _ in candidates)


@pytest.mark.parametrize("prefix", ["x", "the x", "zoo the", "zoo c"])
def test_decode_free_unknown_words_have_no_completion(prefix):
    assert word_decoder().decode_free(VECTOR, prefix, 5) == []


def test_decode_free_long_prefix_is_preserved():
    prefix = "the cat sat " * 6 + "th"
    candidates = word_decoder().decode_free(VECTOR, prefix, 2)
    assert candidates[0][0] == prefix + "e"


def test_decode_free_special_tokens_are_excluded():
    tokens = Tokens("ab")
    next_tokens = {(): {PAD_ID: 0.4, UNK_ID: 0.4, FIRST_TOKEN_ID: 0.15}, (FIRST_TOKEN_ID,): {UNK_ID: 0.5, EOS_ID: 0.3}}
    decoder = DualDecoder(StandInNetwork(len(tokens), next_tokens), tokens)
    assert decoder.read_greedily(np.zeros((1, 2))) == ["a"]
    assert decoder.decode_free(VECTOR, "", 5)[0][0] == "a"
    assert not any("\N{REPLACEMENT CHARACTER}" in text for text, _ in decoder.decode_free(VECTOR, "", 5))


def test_decode_free_endless_text_is_cut():
    tokens = Tokens("ab")
    next_tokens = {tuple([FIRST_TOKEN_ID] * length): {FIRST_TOKEN_ID: 1.0} for length in range(60)}
    decoder = DualDecoder(StandInNetwork(len(tokens), next_tokens), tokens)
    assert decoder.read_greedily(np.zeros((1, 2))) == ["a" * 40]
    assert decoder.decode_free(VECTOR, "", 1)[0][0] == "a" * 40


class LowerCaseNetwork:
    """Stand-in network: `aa` in every image, its capitals with log ratio `ratio`."""

    def __init__(self, classes: int, lower: int, upper: int, ratio: float = -2.5) -> None:
        self.output_shape = (None, None, classes)
        self.frame = np.full(classes, -20.0, np.float32)
        self.frame[[lower, upper]] = 0, ratio

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        blank = np.full_like(self.frame, -20.0)
        blank[0] = 0
        return np.stack([np.stack([self.frame, blank, self.frame, blank])] * len(images))


@pytest.mark.skipif(not (checkpoint.SHIPPED / "reader").is_dir(), reason="no shipped checkpoint")
class TestCapitals:
    @pytest.fixture
    def lower_case_recognizer(self) -> Recognizer:
        folder = checkpoint.SHIPPED / "reader"
        charset = Recognizer.load(folder).alphabet
        lower, upper = charset.encode("aA")
        return Recognizer(folder, network=LowerCaseNetwork(len(charset) + 1, lower, upper))

    def read(self, lower_case_recognizer: Recognizer, number: int, **options: object) -> set[str]:
        image = np.full((40, 90), 255, np.uint8)
        image[10:30, 20:60] = 0
        readings = lower_case_recognizer.read([image] * number, **{"language": "none", **options})
        assert [reading.capitals for reading in readings] == pytest.approx([3.0] * number)
        return {reading.text for reading in readings}

    def test_read_many_words_in_capitals_are_detected_and_one_is_not(self, lower_case_recognizer):
        assert self.read(lower_case_recognizer, 1) == {"aa"}
        assert self.read(lower_case_recognizer, 70) == {"AA"}  # more than a batch
        assert self.read(lower_case_recognizer, 70, views=2) == {"AA"}

    def test_read_capitals_option_is_used(self, lower_case_recognizer):
        assert self.read(lower_case_recognizer, 70, capitals=0.0) == {"aa"}
        assert self.read(lower_case_recognizer, 1, capitals=1.0) == {"AA"}
        with pytest.raises(ConfigError, match=r"lies in \[0, 1\]. Received: capitals=2"):
            self.read(lower_case_recognizer, 1, capitals=2)

    def test_read_lower_case_prefix_stays_lower_case(self, lower_case_recognizer):
        assert self.read(lower_case_recognizer, 70, prefix="a") == {"aa"}
        assert self.read(lower_case_recognizer, 70, prefix="A") == {"AA"}
        assert self.read(lower_case_recognizer, 70, mask="a?") == {"aa"}
        assert self.read(lower_case_recognizer, 70, mask="A?") == {"AA"}
        assert self.read(lower_case_recognizer, 70, words=["aa", "be"]) == {"aa"}
