"""Imaging: any image of a word -> grey image -> ink canvas, the same in training and in serving."""

from hwr_core.imaging.canvas import canvas_steps, ink_box, ink_canvas, ink_width
from hwr_core.imaging.image_io import encode_png, limit_size, read_image, to_grey

__all__ = ["canvas_steps", "encode_png", "ink_box", "ink_canvas", "ink_width", "limit_size", "read_image", "to_grey"]
