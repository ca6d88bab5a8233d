"""What a network said of the last pictures, so that asking again costs only decoding."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import numpy as np

Output = tuple[np.ndarray, int]


class OutputCache:
    """Outputs of single canvases, the last `most` that were asked for; safe to share between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[bytes, Output] = OrderedDict()
        self._lock = Lock()

    def find(self, canvas: np.ndarray) -> Output | None:
        """What was kept of this canvas `(H, W)` uint8, if it is known."""
        key = canvas.tobytes()
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def keep(self, canvas: np.ndarray, output: Output) -> None:
        """Keep an output, and forget the one that was not asked for the longest."""
        with self._lock:
            self._known[canvas.tobytes()] = output
            while len(self._known) > self._most:
                self._known.popitem(last=False)
