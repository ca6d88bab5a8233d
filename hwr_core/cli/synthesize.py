"""Make synthetic words from the command line.

hwr synthesize --sheet words.png --count 60 --seed 1       a contact sheet, to look at
hwr synthesize OUTDIR --count 5000 --languages en fr       a data set: words.csv and pictures
hwr synthesize words.zip --count 5000 --workers 2          the same as one zip
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from hwr_core import jobs
from hwr_core.errors import HwrError
from hwr_core.synthesis.fonts import find_fonts
from hwr_core.synthesis.generation import WORDS_PER_WRITER, SyntheticWord, WordMaker, generate, save_words, save_zip
from hwr_core.synthesis.sheet import contact_sheet
from hwr_core.synthesis.words import LANGUAGES
from hwr_core.synthesis.writers import Mix

FONTS = Path("fonts")
HELP = {
    "shape": "jitter, drift, slant",
    "paper": "texture, ruled lines, bleed-through",
    "scanner": "noise, blur, JPEG",
    "intruders": "neighbours reaching in, tight crops",
    "strike_outs": "share of words struck out",
    "capitals": "share of writers in capitals",
    "binary": "share of writers in black and white",
    "photo": "share of writers photographed",
}


def arguments_of(line: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hwr synthesize", description="Make synthetic words.")
    parser.add_argument("folder", nargs="?", type=Path, help="where the data set goes: a new folder, or a .zip")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet to this picture instead")
    parser.add_argument("--count", type=int, default=60, help="how many words (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed, the same words (default: 0)")
    parser.add_argument("--languages", nargs="+", default=["en"], choices=LANGUAGES, help="the first is the main one")
    parser.add_argument("--fonts", type=Path, default=FONTS, help="folder of the fonts (default: fonts/)")
    parser.add_argument("--faces", nargs="+", help="only these faces")
    parser.add_argument("--workers", type=int, default=1, help="processes (default: 1)")
    parser.add_argument(
        "--split", choices=("train", "validation", "test"), help="one part for all (default: by writer)"
    )
    strengths = parser.add_argument_group("how strongly words differ (1: about as real ones)")
    for spec in fields(Mix):
        option = f"--{spec.name.replace('_', '-')}"
        strengths.add_argument(option, type=float, default=spec.default, help=f"{HELP[spec.name]} (%(default)s)")
    arguments = parser.parse_args(line)
    if (arguments.folder is None) == (arguments.sheet is None):
        parser.error("name either a folder for a data set, or --sheet PICTURE")
    return arguments


def main(line: list[str] | None = None) -> int:
    """Run the command line; 0 if all went well."""
    arguments = arguments_of(line)
    try:
        faces = find_fonts(arguments.fonts, names=arguments.faces)
        languages, count = arguments.languages, arguments.count
        mix = Mix(**{spec.name: getattr(arguments, spec.name) for spec in fields(Mix)})
        if arguments.sheet:
            maker = WordMaker(tuple(faces), arguments.seed, tuple(languages), mix)
            words = [maker.make(index * WORDS_PER_WRITER) for index in range(count)]  # a word a writer
            contact_sheet(((f"{word.text}  {word.style_name}", word.image) for word in words), arguments.sheet)
            print(f"{len(words)} words on {arguments.sheet}.")
            return 0
        made = generate(count, faces, arguments.seed, languages, arguments.workers, mix=mix)
        save = save_zip if arguments.folder.suffix.lower() == ".zip" else save_words
        number = save(with_progress(made, count), arguments.folder, split=arguments.split)
        print(f"{number} words in {arguments.folder}.")
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def with_progress(words: Iterator[SyntheticWord], total: int) -> Iterator[SyntheticWord]:
    """Pass the words on, and show how many there are so far."""
    line = jobs.ProgressLine()
    for number, word in enumerate(words, start=1):
        line("Rendering words", number, total)
        yield word
    line.clear()
