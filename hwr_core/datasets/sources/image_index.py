"""The image file of a row: by path, by the end of a path, or by name anywhere below the folder."""

from __future__ import annotations

import posixpath
import unicodedata

from hwr_core.datasets.sample import shorten
from hwr_core.datasets.sources.archive import Source, is_image_name


class ImageIndex:
    """The image files of a source, by path or by stem; names are compared in NFC, exactly first, then without case."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.names = [name for name in source.names() if is_image_name(name)]
        self._by_path: dict[str, str] = {}
        self._by_folded: dict[str, str] = {}
        self._by_stem: dict[str, list[str]] = {}
        for name in self.names:
            key = nfc(name)
            self._by_path.setdefault(key, name)
            self._by_folded.setdefault(key.casefold(), name)
            self._by_stem.setdefault(stem_of(key).casefold(), []).append(name)

    def at(self, path: str) -> str | None:
        """The file at this path, or None."""
        key = nfc(path)
        return self._by_path.get(key) or self._by_folded.get(key.casefold())

    def named(self, stem: str) -> list[str]:
        """The files in any folder whose name without its suffix is `stem`."""
        return self._by_stem.get(nfc(stem).casefold(), [])

    def find(self, image: str, word_id: str, base: str = "") -> tuple[str, str, str]:
        """The image of a row.

        Args:
            image: the list's value: a path from the list's own folder or from the images' folder, a longer path whose
                end is one, or a bare file name; may be empty.
            word_id: tried as file name where `image` names no file.
            base: the list's folder, below the images' folder.

        Returns:
            `(name, problem, reason)`; the name is empty where there is a problem.
        """
        image = image.strip().replace("\\", "/")
        path = self._by_value(image, base) if image else None
        if path:
            return path, "", ""
        for stem in dict.fromkeys(filter(None, (bare_stem(image), word_id))):
            names = self.named(stem)
            if len(names) == 1:
                return names[0], "", ""
            if names:
                examples = " and ".join(names[:2])
                shown = shorten(stem, 80)
                reason = f"{len(names)} images are named {shown!r}, such as {examples}. Give the right one's path."
                return "", "ambiguous image", reason
        return "", "missing image", self._why_missing(image, word_id, base)

    def _by_value(self, image: str, base: str) -> str | None:
        outside = image.startswith("/") or image[1:2] == ":"
        parts = [part for part in image.split("/") if part not in ("", ".")]
        if not outside:
            for start in dict.fromkeys((base, "")):
                path = posixpath.normpath(posixpath.join(start, *parts)) if parts else ""
                if path and (name := self.at(path)):
                    return name
        # A path of another machine, or from above the folder: by its end, which must have a folder too.
        parts = [part for part in parts if part != ".."]
        for first in range(len(parts) - 1):
            tail = parts[first:]
            within = tail[1:] if tail[0] == self.source.path.name else tail
            if name := self.at("/".join(tail)) or self.at("/".join(within)):
                return name
        return None

    def _why_missing(self, image: str, word_id: str, base: str) -> str:
        where = self.source.path.name or str(self.source.path)
        if not image:
            return f"No image in {where} is named {shorten(word_id, 80)!r}. Put it there, or add an image column."
        shown = shorten(image, 80)
        if self.source.is_folder(image) or self.source.is_folder(posixpath.join(base, image)):
            return f"{shown} is a folder. Expected an image."
        if not is_image_name(image) and posixpath.splitext(image)[1][1:].isalpha():
            return f"{shown} does not have the suffix of an image (PNG, JPEG, TIFF, WebP, BMP or GIF)."
        return f"There is no image {shown} in {where}. Put it there, or give the folder of the images."


def nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def stem_of(name: str) -> str:
    """The file's name without folders and suffix."""
    return posixpath.splitext(posixpath.basename(name))[0]


def bare_stem(image: str) -> str:
    """The stem of a bare file name; empty for a path with folders."""
    if "/" in image:
        return ""
    return stem_of(image) if is_image_name(image) else image
