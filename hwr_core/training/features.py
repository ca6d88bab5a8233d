"""A frozen backbone's features, computed once a run and kept in a memory-mapped file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwr_core import jobs
from hwr_core.data.batches import PreparedWords
from hwr_core.errors import JobError

if TYPE_CHECKING:
    import keras

CHUNK = 64
CACHE_FOLDER = "cache"
Progress = Callable[[str, int, int], None]


def cached_features(
    backbone: keras.Model, words: PreparedWords, folder: Path, part: str, progress: Progress | None = None
) -> np.ndarray:
    """The features of every word, from the run's cache or computed into it.

    Args:
        backbone: from `(B, H, W, 1)` float32 to `(B, h, w, c)`.
        words: N words.
        folder: the run.
        part: `train` or `validation`; names the file.
        progress: called with a phase, a step and the number of steps; may raise to stop, the chunks done are kept.

    Returns:
        `(N, h, w, c)` float16, memory-mapped.

    Raises:
        JobError: the disk has no room for them.
    """
    shape = (len(words), *backbone.output_shape[1:])
    path, account = folder / CACHE_FOLDER / f"{part}.npy", folder / CACHE_FOLDER / f"{part}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    done = _chunks_done(path, account, shape)
    if not done:
        needed, free = int(np.prod(shape)) * 2, shutil.disk_usage(path.parent).free
        if needed > free - 2**30:
            raise JobError(
                f"The image features of {len(words):,} words need {needed / 2**30:.1f} GB of disk, "
                f"{free / 2**30:.1f} GB are free. Train on fewer words (max_words), or make room."
            )
    mode = "r+" if done else "w+"
    features = np.lib.format.open_memmap(path, mode, np.float16, shape)
    for start in range(done, len(words), CHUNK):
        if progress:
            progress("Computing image features", start, len(words))
        rows = range(start, min(start + CHUNK, len(words)))
        canvases = np.stack([np.asarray(words.canvases[row]) for row in rows])
        images = canvases.astype(np.float32)[..., None] / 255
        found = np.asarray(backbone.predict_on_batch(images))
        features[start : start + len(rows)] = np.clip(found, -65000, 65000)  # float16 ends there
        features.flush()
        jobs.write_text(account, json.dumps({"done": start + len(rows), "shape": shape}))
    del features
    return np.load(path, mmap_mode="r")


def _chunks_done(path: Path, account: Path, shape: tuple[int, ...]) -> int:
    """Words of an earlier, interrupted computation that can be kept."""
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
