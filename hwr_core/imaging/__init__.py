"""Imaging: any picture of a word -> grey picture -> ink canvas. Training and serving share this one road."""

from hwr_core.imaging.canvas import canvas_steps, ink_box, ink_canvas, ink_width
from hwr_core.imaging.image_io import read_picture, reduced, to_grey

__all__ = ["canvas_steps", "ink_box", "ink_canvas", "ink_width", "read_picture", "reduced", "to_grey"]
