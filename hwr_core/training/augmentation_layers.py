"""The augmentation of `training.augmentation` as Keras layers: in the training step, on the device that trains.

This module imports Keras, so it is imported only where a training begins.

Keras has layers for most of these augmentations, each of which resamples the image. Five resamplings in a row would
blur strokes of two pixels; here rotation, shear, scale, shift and elastic warp share one.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops, random

from hwr_core.config import AugmentationConfig
from hwr_core.training.augmentation import ELASTIC_GRID, NUM_STRIPES

Tensor = Any  # of whatever backend Keras runs on
MIN_ERODED_INK = 100 / 255  # an erosion whose darkest pixel is below is undone


class Augmentation(keras.layers.Layer):
    """Canvases `(B, H, W, 1)` uint8 to images of the same size, float32 ink in [0, 1]; augmented in training only.

    Args:
        config: the amounts; `strength` 0 only converts canvases to float32.
        seed: source of randomness; Keras's own seed where left out.
    """

    def __init__(self, config: AugmentationConfig, seed: int | None = None) -> None:
        super().__init__(dtype="float32", name="augmentation", trainable=False)
        kinds = (Warp, Strokes, Scan, Masking) if config.strength else ()
        self.parts = [kind(config, None if seed is None else seed + i) for i, kind in enumerate(kinds)]

    def call(self, canvases: Tensor, training: bool = False) -> Tensor:
        images = ops.cast(canvases, "float32") / 255.0
        for part in self.parts:
            images = part(images, training=training)
        return images

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape


class AugmentationLayer(keras.layers.Layer):
    """One kind of augmentation of `(B, H, W, 1)` float32 images, drawn for each; the identity outside training."""

    def __init__(self, config: AugmentationConfig, seed: int | None = None) -> None:
        super().__init__(dtype="float32", trainable=False)
        self.settings = config
        self.amount = config.strength
        self.seed = random.SeedGenerator(seed)

    def call(self, images: Tensor, training: bool = False) -> Tensor:
        return self.augmented(images) if training and self.amount else images

    def augmented(self, images: Tensor) -> Tensor:
        raise NotImplementedError

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def draw(self, images: Tensor, low: float, high: float) -> Tensor:
        """`(B, 1, 1)` uniform random numbers."""
        return random.uniform((ops.shape(images)[0], 1, 1), low, high, seed=self.seed)


def ink_widths(images: Tensor) -> Tensor:
    """`(B, 1, 1)` float32 columns up to the last with ink, at least 1."""
    columns = ops.cast(ops.max(images, axis=(1, 3)) > 0, "float32")  # (B, W)
    ends = columns * ops.arange(1, ops.shape(images)[2] + 1, dtype="float32")
    return ops.maximum(ops.max(ends, axis=1), 1.0)[:, None, None]


class Warp(AugmentationLayer):
    """Rotation, shear, scale, shift and elastic warp in one resampling; the word stays inside the canvas."""

    def augmented(self, images: Tensor) -> Tensor:
        config, amount = self.settings, self.amount
        if not any((config.rotation, config.shear, config.scale, config.shift, config.elastic)):
            return images
        height, width = ops.shape(images)[1], ops.shape(images)[2]
        tall_px, wide_px = ops.cast(height, "float32"), ops.cast(width, "float32")
        ink = ink_widths(images)
        shear = self.draw(images, -1, 1) * config.shear * amount
        slope = ops.tan(self.draw(images, -1, 1) * (math.radians(config.rotation) * amount))
        tall = 1 + self.draw(images, -1, 0.3) * config.scale * amount  # mostly smaller: larger would exceed it
        wide = 1 + self.draw(images, -1, 1) * config.scale * amount
        slant = ops.abs(shear) * tall_px  # added to the width by the shear
        wide = ops.maximum(ops.minimum(wide, (wide_px - slant - 2) / ink), 0.3)
        new_width = ops.clip(ink * wide + slant + 2, 8.0, wide_px)
        drop = self.draw(images, -1, 1) * config.shift * amount * tall_px
        columns = ops.arange(width, dtype="float32")[None, None, :]
        rows = ops.arange(height, dtype="float32")[None, :, None]
        middle = (tall_px - 1) / 2
        map_x = (columns - slant / 2 - shear * (rows - middle)) / wide
        map_y = (rows - middle - drop - slope * (columns - new_width / 2)) / tall + middle
        if config.elastic:
            warp = self._elastic(images, height, width)
            map_x, map_y = map_x + warp[..., 0], map_y + warp[..., 1]
        return resampled(images, map_x, map_y)

    def _elastic(self, images: Tensor, height: Tensor, width: Tensor) -> Tensor:
        """`(B, H, W, 2)` displacements in pixels, interpolated between random ones on a coarse grid."""
        grid = (ops.shape(images)[0], 2 + height // ELASTIC_GRID, 2 + width // ELASTIC_GRID, 2)
        limit = self.settings.elastic * self.amount
        nodes = random.uniform(grid, -limit, limit, seed=self.seed)
        return ops.image.resize(nodes, (height, width), interpolation="bicubic", data_format="channels_last")


def resampled(images: Tensor, map_x: Tensor, map_y: Tensor) -> Tensor:
    """Bilinear resampling with paper outside.

    Args:
        images: `(B, H, W, 1)` float32.
        map_x, map_y: `(B, H, W)` float32, the column and row that each pixel of the result comes from.
    """
    batch, height, width = (ops.shape(images)[i] for i in range(3))
    flat = ops.reshape(images, (batch, height * width))
    left, top = ops.floor(map_x), ops.floor(map_y)
    across, down = map_x - left, map_y - top

    def pixels(rows: Tensor, columns: Tensor) -> Tensor:
        rows, columns = ops.cast(rows, "int32"), ops.cast(columns, "int32")
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        places = ops.clip(rows, 0, height - 1) * width + ops.clip(columns, 0, width - 1)
        values = ops.take_along_axis(flat, ops.reshape(places, (batch, height * width)), axis=1)
        return ops.where(inside, ops.reshape(values, (batch, height, width)), 0.0)

    upper = pixels(top, left) * (1 - across) + pixels(top, left + 1) * across
    lower = pixels(top + 1, left) * (1 - across) + pixels(top + 1, left + 1) * across
    return (upper * (1 - down) + lower * down)[..., None]


class Strokes(AugmentationLayer):
    """Thinner or thicker strokes in a share of the images."""

    def augmented(self, images: Tensor) -> Tensor:
        chance = self.settings.stroke * self.amount
        if not chance:
            return images
        wide = self.draw(images, 0, 1)[..., None] < 0.3
        thicker = ops.where(wide, cross_maximum(images), square_maximum(images))
        paper = 1.0 - images
        thinner = 1.0 - ops.where(wide, cross_maximum(paper), square_maximum(paper))
        # Erosion may erase thin strokes.
        thinner = ops.where(ops.max(thinner, axis=(1, 2, 3), keepdims=True) > MIN_ERODED_INK, thinner, images)
        other = ops.where(self.draw(images, 0, 1)[..., None] < 0.5, thicker, thinner)
        return ops.where(self.draw(images, 0, 1)[..., None] < chance, other, images)


def square_maximum(images: Tensor) -> Tensor:
    """The darkest of 2 x 2 pixels."""
    return ops.max_pool(images, 2, strides=1, padding="same", data_format="channels_last")


def cross_maximum(images: Tensor) -> Tensor:
    """The darkest of a pixel and its four neighbours."""
    lines = (
        ops.max_pool(images, size, strides=1, padding="same", data_format="channels_last") for size in ((1, 3), (3, 1))
    )
    return ops.maximum(*lines)


class Scan(AugmentationLayer):
    """Scanner variation: black and white or soft, fainter or stronger ink, noise."""

    def augmented(self, images: Tensor) -> Tensor:
        amount = self.amount
        kind = self.draw(images, 0, 1)[..., None]
        hard = ops.clip((images - self.draw(images, 0.3, 0.6)[..., None]) * 12 + 0.5, 0.0, 1.0)
        soft = blurred(images, self.draw(images, 0.4, 1.0)[..., None])
        values = ops.where(kind < 0.15 * amount, hard, ops.where(kind < 0.3 * amount, soft, images))
        spread = random.normal((ops.shape(images)[0], 1, 1, 1), 0.0, 0.25 * amount, seed=self.seed)
        values = ops.power(values, ops.exp(spread)) * self.draw(images, 1 - 0.3 * amount, 1)[..., None]
        if self.settings.noise:
            deviation = self.draw(images, 0, self.settings.noise * amount)[..., None]
            noise = deviation * random.normal(ops.shape(images), seed=self.seed)
            columns = ops.arange(ops.shape(images)[2], dtype="float32")[None, None, :, None]
            # Padding behind the word stays clean.
            values = values + ops.where(columns < ink_widths(images)[..., None] + 4, noise, 0.0)
        return ops.clip(values, 0.0, 1.0)


def blurred(images: Tensor, sigma: Tensor) -> Tensor:
    """Gaussian blur over 3 x 3 pixels; `sigma` `(B, 1, 1, 1)` in pixels."""
    side = ops.exp(-0.5 / ops.square(sigma))
    total = 1 + 2 * side
    padded = ops.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    across = padded[:, :, 1:-1] + side * (padded[:, :, :-2] + padded[:, :, 2:])
    return (across[:, 1:-1] + side * (across[:, :-2] + across[:, 2:])) / ops.square(total)


class Masking(AugmentationLayer):
    """Hide stripes of columns, together at most a share of the word, which must stay readable."""

    def augmented(self, images: Tensor) -> Tensor:
        share = self.settings.mask * self.amount / NUM_STRIPES
        if not share:
            return images
        ink = ink_widths(images)
        columns = ops.arange(ops.shape(images)[2], dtype="float32")[None, None, :]
        for _ in range(NUM_STRIPES):
            stripe = self.draw(images, 0, share) * ink
            begin = self.draw(images, 0, 1) * (ink - stripe)
            hidden = (columns >= begin) & (columns < begin + stripe)
            images = ops.where(hidden[..., None], 0.0, images)
        return images
