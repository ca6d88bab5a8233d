"""Prepared canvases and their transcriptions -> batches of similar width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwr_core.config import AugmentationConfig
from hwr_core.imaging.canvas import ink_width
from hwr_core.training.augmentation import augment, pad_to

WIDTH_STEP = 32  # widths of batches are multiples of this: few shapes, so that compiled steps are reused
NUM_WIDTHS = 2  # widths of batches on a GPU, where compiling a shape takes longer than the padding that it saves
POOL_BATCHES = 40  # words are sorted by width within pools of as many batches: similar widths, order still random


@dataclass(frozen=True)
class PreparedWords:
    """Words ready for training: row i of each belongs together.

    Attributes:
        canvases: `(N, H, W)` uint8, 0 paper to 255 ink; may be memory-mapped, or `ConcatCanvases`.
        transcriptions: normalised text.
        writers: of each word.
    """

    canvases: ConcatCanvases | np.ndarray
    transcriptions: Sequence[str]
    writers: Sequence[str]

    def __len__(self) -> int:
        return len(self.transcriptions)


class ConcatCanvases:
    """Rows of several `(N, H, W)` arrays as one, without copying them.

    Args:
        parts: `(array, rows)` pairs; rows are the indices used of that array.
    """

    def __init__(self, parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        self.parts = list(parts)
        self._arrays = [array for array, _ in parts]
        self._array_of = np.concatenate([np.full(len(rows), i, np.int32) for i, (_, rows) in enumerate(parts)])
        self._row_of = np.concatenate([np.asarray(rows, np.int64) for _, rows in parts])

    def __len__(self) -> int:
        return len(self._row_of)

    def __getitem__(self, index: int) -> np.ndarray:
        return self._arrays[self._array_of[index]][self._row_of[index]]

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self), *self._arrays[0].shape[1:]


def ink_widths(canvases: ConcatCanvases | np.ndarray) -> np.ndarray:
    """`(N,)` columns that each canvas needs."""
    return np.array([ink_width(np.asarray(canvases[index])) for index in range(len(canvases))], np.int32)


def batch_width(widths: Sequence[int] | np.ndarray, max_width: int) -> int:
    """The common width of a batch: the widest, rounded up to `WIDTH_STEP`, at most `max_width`.

    Example:
        >>> batch_width([40, 70], 256)
        96
    """
    return min(max_width, -(-int(max(widths)) // WIDTH_STEP) * WIDTH_STEP)


def shuffled_batches(widths: np.ndarray, batch_size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Row indices of the epoch's batches: every word once, similar widths together, batches in random order."""
    order = rng.permutation(len(widths))
    batches: list[np.ndarray] = []
    pool = batch_size * POOL_BATCHES
    for start in range(0, len(order), pool):
        chunk = order[start : start + pool]
        chunk = chunk[np.argsort(widths[chunk], kind="stable")]
        batches += [chunk[i : i + batch_size] for i in range(0, len(chunk), batch_size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def bucket_width(width: int, max_width: int) -> int:
    """The least of `NUM_WIDTHS` even steps up to `max_width` that holds `width` columns.

    Example:
        >>> bucket_width(40, 256), bucket_width(200, 256)
        (128, 256)
    """
    step = max_width // NUM_WIDTHS
    return min(max_width, -(-width // step) * step)


def padded_widths(widths: np.ndarray, augmentation: AugmentationConfig, height: int) -> np.ndarray:
    """`(N,)` columns that hold most augmented images without shrinking them."""
    amount = augmentation.strength
    return np.ceil(widths * (1 + 0.75 * augmentation.scale * amount) + 0.5 * augmentation.shear * amount * height)


def balanced_batches(
    widths: np.ndarray, batch_size: int, max_width: int, rng: np.random.Generator
) -> list[tuple[np.ndarray, int]]:
    """An epoch's batches where every new shape is compiled: all of one size, of `NUM_WIDTHS` widths.

    Args:
        widths: `(N,)` columns that each word needs.
        batch_size: rows of every batch; the epoch's first words fill up the last.
        max_width: the canvas's width.
        rng: decides the order.

    Returns:
        `(rows, width)` pairs in random order; every word is in at least once.
    """
    order = rng.permutation(len(widths))
    buckets = np.array([bucket_width(int(min(width, max_width)), max_width) for width in widths])
    batches: list[tuple[np.ndarray, int]] = []
    left = order[:0]
    for width in sorted({*buckets.tolist(), max_width}):
        rows = np.concatenate([left, order[buckets[order] == width]])
        whole = len(rows) // batch_size * batch_size
        batches += [(rows[i : i + batch_size], width) for i in range(0, whole, batch_size)]
        left = rows[whole:]  # go into the next wider batches
    if len(left):
        batches.append((np.concatenate([left, np.resize(order, batch_size - len(left))]), max_width))
    return [batches[i] for i in rng.permutation(len(batches))]


def canvases_of(canvases: ConcatCanvases | np.ndarray, rows: np.ndarray, width: int) -> np.ndarray:
    """`(B, H, width, 1)` uint8, as stored."""
    return np.stack([np.asarray(canvases[row])[:, :width] for row in rows])[..., None]


def sorted_batches(widths: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Row indices of batches by rising width, for reading."""
    order = np.argsort(widths, kind="stable")
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


def images_of(
    canvases: ConcatCanvases | np.ndarray,
    rows: np.ndarray,
    augmentation: AugmentationConfig | None = None,
    rng: np.random.Generator | None = None,
    min_width: int = 1,
) -> np.ndarray:
    """The batch's images.

    Args:
        canvases: `(N, H, W)` uint8.
        rows: the batch's row indices.
        augmentation: needs `rng`; None leaves the images unchanged.
        rng: of the augmentation.
        min_width: of the batch, which is as wide as its widest word otherwise.

    Returns:
        `(B, H, W', 1)` float32 in [0, 1].
    """
    max_width = canvases.shape[2]
    if augmentation is not None and rng is not None:
        images = [augment(np.asarray(canvases[row]), augmentation, rng, max_width) for row in rows]
    else:
        images = [np.asarray(canvases[row]) for row in rows]
        images = [canvas[:, : ink_width(canvas)] for canvas in images]
    width = batch_width([min_width, *(image.shape[1] for image in images)], max_width)
    stacked = np.stack([pad_to(image, width) for image in images])
    return (stacked.astype(np.float32) / 255)[..., None]


def padded(rows: Sequence[Sequence[int]], length: int | None = None) -> np.ndarray:
    """Lists of ids as one `(N, L)` int32 array, 0 after each list's end."""
    length = length or max(1, max(map(len, rows), default=1))
    out = np.zeros((len(rows), length), np.int32)
    for index, row in enumerate(rows):
        out[index, : len(row)] = row
    return out
