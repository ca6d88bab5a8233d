"""A picture that is read again is not shown to the network again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hwr_core import Recognizer
from hwr_core.recognition import checkpoint
from hwr_core.recognition.output_cache import OutputCache

SHIPPED = sorted(path.parent for path in checkpoint.SHIPPED.glob("*/model.onnx"))


class Counting:
    """A network that counts how often it is asked."""

    def __init__(self, network: Any) -> None:
        self.network, self.output_shape, self.asked = network, network.output_shape, 0

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        self.asked += 1
        return self.network.predict_on_batch(images)


def canvas(value: int) -> np.ndarray:
    return np.full((4, 6), value, np.uint8)


def test_the_oldest_is_forgotten():
    memory = OutputCache(2)
    for value in (1, 2):
        memory.keep(canvas(value), (np.array([value]), value))
    assert memory.find(canvas(1)) is not None  # asked for, so that 2 is the oldest now
    memory.keep(canvas(3), (np.array([3]), 3))
    assert memory.find(canvas(2)) is None
    found = memory.find(canvas(1))
    assert found is not None
    assert found[1] == 1


def test_nothing_is_kept_where_nothing_was_asked_to_be():
    memory = OutputCache(0)
    memory.keep(canvas(1), (np.array([1]), 1))
    assert memory.find(canvas(1)) is None


@pytest.mark.skipif(not SHIPPED, reason="no shipped reader in models/")
def test_reading_again_asks_the_network_once():
    picture = np.full((60, 160), 255, np.uint8)
    picture[20:40, 30:34] = picture[20:40, 60:64] = picture[28:32, 30:64] = 0
    network = Counting(checkpoint.load_network(SHIPPED[0]))
    recognizer, forgetful = Recognizer(SHIPPED[0], 4, network), Recognizer.load(SHIPPED[0])
    again = [forgetful.read([picture], prefix=prefix, alternatives=3)[0] for prefix in ("", "t", "th")]
    assert [recognizer.read([picture], prefix=prefix, alternatives=3)[0] for prefix in ("", "t", "th")] == again
    assert network.asked == 1
