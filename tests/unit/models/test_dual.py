"""`dual` and its ResNet50: shapes, parts, weights, what is trained."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from hwr_core.config import CanvasConfig, DualConfig
from hwr_core.errors import WeightsError
from hwr_core.models import build_model, resnet
from hwr_core.models.batch_norm import recalibrate_batch_norm
from hwr_core.models.dual import BOS_ID, training_model

pytestmark = pytest.mark.slow

CANVAS = CanvasConfig(height=32, width=64)
CLASSES = 9


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(1).random((3, 32, 64, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def dual(tiny_dual, images) -> keras.Model:
    """Random weights, and dropout rates large enough to notice."""
    config = replace(tiny_dual, image_dropout=0.5, text_dropout=0.5, joint_dropout=0.5)
    model = build_model(config, CANVAS, CLASSES)
    recalibrate_batch_norm(model.get_layer("backbone"), [images] * 4, 0.5, unfreeze=True)
    return model


@pytest.fixture(scope="module")
def prefixes() -> np.ndarray:
    return np.array([[BOS_ID, 0, 0], [BOS_ID, 4, 0], [BOS_ID, 4, 5]], np.int32)


def test_predict_gives_probabilities_of_the_next_token(dual, images, prefixes):
    probabilities = np.asarray(dual.predict_on_batch({"image": images, "prefix": prefixes}))
    assert probabilities.shape == (3, CLASSES)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities > 0).all()


def test_build_default_has_the_sizes_of_the_design(small_resnet):
    model = build_model(DualConfig(image_weights="none"), CANVAS, 80)
    branch, head = model.get_layer("image_branch"), model.get_layer("next_token")

    def sizes(inner: keras.Model) -> list[tuple[str, object]]:
        names = {"Dense": "units", "Dropout": "rate", "Embedding": "output_dim"}
        return [
            (type(layer).__name__, getattr(layer, names[type(layer).__name__]))
            for layer in inner.layers
            if type(layer).__name__ in names
        ]

    assert [type(layer).__name__ for layer in branch.layers] == ["InputLayer", "Flatten", "Dense", "Dropout"]
    assert sizes(branch) == [("Dense", 128), ("Dropout", 0.3)]
    assert sorted(map(str, sizes(head))) == sorted(
        map(
            str,
            [
                ("Embedding", 64),
                ("Dense", 64),
                ("Dropout", 0.3),
                ("Dense", 128),
                ("Dropout", 0.3),
                ("Dense", 80),
            ],
        )
    )
    lstm = next(layer for layer in head.layers if isinstance(layer, keras.layers.Bidirectional))
    assert lstm.forward_layer.units == 64
    assert head.layers[-1].activation is keras.activations.softmax
    assert not model.get_layer("backbone").trainable_weights


def test_build_image_channels_reduces_before_flattening(small_resnet):
    branch = build_model(DualConfig(image_weights="none", image_channels=3), CANVAS, 80).get_layer("image_branch")
    kinds = [type(layer).__name__ for layer in branch.layers]
    assert kinds == ["InputLayer", "Dense", "Flatten", "Dense", "Dropout"]
    rows, columns, _ = branch.input_shape[1:]
    assert branch.layers[2].output.shape == (None, rows * columns * 3)


def test_predict_depends_on_image_and_text(dual, images, prefixes):
    def predict(image: np.ndarray, texts: np.ndarray) -> np.ndarray:
        return np.asarray(dual.predict_on_batch({"image": image, "prefix": texts}))

    same_text = predict(images, prefixes[[1, 1, 1]])
    same_image = predict(images[[0, 0, 0]], prefixes)
    assert np.abs(same_text[0] - same_text[1]).max() > 1e-5  # rounding is 100 times less
    assert np.abs(same_image[0] - same_image[1]).max() > 1e-5


def test_predict_ignores_padding(dual, images, prefixes):
    longer = np.pad(prefixes, ((0, 0), (0, 5)))
    np.testing.assert_allclose(
        dual.predict_on_batch({"image": images, "prefix": longer}),
        dual.predict_on_batch({"image": images, "prefix": prefixes}),
        atol=1e-5,
    )


@pytest.mark.parametrize("on_features", [True, False])
def test_training_model_equals_model_with_shared_images(dual, images, prefixes, on_features):
    network = training_model(dual, on_features=on_features)
    owner = np.array([2, 0, 0, 1, 2], np.int32)
    texts = prefixes[[0, 1, 2, 0, 1]]
    features = np.asarray(dual.get_layer("backbone").predict_on_batch(images))
    assert features.shape == (3, 1, 2, 2048)
    inputs = {"features": features} if on_features else {"image": images}
    shared_images = network.predict_on_batch({**inputs, "owner": owner, "prefix": texts})
    whole = dual.predict_on_batch({"image": images[owner], "prefix": texts})
    np.testing.assert_allclose(shared_images, whole, atol=1e-5)
    shared = {id(v) for v in dual.trainable_variables}
    assert {id(v) for v in network.trainable_variables} == shared


def trained_stages(model: keras.Model) -> set[str]:
    layers = model.get_layer("backbone").get_layer("resnet50").layers
    return {layer.name.split("_")[0] for layer in layers if layer.trainable_weights}


@pytest.mark.parametrize(("stage", "trained"), [("", set()), ("conv4", {"conv4", "conv5"})])
def test_set_trainable_from_a_stage_on(tiny_dual, images, stage, trained):
    model = build_model(replace(tiny_dual, fine_tune_from=stage), CANVAS, CLASSES)
    backbone = model.get_layer("backbone")
    norms = [x for x in backbone.get_layer("resnet50").layers if isinstance(x, keras.layers.BatchNormalization)]
    for _ in range(2):  # as built, and after recalibration
        assert trained_stages(model) == trained
        assert len(norms) == 53
        assert not any(norm.trainable for norm in norms)
        assert {norm.momentum for norm in norms} == {0.99}
        recalibrate_batch_norm(backbone, [images], 0.5, unfreeze=True)
    before = [np.array(norm.moving_mean) for norm in norms]
    backbone(images, training=True)
    assert all((np.array(norm.moving_mean) == old).all() for norm, old in zip(norms, before, strict=True))
    assert model.get_layer("image_branch").trainable_weights
    assert model.get_layer("next_token").trainable_weights


def test_recalibrate_batch_norm_takes_statistics_of_images():
    """Inference then has features of the scale of training."""
    images = np.random.default_rng(0).random((8, 32, 64, 1)).astype(np.float32)
    backbone = resnet.resnet50(CANVAS, "none", stage="conv4")

    def difference() -> float:
        inference, training = (np.asarray(backbone(images, training=training)) for training in (False, True))
        return float(np.abs(inference - training).mean() / np.abs(training).mean())

    before = difference()
    recalibrate_batch_norm(backbone, [images] * 6, 0.5, unfreeze=True)
    assert before > 0.8
    assert difference() < before / 3


def test_resnet50_without_imagenet_download_raises(monkeypatch):
    def offline(**options: object) -> None:
        assert options["weights"] == "imagenet"
        raise Exception("URL fetch failure on https://storage/resnet50.h5: None -- [Errno -2] unknown name\nmore")

    monkeypatch.setattr(keras.applications, "ResNet50", offline)
    with pytest.raises(WeightsError) as error:
        resnet.resnet50(CANVAS, "imagenet")
    assert "could not be downloaded (URL fetch failure on https://storage/resnet50.h5" in str(error.value)
    assert "choose a local weights file" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("failure", [TimeoutError(), OSError(""), ValueError("\n")])
def test_resnet50_download_failure_without_message_names_its_type(monkeypatch, failure):
    def offline(**options: object) -> None:
        raise failure

    monkeypatch.setattr(keras.applications, "ResNet50", offline)
    with pytest.raises(WeightsError, match=type(failure).__name__):
        resnet.resnet50(CANVAS, "imagenet")


def test_resnet50_preprocesses_as_imagenet(monkeypatch):
    """Ink on paper becomes blue, green, red less their means, as ResNet50 was trained."""
    shapes = []

    class Passing(keras.layers.Layer):
        def call(self, x):
            shapes.append(x.shape)
            return x

    def network(**options: object) -> keras.Model:
        image = keras.Input(options["input_shape"])
        return keras.Model(image, Passing()(image), name="resnet50")

    monkeypatch.setattr(keras.applications, "ResNet50", network)
    image = np.zeros((1, 32, 64, 1), np.float32)
    image[0, :, 32:] = 1
    loaded = np.asarray(resnet.resnet50(CANVAS, "imagenet").predict_on_batch(image))
    grey = np.repeat((1 - image) * 255, 3, axis=-1)
    np.testing.assert_allclose(loaded, keras.applications.resnet50.preprocess_input(grey), atol=1e-3)


@pytest.mark.parametrize("ending", [".weights.h5", ".keras", "whole.keras"])
def test_resnet50_loads_a_local_file(small_resnet, tmp_path, images, ending):
    source = resnet.resnet50(CANVAS, "none")
    path = tmp_path / f"resnet{ending}"
    network = source.get_layer("resnet50")
    if ending == ".weights.h5":
        network.save_weights(path)
    else:
        (source if ending == "whole.keras" else network).save(path)
    loaded = resnet.resnet50(CANVAS, str(path)).predict_on_batch(images)
    np.testing.assert_allclose(loaded, source.predict_on_batch(images), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["weights.weights.h5", "weights.keras", "weights.txt"])
def test_resnet50_of_a_file_without_weights_raises(small_resnet, tmp_path, name):
    with pytest.raises(WeightsError, match="There is no weights file"):
        resnet.resnet50(CANVAS, str(tmp_path / name))
    (tmp_path / name).write_bytes(b"no weights at all")
    with pytest.raises(WeightsError, match="does not hold the weights of a ResNet50") as error:
        resnet.resnet50(CANVAS, str(tmp_path / name))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_resnet50_of_another_networks_weights_raises(small_resnet, tmp_path, ending):
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    wrapped = resnet.resnet50(CANVAS, "none")  # its weights are one level deeper
    path = tmp_path / f"other{ending}"
    for model in (other, wrapped) if ending == ".weights.h5" else (other,):
        model.save_weights(path) if ending == ".weights.h5" else model.save(path)
        with pytest.raises(WeightsError, match="does not hold"):
            resnet.resnet50(CANVAS, str(path))


def test_resnet50_loads_weights_of_the_real_network(dual, tmp_path, images):
    """The real network, whose nested layers could be loaded in part only."""
    source = dual.get_layer("backbone")
    source.get_layer("resnet50").save_weights(tmp_path / "resnet50.weights.h5")
    loaded = resnet.resnet50(CANVAS, str(tmp_path / "resnet50.weights.h5"))
    np.testing.assert_allclose(np.asarray(loaded(images)), np.asarray(source(images)), rtol=1e-3, atol=1e-3)
