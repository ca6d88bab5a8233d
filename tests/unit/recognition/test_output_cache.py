"""Reading an image again does not run the network again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hwr_core import Recognizer
from hwr_core.recognition import checkpoint
from hwr_core.recognition.output_cache import OutputCache

SHIPPED = sorted(path.parent for path in checkpoint.SHIPPED.glob("*/model.onnx"))


class CountingNetwork:
    """A network that counts its calls."""

    def __init__(self, network: Any) -> None:
        self.network, self.output_shape, self.calls = network, network.output_shape, 0

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        self.calls += 1
        return self.network.predict_on_batch(images)


def canvas(value: int) -> np.ndarray:
    return np.full((4, 6), value, np.uint8)


def test_output_cache_drops_the_least_recently_used():
    cache = OutputCache(2)
    for value in (1, 2):
        cache.put(canvas(value), (np.array([value]), value))
    assert cache.get(canvas(1)) is not None  # used, so that 2 is the least recently used now
    cache.put(canvas(3), (np.array([3]), 3))
    assert cache.get(canvas(2)) is None
    output = cache.get(canvas(1))
    assert output is not None
    assert output[1] == 1


def test_output_cache_of_size_zero_stores_nothing():
    cache = OutputCache(0)
    cache.put(canvas(1), (np.array([1]), 1))
    assert cache.get(canvas(1)) is None


@pytest.mark.skipif(not SHIPPED, reason="no shipped checkpoint in models/")
def test_reading_again_runs_the_network_once():
    image = np.full((60, 160), 255, np.uint8)
    image[20:40, 30:34] = image[20:40, 60:64] = image[28:32, 30:64] = 0
    network = CountingNetwork(checkpoint.load_network(SHIPPED[0]))
    recognizer, uncached = Recognizer(SHIPPED[0], 4, network), Recognizer.load(SHIPPED[0])
    expected = [uncached.read([image], prefix=prefix, alternatives=3)[0] for prefix in ("", "t", "th")]
    assert [recognizer.read([image], prefix=prefix, alternatives=3)[0] for prefix in ("", "t", "th")] == expected
    assert network.calls == 1
