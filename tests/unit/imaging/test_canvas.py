"""The ink canvas: the same word, however it was photographed, gives nearly the same canvas."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hwr_core.config import CanvasConfig
from hwr_core.errors import ImageError
from hwr_core.imaging import canvas_steps, ink_box, ink_canvas, ink_width

CONFIGS = [CanvasConfig(), CanvasConfig(height=32, width=128), CanvasConfig(height=128, width=512)]


def inked(canvas: np.ndarray, level: int = 60) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of the pixels above `level`."""
    rows, columns = np.nonzero(canvas > level)
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two canvases' ink, cut out; 0 where their sizes differ by more than a sixth."""
    boxes = [inked(canvas) for canvas in (one, other)]
    (height, width), (other_height, other_width) = ((b - t, r - le) for t, b, le, r in boxes)
    if not (6 / 7 < height / other_height < 7 / 6 and 6 / 7 < width / other_width < 7 / 6):
        return 0.0
    crops = [canvas[t:b, le:r] for canvas, (t, b, le, r) in zip((one, other), boxes, strict=True)]
    a, b = (cv2.resize(box, (width, height), interpolation=cv2.INTER_AREA).ravel() for box in crops)
    return float(np.corrcoef(a, b)[0, 1])


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("text", ["word", "i", "extraordinarily"])
def test_ink_canvas_fills_the_canvas(draw, config, text):
    canvas = ink_canvas(draw(text), config)
    assert canvas.shape == (config.height, config.width)
    assert canvas.dtype == np.uint8
    assert canvas.max() > 200
    top, bottom, left, right = inked(canvas)
    assert left == pytest.approx(3, abs=1)
    assert abs(top - (config.height - bottom)) <= 1 + config.height // 32  # in the middle
    fills_height = bottom - top >= 0.9 * (config.height - 6)
    fills_width = right - left >= 0.9 * (config.width - 6)
    assert fills_height or fills_width
    assert canvas[:, :2].max() == canvas[0].max() == canvas[-1].max() == 0


def test_ink_canvas_without_config_is_the_default(draw):
    assert (ink_canvas(draw("word")) == ink_canvas(draw("word"), CanvasConfig())).all()


def test_ink_canvas_light_on_dark_is_the_same_word(draw):
    for text in ("word", "Will", "minimum"):
        plain = draw(text)
        assert likeness(ink_canvas(255 - plain), ink_canvas(plain)) > 0.9, text


def test_ink_canvas_bold_light_strokes_in_a_tight_crop_are_ink(draw):
    plain = draw("HEM", margin=4, face="DejaVuSans-Bold")
    assert likeness(ink_canvas(255 - plain), ink_canvas(plain)) > 0.9


@pytest.mark.parametrize("kind", ["across", "down", "spot"])
def test_ink_canvas_uneven_light_is_divided_out(draw, kind):
    plain = draw("handwriting", paper=250)
    height, width = plain.shape
    light = {
        "across": np.linspace(0.45, 1, width)[None, :].repeat(height, axis=0),
        "down": np.linspace(1, 0.5, height)[:, None].repeat(width, axis=1),
        "spot": np.exp(-(((np.arange(width) - width / 3) / width) ** 2) * 2)[None, :].repeat(height, axis=0),
    }[kind]
    assert likeness(ink_canvas((plain * light).astype(np.uint8)), ink_canvas(plain)) > 0.9


def test_ink_canvas_pale_ink_is_stretched(draw):
    assert likeness(ink_canvas(draw("word", ink=170, paper=235)), ink_canvas(draw("word", ink=0))) > 0.9


