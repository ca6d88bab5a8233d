"""Labelled word images rendered from handwriting fonts, and the built-in demo set.

faces = find_fonts(Path("fonts"))                               # `make fonts` downloads them
for word in generate(1000, faces, seed=1, languages=("en",)):   # word.text, word.image, word.writer
    ...
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwr_core.synthesis.fonts import Face, find_fonts
    from hwr_core.synthesis.generation import SyntheticWord, generate, save_words, save_zip
    from hwr_core.synthesis.job import SynthesisRequest, start_synthesis
    from hwr_core.synthesis.render import render_word
    from hwr_core.synthesis.sheet import contact_sheet
    from hwr_core.synthesis.style import Style
    from hwr_core.synthesis.words import WordSource
    from hwr_core.synthesis.writers import Mix, random_style

MODULES = {  # public name -> its module
    "Face": "fonts",
    "Mix": "writers",
    "SynthesisRequest": "job",
    "Style": "style",
    "SyntheticWord": "generation",
    "WordSource": "words",
    "contact_sheet": "sheet",
    "find_fonts": "fonts",
    "generate": "generation",
    "random_style": "writers",
    "render_word": "render",
    "save_words": "generation",
    "save_zip": "generation",
    "start_synthesis": "job",
}
__all__ = [
    "Face",
    "Mix",
    "Style",
    "SynthesisRequest",
    "SyntheticWord",
    "WordSource",
    "contact_sheet",
    "find_fonts",
    "generate",
    "random_style",
    "render_word",
    "save_words",
    "save_zip",
    "start_synthesis",
]


def __getattr__(name: str) -> object:
    """Import OpenCV and the modules on first use, so that a page opens at once."""
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{MODULES[name]}"), name)
