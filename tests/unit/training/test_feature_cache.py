"""The cache of a frozen backbone's features: computed once, resumed after an interruption."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from hwr_core.config import AugmentationConfig
from hwr_core.errors import JobError
from hwr_core.training import feature_cache
from hwr_core.training.batches import PreparedWords
from hwr_core.training.feature_cache import cached_features, drop_cache


class StandInBackbone:
    """Sums of ink instead of ResNet50."""

    output_shape = (None, 1, 2, 3)

    def __init__(self) -> None:
        self.num_images = 0

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        assert images.dtype == np.float32
        assert images.shape[1:] == (8, 16, 1)
        self.num_images += len(images)
        sums = images.sum(axis=(1, 2, 3))
        return sums[:, None, None, None] * np.arange(1, 7, dtype=np.float32).reshape(1, 1, 2, 3)


def words_of(count: int, seed: int = 1) -> PreparedWords:
    canvases = np.random.default_rng(seed).integers(0, 255, (count, 8, 16)).astype(np.uint8)
    return PreparedWords(canvases, ["x"] * count, [""] * count)


def expected(words: PreparedWords) -> np.ndarray:
    return StandInBackbone().predict_on_batch(np.asarray(words.canvases, np.float32)[..., None] / 255)


class Interrupted(Exception):
    pass


def test_cached_features_of_every_word_in_order(tmp_path):
    words, calls = words_of(150), []
    features = cached_features(
        StandInBackbone(), words, tmp_path, "train", on_progress=lambda *call: calls.append(call)
    )
    assert features.shape == (1, 150, 1, 2, 3)
    assert features.dtype == np.float16
    assert isinstance(features, np.memmap)
    np.testing.assert_allclose(features[0], expected(words), rtol=2e-3)
    assert calls == [("Computing image features", start, 150) for start in (0, 64, 128)]


def test_cached_features_second_call_computes_nothing(tmp_path):
    words, backbone = words_of(100), StandInBackbone()
    first = np.array(cached_features(backbone, words, tmp_path, "train"))
    again = cached_features(backbone, words, tmp_path, "train")
    assert backbone.num_images == 100
    assert (first == again).all()


def test_cached_features_resumes_after_an_interruption(tmp_path):
    words, backbone = words_of(200), StandInBackbone()

    def interrupt(phase: str, step: int, steps: int) -> None:
        if step == 128:
            raise Interrupted

    with pytest.raises(Interrupted):
        cached_features(backbone, words, tmp_path, "train", on_progress=interrupt)
    assert backbone.num_images == 128
    features = cached_features(backbone, words, tmp_path, "train")
    assert backbone.num_images == 200
    np.testing.assert_allclose(features[0], expected(words), rtol=2e-3)


def test_cached_features_parts_have_separate_files(tmp_path):
    train, validation = words_of(10, seed=1), words_of(10, seed=2)
    one = cached_features(StandInBackbone(), train, tmp_path, "train")
    other = cached_features(StandInBackbone(), validation, tmp_path, "validation")
    np.testing.assert_allclose(one[0], expected(train), rtol=2e-3)
    np.testing.assert_allclose(other[0], expected(validation), rtol=2e-3)


@pytest.mark.parametrize("damage", ["record", "features", "size"])
def test_cached_features_damaged_or_other_size_recomputes(tmp_path, damage):
    words, backbone = words_of(70), StandInBackbone()
    cached_features(backbone, words, tmp_path, "train")
    if damage == "record":
        (tmp_path / "cache" / "train.json").write_text("{")
    if damage == "features":
        (tmp_path / "cache" / "train.npy").write_bytes(b"cut")
    words = words_of(71) if damage == "size" else words
    features = cached_features(backbone, words, tmp_path, "train")
    assert backbone.num_images == 70 + len(words)
    np.testing.assert_allclose(features[0], expected(words), rtol=2e-3)


def test_cached_features_augments_all_views_but_the_first(tmp_path):
    words, augmentation = words_of(70), AugmentationConfig()
    features = cached_features(StandInBackbone(), words, tmp_path, "train", views=3, augmentation=augmentation, seed=5)
    assert features.shape == (3, 70, 1, 2, 3)
    np.testing.assert_allclose(features[0], expected(words), rtol=2e-3)
    ink = features[..., 0, 0, 1].astype(np.float32)
    assert (ink[1] != ink[0]).mean() > 0.9
    assert (ink[2] != ink[1]).mean() > 0.9


def test_cached_features_augmented_resumes_identically(tmp_path):
    words, augmentation, whole = words_of(70), AugmentationConfig(), tmp_path / "whole"

    def interrupt(phase: str, step: int, steps: int) -> None:
        if step == 70 + 64:
            raise Interrupted

    options = {"views": 2, "augmentation": augmentation, "seed": 5}
    with pytest.raises(Interrupted):
        cached_features(StandInBackbone(), words, tmp_path, "train", **options, on_progress=interrupt)
    features = cached_features(StandInBackbone(), words, tmp_path, "train", **options)
    assert (features == cached_features(StandInBackbone(), words, whole, "train", **options)).all()


def test_cached_features_clips_to_float16(tmp_path):
    class Large(StandInBackbone):
        def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
            return super().predict_on_batch(images) * 1e9

    assert np.isfinite(cached_features(Large(), words_of(3), tmp_path, "train")).all()


def test_cached_features_full_disk_raises_before_computing(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=2**30 + 100)
    monkeypatch.setattr(feature_cache.shutil, "disk_usage", lambda path: usage)
    backbone = StandInBackbone()
    with pytest.raises(JobError, match=r"image features of 100 words in 1 versions need .* 1\.0 GB are free"):
        cached_features(backbone, words_of(100), tmp_path, "train")
    assert backbone.num_images == 0


def test_drop_cache_removes_the_folder(tmp_path):
    cached_features(StandInBackbone(), words_of(3), tmp_path, "train")
    drop_cache(tmp_path)
    drop_cache(tmp_path)
    assert list(tmp_path.iterdir()) == []
