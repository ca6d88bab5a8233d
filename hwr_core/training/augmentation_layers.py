"""The random changes of `data.augmentation` as Keras layers: in the training step, on the device that trains.

This module needs Keras to be imported, so nobody imports it at the top: call it where a training begins.

Keras has layers of its own for most of these changes, each of which resamples the picture. Five resamplings in a
row would wash out strokes of two pixels; here turn, slant, scale, move and warp share one.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops, random

from hwr_core.config import AugmentationConfig
from hwr_core.training.augmentation import ELASTIC_GRID, MASKS

KEPT_INK = 100 / 255  # an erosion that leaves less than this is undone


def changing_layers(config: AugmentationConfig, seed: int | None = None) -> Changes:
    """All changes, one behind the other.

    Args:
        config: how much; `strength` 0 only brings canvases to float32.
        seed: where chance comes from; Keras's own seed where left out.
    """
    return Changes(config, seed)


class Changes(keras.layers.Layer):
    """Canvases `(B, H, W, 1)` uint8 to pictures of the same size, float32 ink in [0, 1]; changed in training only."""

    def __init__(self, config: AugmentationConfig, seed: int | None = None) -> None:
        super().__init__(dtype="float32", name="changes", trainable=False)
        kinds = (Warp, Strokes, Scan, Stripes) if config.strength else ()
        self.parts = [kind(config, None if seed is None else seed + i) for i, kind in enumerate(kinds)]

    def call(self, canvases: Any, training: bool = False) -> Any:
        pictures = ops.cast(canvases, "float32") / 255.0
        for part in self.parts:
            pictures = part(pictures, training=training)
        return pictures

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape


class Change(keras.layers.Layer):
    """One kind of change of `(B, H, W, 1)` float32 pictures, each picture's own; nothing happens outside training."""

    def __init__(self, config: AugmentationConfig, seed: int | None = None) -> None:
        super().__init__(dtype="float32", trainable=False)
        self.settings = config
        self.amount = config.strength
        self.seed = random.SeedGenerator(seed)

    def call(self, pictures: Any, training: bool = False) -> Any:
        return self.changed(pictures) if training and self.amount else pictures

    def changed(self, pictures: Any) -> Any:
        raise NotImplementedError

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def draw(self, pictures: Any, low: float, high: float) -> Any:
        """`(B, 1, 1)` numbers, one a picture."""
        return random.uniform((ops.shape(pictures)[0], 1, 1), low, high, seed=self.seed)


def ink_widths(pictures: Any) -> Any:
    """`(B, 1, 1)` float32 columns up to the last with ink, at least 1."""
    columns = ops.cast(ops.max(pictures, axis=(1, 3)) > 0, "float32")  # (B, W)
    ends = columns * ops.arange(1, ops.shape(pictures)[2] + 1, dtype="float32")
    return ops.maximum(ops.max(ends, axis=1), 1.0)[:, None, None]


