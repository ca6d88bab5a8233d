"""A frozen encoder's frames, computed once a run and kept in a memory-mapped file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwr_core import jobs
from hwr_core.config import AugmentationConfig
from hwr_core.errors import JobError
from hwr_core.models.layers import FRAME_PIXELS
from hwr_core.training.batches import PreparedWords, images_of, sorted_batches
from hwr_core.training.feature_cache import CACHE_FOLDER, chunks_done

if TYPE_CHECKING:
    import keras

BATCH = 64
FRAME_STEP = 8  # frames of a batch are a multiple of it: few shapes, so that compiled steps are reused
Progress = Callable[[str, int, int], None]


class FrameCache:
    """The frames of words in one or several changed versions, from the run's cache or computed into it.

    Args:
        encoder: from `(B, H, W, 1)` float32 to logits and frames `(B, T, F)`.
        words: N words; `widths` `(N,)` the columns that each one needs.
        folder: the run.
        part: `train` or `validation`; names the file.
        views: how many versions; each is changed by chance as `augmentation` says.
        augmentation: None keeps the pictures as they are.
        seed: of the changes.
        progress: called with a phase, a step and the number of steps; may raise to stop, what is done is kept.

    Raises:
        JobError: the disk has no room for them.
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
        progress: Progress | None = None,
    ) -> None:
        frames = words.canvases.shape[2] // FRAME_PIXELS
        shape = (views, len(words), frames, encoder.outputs[1].shape[-1])
        self._path = folder / CACHE_FOLDER / f"frames-{part}.npy"
        account = self._path.with_suffix(".json")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        done = chunks_done(self._path, account, shape)
        if not done:
            self._check_room(shape, float(widths.mean()))
        # Rows are written as far as their frames go; the file system keeps no room for the rest.
        self._frames = np.lib.format.open_memmap(self._path, "r+" if done else "w+", np.float16, shape)
        lengths = self._path.with_name(f"lengths-{part}.npy")
        self.lengths = np.lib.format.open_memmap(lengths, "r+" if done else "w+", np.int32, shape[:2])
        tasks = [(view, rows) for view in range(views) for rows in sorted_batches(widths, BATCH)]
        for number, (view, rows) in enumerate(tasks[done:], start=done):
            if progress:
                progress("Computing frames", number * BATCH, len(tasks) * BATCH)
            rng = np.random.default_rng((seed, view, number)) if augmentation else None
            found = np.asarray(encoder.predict_on_batch(images_of(words.canvases, rows, augmentation, rng))[1])
            self._frames[view, rows, : found.shape[1]] = np.clip(found, -65000, 65000)  # float16 ends there
            self.lengths[view, rows] = found.shape[1]
            if number % 16 == 15 or number == len(tasks) - 1:
                self._frames.flush()
                self.lengths.flush()
                jobs.write_text(account, json.dumps({"done": number + 1, "shape": shape}))

    def batch(self, view: int, rows: np.ndarray) -> np.ndarray:
        """`(B, T, F)` float32, zeros behind each word's frames."""
        longest = -(-int(self.lengths[view, rows].max()) // FRAME_STEP) * FRAME_STEP
        return self._frames[view, rows, :longest].astype(np.float32)

    def _check_room(self, shape: tuple[int, ...], width: float) -> None:
        views, words, _, features = shape
        needed = views * words * (width / FRAME_PIXELS + FRAME_STEP) * features * 2
        free = shutil.disk_usage(self._path.parent).free
        if needed > free - 2**30:
            raise JobError(
                f"The frames of {words:,} words in {views} versions need {needed / 2**30:.1f} GB of disk, "
                f"{free / 2**30:.1f} GB are free. Train on fewer words (max_words) or views, or make room."
            )
