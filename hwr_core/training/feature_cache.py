"""What a frozen network computes of every word, once a run, in memory-mapped files of the run's folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwr_core.config import AugmentationConfig
from hwr_core.errors import JobError
from hwr_core.files import write_text
from hwr_core.jobs import OnProgress
from hwr_core.models.layers import FRAME_PIXELS
from hwr_core.training.batches import ConcatCanvases, PreparedWords, images_of, sorted_batches

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 64
FRAME_STEP = 8  # frames of a batch are a multiple of it: few shapes, so that compiled steps are reused
BATCHES_PER_FLUSH = 16
MAX_FLOAT16 = 65_000
MIN_FREE_BYTES = 2**30
CACHE_FOLDER = "cache"


class CachedArray:
    """A float16 array in a file, filled batch by batch and resumed behind the last batch that was flushed.

    Args:
        path: of the array; a JSON file of the same name counts the batches in it.
        shape: `(views, N, ...)`.
        size: expected bytes on disk.
        what: the content, for the error.

    Attributes:
        num_done: batches of an earlier, interrupted computation.

    Raises:
        JobError: the disk has too little room.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], size: float, what: str) -> None:
        self.path, self.shape = path, shape
        self._record = path.with_suffix(".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.num_done = self._read_num_done()
        free = shutil.disk_usage(path.parent).free
        if not self.num_done and size > free - MIN_FREE_BYTES:
            raise JobError(
                f"The {what} of {shape[1]:,} words in {shape[0]} versions need {size / 2**30:.1f} GB of disk, "
                f"{free / 2**30:.1f} GB are free. Train on fewer words (max_words) or views, or make room."
            )
        self.values = self.open(path, np.float16, shape)

    def _read_num_done(self) -> int:
        try:
            record = json.loads(self._record.read_text(encoding="utf-8"))
            if tuple(record["shape"]) == self.shape and np.load(self.path, mmap_mode="r").shape == self.shape:
                return int(record["done"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return 0

    def open(self, path: Path, dtype: type, shape: tuple[int, ...]) -> np.memmap:
        """A memory-mapped array: this one or one that belongs to it; as it was where batches are done."""
        return np.lib.format.open_memmap(path, "r+" if self.num_done else "w+", dtype, shape)

    def flush(self, num_done: int) -> None:
        self.values.flush()
        write_text(self._record, json.dumps({"done": num_done, "shape": self.shape}))


def to_float16(values: Any) -> np.ndarray:
    """Values clipped to the range of float16."""
    return np.clip(np.asarray(values), -MAX_FLOAT16, MAX_FLOAT16)


def cached_features(
    backbone: keras.Model,
    words: PreparedWords,
    folder: Path,
    part: str,
    *,
    views: int = 1,
    augmentation: AugmentationConfig | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> np.ndarray:
    """A backbone's features of every word in one or several versions, from the run's cache or computed into it.

    Args:
        backbone: from `(B, H, W, 1)` float32 to `(B, h, w, c)`.
        words: N words.
        folder: the run.
        part: `train` or `validation`; names the file.
        views: number of versions; the first is the image itself, the others are augmented.
        augmentation: None leaves the other versions unchanged too.
        seed: of the augmentation.
        on_progress: called with a phase, a step and the number of steps; may raise to stop, finished batches stay.

    Returns:
        `(views, N, h, w, c)` float16, memory-mapped.

    Raises:
        JobError: the disk has too little room.
    """
    shape = (views, len(words), *backbone.output_shape[1:])
    cache = CachedArray(folder / CACHE_FOLDER / f"{part}.npy", shape, int(np.prod(shape)) * 2, "image features")
    batches = [(view, start) for view in range(views) for start in range(0, len(words), BATCH_SIZE)]
    for number, (view, start) in enumerate(batches[cache.num_done :], start=cache.num_done):
        if on_progress:
            on_progress("Computing image features", view * len(words) + start, views * len(words))
        rows = np.arange(start, min(start + BATCH_SIZE, len(words)))
        rng = np.random.default_rng((seed, number))
        images = full_width_images(words.canvases, rows, augmentation if view else None, rng)
        cache.values[view, rows] = to_float16(backbone.predict_on_batch(images))
        cache.flush(number + 1)
    return np.load(cache.path, mmap_mode="r")


def full_width_images(
    canvases: ConcatCanvases | np.ndarray,
    rows: np.ndarray,
    augmentation: AugmentationConfig | None = None,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """`(B, H, W, 1)` float32 in [0, 1] at the canvas's full width, since ResNet50's features are flattened."""
    return images_of(canvases, rows, augmentation, rng, min_width=canvases.shape[2])


class FrameCache:
    """An encoder's frames of words in one or several augmented versions, from the run's cache or computed into it.

    Args:
        encoder: from `(B, H, W, 1)` float32 to logits and frames `(B, T, F)`.
        words: N words.
        widths: `(N,)` columns that each word needs.
        folder: the run.
        part: `train` or `validation`; names the file.
        views: number of versions; every one is augmented.
        augmentation: None leaves the images unchanged.
        seed: of the augmentation.
        on_progress: called with a phase, a step and the number of steps; may raise to stop, finished batches stay.

    Attributes:
        lengths: `(views, N)` number of frames.

    Raises:
        JobError: the disk has too little room.
    """

    def __init__(
        self,
        encoder: keras.Model,
        words: PreparedWords,
        widths: np.ndarray,
        folder: Path,
        part: str,
        *,
        views: int = 1,
        augmentation: AugmentationConfig | None = None,
        seed: int = 0,
        on_progress: OnProgress | None = None,
    ) -> None:
        features = encoder.outputs[1].shape[-1]
        shape = (views, len(words), words.canvases.shape[2] // FRAME_PIXELS, features)
        # Rows are written as far as their frames go; the file is sparse, so the rest takes no room.
        size = views * len(words) * (float(widths.mean()) / FRAME_PIXELS + FRAME_STEP) * features * 2
        cache = CachedArray(folder / CACHE_FOLDER / f"frames-{part}.npy", shape, size, "frames")
        self._frames = cache.values
        self.lengths = cache.open(cache.path.with_name(f"lengths-{part}.npy"), np.int32, shape[:2])
        batches = [(view, rows) for view in range(views) for rows in sorted_batches(widths, BATCH_SIZE)]
        for number, (view, rows) in enumerate(batches[cache.num_done :], start=cache.num_done):
            if on_progress:
                on_progress("Computing frames", number * BATCH_SIZE, len(batches) * BATCH_SIZE)
            rng = np.random.default_rng((seed, view, number)) if augmentation else None
            _, frames = encoder.predict_on_batch(images_of(words.canvases, rows, augmentation, rng))
            self._frames[view, rows, : frames.shape[1]] = to_float16(frames)
            self.lengths[view, rows] = frames.shape[1]
            if (number + 1) % BATCHES_PER_FLUSH == 0 or number == len(batches) - 1:
                self.lengths.flush()
                cache.flush(number + 1)

    def batch(self, view: int, rows: np.ndarray) -> np.ndarray:
        """`(B, T, F)` float32, zeros behind each word's frames."""
        length = -(-int(self.lengths[view, rows].max()) // FRAME_STEP) * FRAME_STEP
        return self._frames[view, rows, :length].astype(np.float32)


def drop_cache(folder: Path) -> None:
    """Delete the run's cache."""
    shutil.rmtree(folder / CACHE_FOLDER, ignore_errors=True)
