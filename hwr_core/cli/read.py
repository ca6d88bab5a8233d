"""Read pictures of handwritten words from the command line.

hwr read word.png other.jpg [--checkpoint models/reader] [--json]
hwr read word.png --prefix th                   what it is known to begin with
hwr read word.png --mask 'th?ugh'               some letters known, others open
hwr read word.png --words towns.txt             one of these, one a line
hwr read word.png --language fr --views 5       in French; surer and five times slower
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from hwr_core.errors import HwrError
from hwr_core.recognition.checkpoint import SHIPPED


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="hwr read", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="PNG, JPEG, TIFF, WebP, BMP or GIF")
    parser.add_argument("--prefix", default="", help="what the word is known to begin with")
    parser.add_argument("--language", default="auto", help="auto, none, or a code such as en (models/language)")
    parser.add_argument("--mask", help="the word's letters, ? for each open one; \\? is a question mark")
    parser.add_argument("--words", type=Path, metavar="FILE", help="the only readings allowed, one a line")
    parser.add_argument("--views", type=int, default=1, help="slightly changed copies that are read together")
    parser.add_argument("--capitals", type=float, help="share of words in capitals, 0 to 1; found out where left out")
    parser.add_argument("--checkpoint", type=Path, default=SHIPPED / "reader")
    parser.add_argument("--alternatives", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)

    from hwr_core.imaging import read_image

    pictures, results = [], []
    for name in options.images:
        entry: dict[str, object] = {"image": name}
        results.append(entry)
        try:
            pictures.append((entry, read_image(Path(name))))
        except HwrError as error:
            entry["error"] = str(error)
    try:
        if pictures:
            from hwr_core.recognition import Recognizer

            recognizer = Recognizer.load(options.checkpoint)
            images = [picture for _, picture in pictures]
            readings = recognizer.read(
                images,
                prefix=options.prefix,
                alternatives=options.alternatives,
                language=options.language,
                mask=options.mask,
                words=listed(options.words) if options.words else None,
                views=options.views,
                capitals=options.capitals,
            )
            for (entry, _), reading in zip(pictures, readings, strict=True):
                entry["text"] = reading.text
                entry["confidence"] = round(reading.confidence, 4)
                entry["alternatives"] = [[text, round(score, 4)] for text, score in reading.alternatives]
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(results, ensure_ascii=False, indent=1))
    else:
        for entry in results:
            print(
                "\t".join(
                    map(
                        str,
                        [entry["image"], entry.get("text", ""), entry.get("confidence", entry.get("error"))],
                    )
                )
            )
    return 1 if len(pictures) < len(results) else 0


def listed(path: Path) -> list[str]:
    """The lines of a text file that are not empty."""
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise HwrError(
            f"The words of {path} cannot be read ({error}). Give a text file, UTF-8, one word a line."
        ) from error
