"""A synthetic data set on order: words rendered into a zip, which is then added; a job of its own process.

`python -m hwr_core.synthesis.job FOLDER` is the job; people use `start_synthesis`, or the command line of
`hwr_core.synthesis` and then `hwr_core.datasets add`.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hwr_core import jobs
from hwr_core.datasets import add_dataset, dataset_folder, list_datasets
from hwr_core.datasets.__main__ import PROCESSES, Reporter, StopAskedError
from hwr_core.errors import ConfigError, DataError, HwrError
from hwr_core.synthesis.fonts import Face, find_fonts
from hwr_core.synthesis.generation import WORDS_A_WRITER, Maker, SyntheticWord, generate, save_zip
from hwr_core.synthesis.writers import Mix

ORDER = "request.json"  # where the data room looks for what a half-made data set is to be made of
UPLOAD = "upload"
RENDERING = "Writing words"
MOST_WORDS = 500_000
SECONDS_TO_ADD = 0.0025  # a word, on two cores: 262 s for 115,000
BYTES_A_WORD = 6_500  # picture in the zip, about 60 % of it white, and its 64 x 256 canvas counted in part
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class SynthesisRequest:
    """What to make.

    Attributes:
        count: how many words, 1 to 500,000.
        languages: of `LANGUAGES`, the first is the main one.
        seed: the same seed, fonts and settings give the same words.
        mix: how strongly writers, papers and pictures differ.

    Raises:
        ConfigError: the count is out of its range.
    """

    count: int = 5_000
    languages: tuple[str, ...] = ("en",)
    seed: int = 0
    mix: Mix = field(default_factory=Mix)

    def __post_init__(self) -> None:
        if not 0 < self.count <= MOST_WORDS:
            raise ConfigError(f"count must lie in [1, {MOST_WORDS:,}]. Received: count={self.count}")


def fonts_folder() -> Path:
    """Where `make fonts` puts the faces: `$HWR_FONTS`, else fonts/ in the workspace or beside the package."""
    if os.environ.get("HWR_FONTS"):
        return Path(os.environ["HWR_FONTS"])
    places = (jobs.home() / "fonts", ROOT / "fonts")
    return next((place for place in places if place.is_dir()), places[1])


def preview(order: SynthesisRequest, faces: list[Face], number: int = 30) -> list[SyntheticWord]:
    """The first word of each of the first writers: what the data set will look like.

    Raises:
        ConfigError, DataError: as for `generate`.
    """
    maker = Maker(tuple(faces), order.seed, order.languages, order.mix)
    return [maker.make(writer * WORDS_A_WRITER) for writer in range(number)]


def workers() -> int:
    """Processes that render: one a core, at most four."""
    return max(1, min(4, os.cpu_count() or 1))


def estimate(order: SynthesisRequest, seconds_a_word: float) -> tuple[float, float]:
    """Seconds and megabytes that the order takes.

    Args:
        order: what to make.
        seconds_a_word: of one core, measured on this machine, as by timing `preview`.

    Example:
        >>> seconds, megabytes = estimate(Order(count=10_000), 0.002)
        >>> 25 < seconds < 60, round(megabytes)
        (True, 65)
    """
    seconds = 3 + order.count * (seconds_a_word / workers() + SECONDS_TO_ADD)
    return seconds, order.count * BYTES_A_WORD / 1e6


def start_synthesis(name: str, order: SynthesisRequest) -> Path:
    """Start the job; follow it by `jobs.read_status(folder)`, stop it by `jobs.request_stop(folder)`.

    Returns:
        The data set's folder.

    Raises:
        DataError: the name is taken or is none, fonts or the package wordfreq are missing.
        JobError: a data set of this name is being added at the moment.
    """
    folder = dataset_folder(name)
    if any(info.name == name and info.is_ready for info in list_datasets()):
        raise DataError(f"There is a data set {name} already. Remove it first, or choose another name.")
    preview(order, find_fonts(fonts_folder()), 1)  # complain here, not in the job
    request = {"source": str(folder / UPLOAD / f"{name}.zip"), "fonts": str(fonts_folder().resolve()), **asdict(order)}
    jobs.write_text(folder / ORDER, json.dumps(request, indent=1))
    jobs.launch("hwr_core.synthesis.job", folder)
    return folder


def read_order(folder: Path) -> tuple[SynthesisRequest, Path, Path]:
    """What `start_synthesis` wrote: the order, the fonts' folder, and where the zip goes.

    Raises:
        DataError: it is not there, or damaged.
    """
    try:
        values: dict[str, Any] = json.loads((folder / ORDER).read_text(encoding="utf-8"))
        order = SynthesisRequest(
            count=values["count"],
            languages=tuple(values["languages"]),
            seed=values["seed"],
            mix=Mix(**values["mix"]),
        )
        return order, Path(values["fonts"]), Path(values["source"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder} holds no order for synthetic words ({error}). Order them again.") from error


def make(folder: Path, reporter: Reporter) -> int:
    """Render and add the data set that is ordered in `folder`; returns how many words it has."""
    order, fonts, path = read_order(folder)
    faces = find_fonts(fonts)
    path.parent.mkdir(parents=True, exist_ok=True)
    words = generate(order.count, faces, order.seed, order.languages, workers(), mix=order.mix)
    temporary = path.with_name(f"{path.name}.part")
    try:
        save_zip(told(words, order.count, reporter), temporary, name=folder.name)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return len(add_dataset(folder.name, path, progress=reporter, processes=PROCESSES))


def told(words: Iterator[SyntheticWord], count: int, reporter: Reporter) -> Iterator[SyntheticWord]:
    """Pass the words on, and tell how many there were."""
    reporter(RENDERING, 0, count)
    for step, word in enumerate(words, start=1):
        yield word
        reporter(RENDERING, step, count)


def run_job(folder: Path) -> int:
    """The job's own process; returns the exit status."""
    reporter = Reporter(folder)
    try:
        number = make(folder, reporter)
    except StopAskedError:
        reporter.end("stopped", "Stopped as asked; nothing was kept. Start it again to begin anew.")
        return 1
    except HwrError as error:
        reporter.end("failed", str(error))
        return 1
    except Exception as error:
        traceback.print_exc()
        reporter.end("failed", f"The words could not be made ({error}). The log says more.")
        return 1
    reporter.end("done", f"{number:,} synthetic words are ready.")
    return 0


if __name__ == "__main__":
    sys.exit(run_job(Path(sys.argv[1]).resolve()))