class Warp(Change):
    """Turn, slant, scale, move and a smooth local warp in one resampling; the word stays inside the canvas."""

    def changed(self, pictures: Any) -> Any:
        config, amount = self.settings, self.amount
        if not any((config.rotation, config.shear, config.scale, config.shift, config.elastic)):
            return pictures
        height, width = ops.shape(pictures)[1], ops.shape(pictures)[2]
        tall_px, wide_px = ops.cast(height, "float32"), ops.cast(width, "float32")
        ink = ink_widths(pictures)
        shear = self.draw(pictures, -1, 1) * config.shear * amount
        turn = ops.tan(self.draw(pictures, -1, 1) * (math.radians(config.rotation) * amount))
        tall = 1 + self.draw(pictures, -1, 0.3) * config.scale * amount  # mostly smaller: larger would leave it
        wide = 1 + self.draw(pictures, -1, 1) * config.scale * amount
        slant = ops.abs(shear) * tall_px  # the slanted box is that much wider
        wide = ops.maximum(ops.minimum(wide, (wide_px - slant - 2) / ink), 0.3)
        new_width = ops.clip(ink * wide + slant + 2, 8.0, wide_px)
        drop = self.draw(pictures, -1, 1) * config.shift * amount * tall_px
        columns = ops.arange(width, dtype="float32")[None, None, :]
        rows = ops.arange(height, dtype="float32")[None, :, None]
        middle = (tall_px - 1) / 2
        map_x = (columns - slant / 2 - shear * (rows - middle)) / wide
        map_y = (rows - middle - drop - turn * (columns - new_width / 2)) / tall + middle
        if config.elastic:
            warp = self._elastic(pictures, height, width)
            map_x, map_y = map_x + warp[..., 0], map_y + warp[..., 1]
        return resampled(pictures, map_x, map_y)

    def _elastic(self, pictures: Any, height: Any, width: Any) -> Any:
        """`(B, H, W, 2)` displacements in pixels, smooth between random ones on a coarse grid."""
        grid = (ops.shape(pictures)[0], 2 + height // ELASTIC_GRID, 2 + width // ELASTIC_GRID, 2)
        most = self.settings.elastic * self.amount
        nodes = random.uniform(grid, -most, most, seed=self.seed)
        return ops.image.resize(nodes, (height, width), interpolation="bicubic", data_format="channels_last")


def resampled(pictures: Any, map_x: Any, map_y: Any) -> Any:
    """Bilinear resampling with paper outside.

    Args:
        pictures: `(B, H, W, 1)` float32.
        map_x, map_y: `(B, H, W)` float32, the column and row that each pixel of the result comes from.
    """
    batch, height, width = (ops.shape(pictures)[i] for i in range(3))
    flat = ops.reshape(pictures, (batch, height * width))
    left, top = ops.floor(map_x), ops.floor(map_y)
    across, down = map_x - left, map_y - top

    def pixels(rows: Any, columns: Any) -> Any:
        rows, columns = ops.cast(rows, "int32"), ops.cast(columns, "int32")
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        places = ops.clip(rows, 0, height - 1) * width + ops.clip(columns, 0, width - 1)
        found = ops.take_along_axis(flat, ops.reshape(places, (batch, height * width)), axis=1)
        return ops.where(inside, ops.reshape(found, (batch, height, width)), 0.0)

    upper = pixels(top, left) * (1 - across) + pixels(top, left + 1) * across
    lower = pixels(top + 1, left) * (1 - across) + pixels(top + 1, left + 1) * across
    return (upper * (1 - down) + lower * down)[..., None]


class Strokes(Change):
    """Thinner or thicker strokes in a share of the pictures."""

    def changed(self, pictures: Any) -> Any:
        chance = self.settings.stroke * self.amount
        if not chance:
            return pictures
        wide = self.draw(pictures, 0, 1)[..., None] < 0.3
        thicker = ops.where(wide, cross_maximum(pictures), square_maximum(pictures))
        paper = 1.0 - pictures
        thinner = 1.0 - ops.where(wide, cross_maximum(paper), square_maximum(paper))
        # Thin strokes do not survive every erosion.
        thinner = ops.where(ops.max(thinner, axis=(1, 2, 3), keepdims=True) > KEPT_INK, thinner, pictures)
        other = ops.where(self.draw(pictures, 0, 1)[..., None] < 0.5, thicker, thinner)
        return ops.where(self.draw(pictures, 0, 1)[..., None] < chance, other, pictures)


def square_maximum(pictures: Any) -> Any:
    """The darkest of 2 x 2 pixels."""
    return ops.max_pool(pictures, 2, strides=1, padding="same", data_format="channels_last")


def cross_maximum(pictures: Any) -> Any:
    """The darkest of a pixel and its four neighbours."""
    lines = (
        ops.max_pool(pictures, size, strides=1, padding="same", data_format="channels_last")
        for size in ((1, 3), (3, 1))
    )
    return ops.maximum(*lines)


class Scan(Change):
    """Another scanner: black and white or soft, fainter or stronger ink, noise."""

    def changed(self, pictures: Any) -> Any:
        amount = self.amount
        kind = self.draw(pictures, 0, 1)[..., None]
        hard = ops.clip((pictures - self.draw(pictures, 0.3, 0.6)[..., None]) * 12 + 0.5, 0.0, 1.0)
        soft = blurred(pictures, self.draw(pictures, 0.4, 1.0)[..., None])
        values = ops.where(kind < 0.15 * amount, hard, ops.where(kind < 0.3 * amount, soft, pictures))
        spread = random.normal((ops.shape(pictures)[0], 1, 1, 1), 0.0, 0.25 * amount, seed=self.seed)
        values = ops.power(values, ops.exp(spread)) * self.draw(pictures, 1 - 0.3 * amount, 1)[..., None]
        if self.settings.noise:
            deviation = self.draw(pictures, 0, self.settings.noise * amount)[..., None]
            noise = deviation * random.normal(ops.shape(pictures), seed=self.seed)
            columns = ops.arange(ops.shape(pictures)[2], dtype="float32")[None, None, :, None]
            # Paper behind the word stays clean: it is padding, there is none in a scan.
            values = values + ops.where(columns < ink_widths(pictures)[..., None] + 4, noise, 0.0)
        return ops.clip(values, 0.0, 1.0)


def blurred(pictures: Any, sigma: Any) -> Any:
    """Gaussian blur over 3 x 3 pixels; `sigma` `(B, 1, 1, 1)` in pixels."""
    side = ops.exp(-0.5 / ops.square(sigma))
    total = 1 + 2 * side
    padded = ops.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    across = padded[:, :, 1:-1] + side * (padded[:, :, :-2] + padded[:, :, 2:])
    return (across[:, 1:-1] + side * (across[:, :-2] + across[:, 2:])) / ops.square(total)


class Stripes(Change):
    """Hide a few stripes of columns, together at most a share of the word: the rest must tell it."""

    def changed(self, pictures: Any) -> Any:
        share = self.settings.mask * self.amount / MASKS
        if not share:
            return pictures
        ink = ink_widths(pictures)
        columns = ops.arange(ops.shape(pictures)[2], dtype="float32")[None, None, :]
        for _ in range(MASKS):
            stripe = self.draw(pictures, 0, share) * ink
            begin = self.draw(pictures, 0, 1) * (ink - stripe)
            hidden = (columns >= begin) & (columns < begin + stripe)
            pictures = ops.where(hidden[..., None], 0.0, pictures)
        return pictures
