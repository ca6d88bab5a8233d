"""A folder whose file names are the words."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from pathlib import PurePosixPath

from hwr_core.datasets.sources.image_index import Pictures
from hwr_core.datasets.sample import Listing, Sample
from hwr_core.datasets.split import part_named

COPY = re.compile(r"(?:_\d+| ?\(\d+\)| - Copy(?: ?\(\d+\))?)$")
INDEX = re.compile(r"^\d+_(?=.)")


def word_of(name: str) -> str:
    """The word that a file is named after.

    The ending goes; then, at the end, one number that tells copies apart (`_2`, ` (2)`); then, in front, one
    running number (`003_`). What is left is the word as it stands, so a word of digits only keeps them.

    Example:
        >>> [word_of(name) for name in ("it.png", "it_2.png", "it (2).png", "003_it.png", "1984_2.png")]
        ['it', 'it', 'it', 'it', '1984']
    """
    stem = unicodedata.normalize("NFC", PurePosixPath(name).stem).strip()
    return INDEX.sub("", COPY.sub("", stem) or stem).strip()


def read_names(pictures: Pictures) -> Listing:
    """Every picture becomes a word; folders named train, validation, test are parts, others writers."""
    listing = Listing("folder", pictures.source)
    several = len({str(PurePosixPath(name).parent) for name in pictures.names}) > 1
    for name in pictures.names:
        folders = PurePosixPath(name).parts[:-1]
        split = next(filter(None, map(part_named, folders)), "")
        writers = [folder for folder in folders if not part_named(folder)]
        listing.samples.append(
            Sample(
                word_id=posixpath.splitext(name)[0],
                transcription=word_of(name),
                image=name,
                writer=writers[-1] if writers and several else "",
                split=split,
            )
        )
    listing.notes.append("The words are the names of the files.")
    if any(sample.writer for sample in listing.samples):
        listing.notes.append("Each folder of pictures was taken for one writer.")
    return listing
