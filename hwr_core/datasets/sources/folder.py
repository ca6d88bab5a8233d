"""A folder of images whose file names are the words."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from pathlib import PurePosixPath

from hwr_core.datasets.sample import Listing, Sample
from hwr_core.datasets.sources.image_index import ImageIndex
from hwr_core.datasets.split import part_named

COPY = re.compile(r"(?:_\d+| ?\(\d+\)| - Copy(?: ?\(\d+\))?)$")
INDEX = re.compile(r"^\d+_(?=.)")


def word_in_name(name: str) -> str:
    """The word that a file is named after.

    Removed are the suffix; then one number of a copy at the end (`_2`, ` (2)`); then one running number in front
    (`003_`). The rest is the word, so a word of digits only keeps them.

    Example:
        >>> [word_in_name(name) for name in ("it.png", "it_2.png", "it (2).png", "003_it.png", "1984_2.png")]
        ['it', 'it', 'it', 'it', '1984']
    """
    stem = unicodedata.normalize("NFC", PurePosixPath(name).stem).strip()
    return INDEX.sub("", COPY.sub("", stem) or stem).strip()


def read_names(images: ImageIndex) -> Listing:
    """Every image is a word; folders named train, validation, test are parts, others writers."""
    listing = Listing("folder", images.source)
    has_folders = len({str(PurePosixPath(name).parent) for name in images.names}) > 1
    for name in images.names:
        folders = PurePosixPath(name).parts[:-1]
        split = next(filter(None, map(part_named, folders)), "")
        writers = [folder for folder in folders if not part_named(folder)]
        listing.samples.append(
            Sample(
                word_id=posixpath.splitext(name)[0],
                transcription=word_in_name(name),
                image=name,
                writer=writers[-1] if writers and has_folders else "",
                split=split,
            )
        )
    listing.notes.append("The words are the names of the files.")
    if any(sample.writer for sample in listing.samples):
        listing.notes.append("Each folder of images is one writer.")
    return listing
