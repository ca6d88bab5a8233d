"""How much of everything is taken in: one table, with values for one person at his own machine and for a public link.

Sizes in bytes are of 10^6 a megabyte. A process has one table: the one that it was given by `use`, else the one in
`$HWR_LIMITS`, which the processes of jobs get, else the default.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass, fields

from hwr_core.errors import ConfigError

VARIABLE = "HWR_LIMITS"
MB, GB = 1_000_000, 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits; the defaults are for one person at his own machine.

    Attributes:
        upload_bytes, upload_sum_bytes, upload_files: of one uploaded file, and of all that are uploaded together.
        zip_bytes, zip_members: of a zip's members together, unpacked.
        zip_ratio: how many times its own size a zip may unpack to, beyond its first 10 MB; deflate reaches 1,032.
        zip_images, zip_images_bytes: of the images of a zip that is unpacked into memory.
        image_bytes: of an image file.
        image_pixels, image_side: of an image; a decoder keeps a pointer for every row.
        decoded_bytes: what decoding an image takes at once.
        list_bytes: of a list of words.
        dataset_words: words of a data set.
        queue_words, queue_bytes: of the words that wait to be read in a tab, their images decoded.
        drawing_characters: of the PNG of a drawing as a data address, and of its SVG.
        typed_characters: of a prefix or a mask.
        listed_words: readings that a list allows.
        text_characters: of each of them, and of an accepted word.
        workspace_jobs, total_jobs: live jobs of a workspace, and of all workspaces of the server.
        free_share: of the machine's memory and disk, which no job may take.

    Raises:
        ConfigError: a value is not above 0, or no number.
    """

    upload_bytes: int = GB
    upload_sum_bytes: int = 2 * GB
    upload_files: int = 2_000
    zip_bytes: int = 200 * GB
    zip_members: int = 2_000_000
    zip_ratio: float = 1_100.0
    zip_images: int = 1_000
    zip_images_bytes: int = GB
    image_bytes: int = 100 * MB
    image_pixels: int = 60_000_000
    image_side: int = 60_000
    decoded_bytes: int = GB
    list_bytes: int = 500 * MB
    dataset_words: int = 2_000_000
    queue_words: int = 1_000
    queue_bytes: int = 3 * GB
    drawing_characters: int = 4_000_000
    typed_characters: int = 60
    listed_words: int = 5_000
    text_characters: int = 500
    workspace_jobs: int = 50
    total_jobs: int = 50
    free_share: float = 0.03

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            kinds = int if spec.type == "int" else (int, float)
            if not isinstance(value, kinds) or isinstance(value, bool) or not 0 < value < math.inf:
                raise ConfigError(f"The limit {spec.name} must be a number above 0. Received: {value!r}")

    @classmethod
    def public(cls) -> Limits:
        """For a link that is open to strangers, on a machine of two cores and a few GB."""
        return cls(
            upload_bytes=50 * MB,
            upload_sum_bytes=100 * MB,
            upload_files=300,
            zip_bytes=200 * MB,
            zip_members=20_000,
            zip_ratio=100.0,
            zip_images=300,
            zip_images_bytes=100 * MB,
            image_bytes=20 * MB,
            image_pixels=25_000_000,
            image_side=20_000,
            decoded_bytes=200 * MB,
            list_bytes=20 * MB,
            dataset_words=10_000,
            queue_words=300,
            queue_bytes=150 * MB,
            drawing_characters=2_000_000,
            listed_words=1_000,
            text_characters=100,
            workspace_jobs=2,
            total_jobs=4,
            free_share=0.1,
        )

    @classmethod
    def team(cls) -> Limits:
        """For people who have signed in to a server that they share."""
        return cls(
            zip_bytes=20 * GB,
            zip_ratio=300.0,
            decoded_bytes=500 * MB,
            queue_bytes=GB,
            dataset_words=500_000,
            workspace_jobs=3,
            total_jobs=12,
            free_share=0.1,
        )


_used: list[Limits] = []  # at most one


def use(limits: Limits | None) -> None:
    """Make these the limits of this process; None goes back to those of its environment."""
    _used[:] = [limits] if limits else []


def current() -> Limits:
    """The limits of this process.

    Raises:
        ConfigError: `$HWR_LIMITS` is no such table.
    """
    if _used:
        return _used[0]
    text = os.environ.get(VARIABLE)
    return from_json(text) if text else Limits()


def environment() -> dict[str, str]:
    """The environment variables that give another process the limits of this one."""
    return {VARIABLE: json.dumps(asdict(current()))}


def from_json(text: str) -> Limits:
    """The limits that `environment` wrote; those that it lacks have their defaults.

    Raises:
        ConfigError: it is no such table.
    """
    try:
        return Limits(**json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise ConfigError(f"{VARIABLE} is no table of limits ({error}). Unset it, or correct it.") from None


def size(number: float) -> str:
    """Bytes as people read them.

    Example:
        >>> size(2_500_000_000), size(40_000_000), size(999)
        ('2.5 GB', '40 MB', '999 bytes')
    """
    if number >= GB:
        return f"{number / GB:,.1f} GB"
    return f"{number / MB:,.0f} MB" if number >= MB else f"{number:,.0f} bytes"