@pytest.mark.parametrize("factor", [0.6, 2, 5])
def test_ink_canvas_scaled_image_is_the_same_word(draw, factor):
    plain = draw("word", size=60)
    scaled = cv2.resize(plain, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    assert likeness(ink_canvas(scaled), ink_canvas(plain)) > 0.8


def test_ink_canvas_wide_margin_is_cropped(draw):
    assert likeness(ink_canvas(draw("word", margin=60)), ink_canvas(draw("word", margin=3))) > 0.85


@pytest.mark.parametrize("text", ["word", "extraordinarily", "l"])
def test_ink_canvas_keeps_the_aspect(draw, text):
    plain = draw(text, size=80)
    top, bottom, left, right = inked(255 - plain, 100)
    expected = (right - left) / (bottom - top)
    top, bottom, left, right = inked(ink_canvas(plain))
    assert (right - left) / (bottom - top) == pytest.approx(expected, rel=0.12)


@pytest.mark.parametrize("text", [".", "-", ",", "'", "_"])
def test_ink_canvas_punctuation_stays_small(draw, text):
    config = CanvasConfig()
    top, bottom, left, right = inked(ink_canvas(draw(text, size=60), config))
    letter_top, letter_bottom, *_ = inked(ink_canvas(draw("l", size=60), config))
    assert bottom - top < 0.6 * (letter_bottom - letter_top)
    assert right - left < config.width / 4


def test_ink_canvas_blank_images_are_empty():
    chance = np.random.default_rng(1)
    shaded = np.linspace(150, 250, 200)[None, :].repeat(60, axis=0)
    images = {
        "white": np.full((60, 200), 255),
        "black": np.zeros((60, 200)),
        "grey": np.full((60, 200), 130),
        "shaded": shaded,
        "grainy": 230 + chance.normal(0, 1.5, (60, 200)),
        "one pixel": np.zeros((1, 1)),
        "no height": np.tile([0, 255], (1, 200)),
        "no width": np.tile([[0], [255]], (200, 1)),
    }
    for name, image in images.items():
        assert not ink_canvas(image.astype(np.uint8)).any(), name


def test_ink_canvas_only_specks_is_empty():
    image = np.full((60, 200), 250, np.uint8)
    image[10, 20] = image[40, 150] = 0
    assert not ink_canvas(image).any()


@pytest.mark.parametrize("size", [(3, 3), (5, 5), (3, 4000), (4000, 3), (40, 4000), (3000, 60), (2600, 5200)])
def test_ink_canvas_extreme_sizes_fit(size):
    image = np.full(size, 255, np.uint8)
    height, width = size
    image[height // 3 : height // 3 + max(1, height // 4), width // 3 : width // 3 + max(1, width // 4)] = 0
    canvas = ink_canvas(image)
    assert canvas.shape == (64, 256)


def test_ink_canvas_large_scan_is_the_same_word(draw):
    plain = draw("word", size=40)
    large = cv2.resize(plain, None, fx=30, fy=30, interpolation=cv2.INTER_CUBIC)
    assert large.size > 3_000_000
    assert likeness(ink_canvas(large), ink_canvas(plain)) > 0.75


def test_ink_canvas_array_types_are_the_same_word(draw):
    plain = draw("word")
    expected = ink_canvas(plain)
    blue_ink = np.stack([plain, plain, np.maximum(plain, 120)], axis=-1)
    alike = {
        "colour": np.stack([plain] * 3, axis=-1),
        "alpha": np.stack([plain] * 3 + [np.full_like(plain, 255)], axis=-1),
        "one channel": plain[..., None],
        "unit floats": plain / 255,
        "byte floats": plain.astype(np.float64),
        "16 bit": plain.astype(np.uint16) * 257,
        "blue ink": blue_ink,
    }
    for name, image in alike.items():
        assert likeness(ink_canvas(image), expected) > 0.9, name
    assert likeness(ink_canvas(plain > 128), expected) > 0.8


def test_ink_canvas_specks_are_ignored(draw):
    plain = draw("word", size=60, margin=40)
    specked = plain.copy()
    specked[4, 4] = specked[-5, -6] = specked[5, -5] = 0
    assert likeness(ink_canvas(specked), ink_canvas(plain)) > 0.85


def test_canvas_steps_end_with_the_canvas(draw):
    plain = draw("word")
    steps = canvas_steps(plain)
    names = [name for name, _ in steps]
    assert names == ["Image", "Ink, background divided out", "Cropped to the ink", "Canvas"]
    assert (steps[0][1] == plain).all()
    assert (steps[-1][1] == 255 - ink_canvas(plain)).all()
    for _, image in steps:
        assert image.dtype == np.uint8
        assert image.ndim == 2
        assert image[0, 0] > 200  # dark on light
    assert steps[2][1].shape[1] < plain.shape[1]


def test_ink_width_is_the_last_column_and_margin():
    canvas = np.zeros((64, 256), np.uint8)
    assert ink_width(canvas) == 3
    canvas[10, 99] = 1
    assert ink_width(canvas) == 103
    canvas[0, 255] = 255
    assert ink_width(canvas) == 256


@pytest.mark.parametrize(
    "array", [np.zeros(5), np.zeros((0, 5)), np.zeros((4, 4, 2)), np.array([["a"]]), np.full((4, 4), np.nan)]
)
def test_ink_canvas_invalid_array_raises_one_sentence(array):
    with pytest.raises(ImageError) as error:
        ink_canvas(array)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("scale", [1, 4])
def test_ink_box_is_in_the_pixels_of_the_image(scale: int):
    page = np.full((150 * scale, 400 * scale), 240, np.uint8)
    page[50 * scale : 90 * scale, 100 * scale : 106 * scale] = 20
    page[50 * scale : 90 * scale, 220 * scale : 226 * scale] = 20
    assert ink_box(page) == pytest.approx((100 * scale, 50 * scale, 226 * scale, 90 * scale), abs=2 * scale)


def test_ink_box_blank_paper_is_zeros():
    assert ink_box(np.full((60, 90), 255, np.uint8)) == (0, 0, 0, 0)
