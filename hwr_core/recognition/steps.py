"""Reading in steps: a generator that stops where the words of another caller may be read in between."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Result = TypeVar("Result")


@dataclass(frozen=True)
class NetworkRun:
    """A network and its input; the step's answer is its output.

    Runs of one network and one width may be joined: each image's output depends on that image alone.

    Attributes:
        run: `(B, H, W, 1)` float32 to `(B, T, C)`.
        images: `(B, H, W, 1)` float32.
    """

    run: Callable[[np.ndarray], np.ndarray]
    images: np.ndarray


# Yields a `NetworkRun`, and is sent its output; or None, where a step has ended.
Steps = Generator[NetworkRun | None, np.ndarray | None, Result]


def finish(steps: Steps[Result]) -> Result:
    """All steps at once, alone."""
    output: np.ndarray | None = None
    while True:
        try:
            step = steps.send(output)
        except StopIteration as end:
            result: Result = end.value
            return result
        output = step.run(step.images) if step is not None else None
