"""The cache of a frozen backbone's features: computed once, resumed where it broke off."""

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
        self.pictures = 0

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        assert images.dtype == np.float32
        assert images.shape[1:] == (8, 16, 1)
        self.pictures += len(images)
        sums = images.sum(axis=(1, 2, 3))
        return sums[:, None, None, None] * np.arange(1, 7, dtype=np.float32).reshape(1, 1, 2, 3)


def words_of(count: int, seed: int = 1) -> PreparedWords:
    canvases = np.random.default_rng(seed).integers(0, 255, (count, 8, 16)).astype(np.uint8)
    return PreparedWords(canvases, ["x"] * count, [""] * count)


def expected(words: PreparedWords) -> np.ndarray:
    return StandInBackbone().predict_on_batch(np.asarray(words.canvases, np.float32)[..., None] / 255)


class BrokenOff(Exception):
    pass


def test_features_of_every_word_in_order(tmp_path):
    words, told = words_of(150), []
    found = cached_features(StandInBackbone(), words, tmp_path, "train", progress=lambda *call: told.append(call))  # type: ignore[arg-type]
    assert found.shape == (1, 150, 1, 2, 3)
    assert found.dtype == np.float16
    assert isinstance(found, np.memmap)
    np.testing.assert_allclose(found[0], expected(words), rtol=2e-3)
    assert told == [("Computing image features", start, 150) for start in (0, 64, 128)]


def test_a_second_time_nothing_is_computed(tmp_path):
    words, backbone = words_of(100), StandInBackbone()
    first = np.array(cached_features(backbone, words, tmp_path, "train"))  # type: ignore[arg-type]
    again = cached_features(backbone, words, tmp_path, "train")  # type: ignore[arg-type]
    assert backbone.pictures == 100
    assert (first == again).all()


def test_what_broke_off_goes_on_where_it_was(tmp_path):
    words, backbone = words_of(200), StandInBackbone()

    def break_off(phase: str, step: int, steps: int) -> None:
        if step == 128:
            raise BrokenOff

    with pytest.raises(BrokenOff):
        cached_features(backbone, words, tmp_path, "train", progress=break_off)  # type: ignore[arg-type]
    assert backbone.pictures == 128
    found = cached_features(backbone, words, tmp_path, "train")  # type: ignore[arg-type]
    assert backbone.pictures == 200
    np.testing.assert_allclose(found[0], expected(words), rtol=2e-3)


def test_parts_have_files_of_their_own(tmp_path):
    train, validation = words_of(10, seed=1), words_of(10, seed=2)
    one = cached_features(StandInBackbone(), train, tmp_path, "train")  # type: ignore[arg-type]
    other = cached_features(StandInBackbone(), validation, tmp_path, "validation")  # type: ignore[arg-type]
    np.testing.assert_allclose(one[0], expected(train), rtol=2e-3)
    np.testing.assert_allclose(other[0], expected(validation), rtol=2e-3)


@pytest.mark.parametrize("damage", ["account", "features", "size"])
def test_a_damaged_or_unlike_cache_is_computed_anew(tmp_path, damage):
    words, backbone = words_of(70), StandInBackbone()
    cached_features(backbone, words, tmp_path, "train")  # type: ignore[arg-type]
    if damage == "account":
        (tmp_path / "cache" / "train.json").write_text("{")
    if damage == "features":
        (tmp_path / "cache" / "train.npy").write_bytes(b"cut")
    words = words_of(71) if damage == "size" else words
    found = cached_features(backbone, words, tmp_path, "train")  # type: ignore[arg-type]
    assert backbone.pictures == 70 + len(words)
    np.testing.assert_allclose(found[0], expected(words), rtol=2e-3)


def test_the_first_version_is_the_picture_itself_and_the_others_are_changed(tmp_path):
    words, changes = words_of(70), AugmentationConfig()
    found = cached_features(StandInBackbone(), words, tmp_path, "train", views=3, augmentation=changes, seed=5)  # type: ignore[arg-type]
    assert found.shape == (3, 70, 1, 2, 3)
    np.testing.assert_allclose(found[0], expected(words), rtol=2e-3)
    ink = found[..., 0, 0, 1].astype(np.float32)
    assert (ink[1] != ink[0]).mean() > 0.9
    assert (ink[2] != ink[1]).mean() > 0.9


def test_changed_versions_that_broke_off_go_on_as_they_would_have(tmp_path):
    words, changes, whole = words_of(70), AugmentationConfig(), tmp_path / "whole"

    def break_off(phase: str, step: int, steps: int) -> None:
        if step == 70 + 64:
            raise BrokenOff

    asked = {"views": 2, "augmentation": changes, "seed": 5}
    with pytest.raises(BrokenOff):
        cached_features(StandInBackbone(), words, tmp_path, "train", **asked, progress=break_off)  # type: ignore[arg-type]
    found = cached_features(StandInBackbone(), words, tmp_path, "train", **asked)  # type: ignore[arg-type]
    assert (found == cached_features(StandInBackbone(), words, whole, "train", **asked)).all()  # type: ignore[arg-type]


def test_large_features_stay_numbers(tmp_path):
    class Large(StandInBackbone):
        def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
            return super().predict_on_batch(images) * 1e9

    assert np.isfinite(cached_features(Large(), words_of(3), tmp_path, "train")).all()  # type: ignore[arg-type]


def test_a_full_disk_is_told_before_the_work(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=2**30 + 100)
    monkeypatch.setattr(feature_cache.shutil, "disk_usage", lambda path: usage)
    backbone = StandInBackbone()
    with pytest.raises(JobError, match=r"image features of 100 words in 1 versions need .* 1\.0 GB are free"):
        cached_features(backbone, words_of(100), tmp_path, "train")  # type: ignore[arg-type]
    assert backbone.pictures == 0


def test_the_cache_is_dropped(tmp_path):
    cached_features(StandInBackbone(), words_of(3), tmp_path, "train")  # type: ignore[arg-type]
    drop_cache(tmp_path)
    drop_cache(tmp_path)
    assert list(tmp_path.iterdir()) == []
