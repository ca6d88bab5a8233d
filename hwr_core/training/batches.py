"""Prepared canvases and their transcriptions -> batches of like width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwr_core.config import AugmentationConfig
from hwr_core.imaging.canvas import ink_width
from hwr_core.training.augmentation import augment, pad_to

WIDTH_STEP = 32  # widths of batches are multiples of this: few shapes, so that compiled steps are reused
WIDTH_CLASSES = 2  # widths of batches on a GPU, where compiling a shape takes longer than the paper that it saves
POOL_BATCHES = 40  # words are sorted by width among so many batches: like widths together, order still random


@dataclass(frozen=True)
class PreparedWords:
    """Words ready for training: row i of each belongs together.

    Attributes:
        canvases: `(N, H, W)` uint8, 0 paper to 255 ink; may be memory-mapped, or several, see `ConcatCanvases`.
        transcriptions: normalised text.
        writers: who wrote each.
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


def batch_width(widths: Sequence[int] | np.ndarray, most: int) -> int:
    """The common width of a batch: the widest, rounded up to `WIDTH_STEP`, at most `most`.

    Example:
        >>> batch_width([40, 70], 256)
        96
    """
    return min(most, -(-int(max(widths)) // WIDTH_STEP) * WIDTH_STEP)


def shuffled_batches(widths: np.ndarray, batch_size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Row indices of the epoch's batches: every word once, words of like width together, batches in random order."""
    order = rng.permutation(len(widths))
    batches: list[np.ndarray] = []
    pool = batch_size * POOL_BATCHES
    for start in range(0, len(order), pool):
        chunk = order[start : start + pool]
        chunk = chunk[np.argsort(widths[chunk], kind="stable")]
        batches += [chunk[i : i + batch_size] for i in range(0, len(chunk), batch_size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def bucket_width(width: int, most: int) -> int:
    """The least of `WIDTH_CLASSES` even steps up to `most` that holds `width` columns.

    Example:
        >>> class_width(40, 256), class_width(200, 256)
        (128, 256)
    """
    step = most // WIDTH_CLASSES
    return min(most, -(-width // step) * step)


def padded_widths(widths: np.ndarray, augmentation: AugmentationConfig, height: int) -> np.ndarray:
    """`(N,)` columns in which most changed pictures have room without being shrunk."""
    amount = augmentation.strength
    return np.ceil(widths * (1 + 0.75 * augmentation.scale * amount) + 0.5 * augmentation.shear * amount * height)


def balanced_batches(
    widths: np.ndarray, batch_size: int, most: int, rng: np.random.Generator
) -> list[tuple[np.ndarray, int]]:
    """An epoch's batches where every shape is compiled anew: all of one size, of `WIDTH_CLASSES` widths.

    Args:
        widths: `(N,)` columns that each word needs.
        batch_size: rows of every batch; words of the epoch's beginning fill up the last.
        most: the canvas's width.
        rng: where the order comes from.

    Returns:
        `(rows, width)` pairs in random order; every word is in at least once.
    """
    order = rng.permutation(len(widths))
    classes = np.array([bucket_width(int(min(width, most)), most) for width in widths])
    found: list[tuple[np.ndarray, int]] = []
    left = order[:0]
    for width in sorted({*classes.tolist(), most}):
        rows = np.concatenate([left, order[classes[order] == width]])
        whole = len(rows) // batch_size * batch_size
        found += [(rows[i : i + batch_size], width) for i in range(0, whole, batch_size)]
        left = rows[whole:]  # the next wider batches take them along
    if len(left):
        found.append((np.concatenate([left, np.resize(order, batch_size - len(left))]), most))
    return [found[i] for i in rng.permutation(len(found))]


def canvases_of(canvases: ConcatCanvases | np.ndarray, rows: np.ndarray, width: int) -> np.ndarray:
    """`(B, H, width, 1)` uint8, as they are stored."""
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
    least_width: int = 1,
) -> np.ndarray:
    """The batch's pictures.

    Args:
        canvases: `(N, H, W)` uint8.
        rows: the batch's row indices.
        augmentation: how pictures are changed; needs `rng`. None shows them as they are.
        rng: where chance comes from.
        least_width: the batch is at least so wide; as wide as its widest word otherwise.

    Returns:
        `(B, H, W', 1)` float32 in [0, 1].
    """
    most = canvases.shape[2]
    if augmentation is not None and rng is not None:
        found = [augment(np.asarray(canvases[row]), augmentation, rng, most) for row in rows]
    else:
        found = [np.asarray(canvases[row]) for row in rows]
        found = [canvas[:, : ink_width(canvas)] for canvas in found]
    width = batch_width([least_width, *(canvas.shape[1] for canvas in found)], most)
    stacked = np.stack([pad_to(canvas, width) for canvas in found])
    return (stacked.astype(np.float32) / 255)[..., None]


def padded(rows: Sequence[Sequence[int]], length: int | None = None) -> np.ndarray:
    """Lists of ids as one `(N, L)` int32 array, 0 after each list's end."""
    length = length or max(1, max(map(len, rows), default=1))
    out = np.zeros((len(rows), length), np.int32)
    for index, row in enumerate(rows):
        out[index, : len(row)] = row
    return out
