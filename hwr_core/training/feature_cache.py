"""A frozen backbone's features, computed once a run and kept in a memory-mapped file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwr_core import jobs
from hwr_core.config import AugmentationConfig
from hwr_core.errors import JobError
from hwr_core.training.batches import PreparedWords, images_of

if TYPE_CHECKING:
    import keras

CHUNK = 64
CACHE_FOLDER = "cache"
Progress = Callable[[str, int, int], None]


def cached_features(
    backbone: keras.Model,
    words: PreparedWords,
    folder: Path,
    part: str,
    *,
    views: int = 1,
    augmentation: AugmentationConfig | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> np.ndarray:
    """The features of every word in one or several versions, from the run's cache or computed into it.

    Args:
        backbone: from `(B, H, W, 1)` float32 to `(B, h, w, c)`.
        words: N words.
        folder: the run.
        part: `train` or `validation`; names the file.
        views: how many versions; the first is the picture as it is, the others are changed as `augmentation` says.
        augmentation: None leaves the other versions unchanged too.
        seed: of the changes.
        progress: called with a phase, a step and the number of steps; may raise to stop, the chunks done are kept.

    Returns:
        `(views, N, h, w, c)` float16, memory-mapped.

    Raises:
        JobError: the disk has no room for them.
    """
    shape = (views, len(words), *backbone.output_shape[1:])
    path, account = folder / CACHE_FOLDER / f"{part}.npy", folder / CACHE_FOLDER / f"{part}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    done = chunks_done(path, account, shape)
    if not done:
        needed, free = int(np.prod(shape)) * 2, shutil.disk_usage(path.parent).free
        if needed > free - 2**30:
            raise JobError(
                f"The image features of {len(words):,} words in {views} versions need {needed / 2**30:.1f} GB of disk, "
                f"{free / 2**30:.1f} GB are free. Train on fewer words (max_words) or views, or make room."
            )
    features = np.lib.format.open_memmap(path, "r+" if done else "w+", np.float16, shape)
    chunks = [(view, start) for view in range(views) for start in range(0, len(words), CHUNK)]
    for number, (view, start) in enumerate(chunks[done:], start=done):
        if progress:
            progress("Computing image features", view * len(words) + start, views * len(words))
        rows = np.arange(start, min(start + CHUNK, len(words)))
        changed = augmentation if view else None
        images = whole_images(words.canvases, rows, changed, np.random.default_rng((seed, number)))
        found = np.asarray(backbone.predict_on_batch(images))
        features[view, rows] = np.clip(found, -65000, 65000)  # float16 ends there
        features.flush()
        jobs.write_text(account, json.dumps({"done": number + 1, "shape": shape}))
    del features
    return np.load(path, mmap_mode="r")


def whole_images(
    canvases: Any, rows: np.ndarray, augmentation: AugmentationConfig | None = None, rng: Any = None
) -> np.ndarray:
    """`(B, H, W, 1)` float32 in [0, 1] at the canvas's full width, since ResNet50's features are flattened."""
    return images_of(canvases, rows, augmentation, rng, least_width=canvases.shape[2])


def chunks_done(path: Path, account: Path, shape: tuple[int, ...]) -> int:
    """Chunks of an earlier, interrupted computation that can be kept."""
    try:
        about = json.loads(account.read_text(encoding="utf-8"))
        if tuple(about["shape"]) == shape and np.load(path, mmap_mode="r").shape == shape:
            return int(about["done"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return 0


def drop_cache(folder: Path) -> None:
    """Free the disk once the run is done."""
    shutil.rmtree(folder / CACHE_FOLDER, ignore_errors=True)
