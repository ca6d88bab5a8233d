"""Network outputs of recent single canvases, so that reading one again costs only decoding."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock

import numpy as np

Output = tuple[np.ndarray, int]  # log-probabilities, and the canvas columns that they cover


class OutputCache:
    """The outputs of the `max_size` most recently used canvases; thread-safe."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._outputs: OrderedDict[bytes, Output] = OrderedDict()
        self._lock = Lock()

    def get(self, canvas: np.ndarray) -> Output | None:
        """The output of this canvas `(H, W)` uint8, if cached."""
        key = _key(canvas)
        with self._lock:
            if key in self._outputs:
                self._outputs.move_to_end(key)
            return self._outputs.get(key)

    def put(self, canvas: np.ndarray, output: Output) -> None:
        """Cache an output; the least recently used one goes."""
        with self._lock:
            self._outputs[_key(canvas)] = output
            while len(self._outputs) > self._max_size:
                self._outputs.popitem(last=False)


def _key(canvas: np.ndarray) -> bytes:
    """32 bytes in place of the canvas, which is larger than its output; canvases of a recognizer have one height."""
    return hashlib.blake2b(np.ascontiguousarray(canvas).data, digest_size=32).digest()
