"""A synthetic data set: words rendered into a zip, which is then added; a job of its own process.

`python -m hwr_core.synthesis FOLDER` is the job; people use `start_synthesis`, or the command line of
`hwr synthesize` and then `hwr data add`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hwr_core import jobs, limits
from hwr_core.datasets import add_dataset, dataset_folder, list_datasets
from hwr_core.datasets.job import PROCESSES
from hwr_core.errors import ConfigError, DataError
from hwr_core.files import JsonObject, replacing, write_text
from hwr_core.synthesis.fonts import Face, find_fonts
from hwr_core.synthesis.generation import WORDS_PER_WRITER, SyntheticWord, WordMaker, generate, save_zip
from hwr_core.synthesis.writers import Mix
from hwr_core.workspace import homes, resolved_path, stored_path

REQUEST = "request.json"  # where the data room looks for what a half-made data set is to be made of
UPLOAD = "upload"
RENDERING = "Writing words"
MAX_WORDS = 500_000
SECONDS_TO_ADD = 0.0025  # a word, on two cores: 262 s for 115,000
BYTES_PER_WORD = 6_500  # picture in the zip, about 60 % of it white, and its 64 x 256 canvas counted in part
WORKER_MEMORY_MB = 250.0  # of a process: fonts, word lists, OpenCV
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class SynthesisRequest:
    """What to make.

    Attributes:
        count: how many words, 1 to 500,000.
        languages: of `LANGUAGES`, the first is the main one.
        seed: the same seed, fonts and settings give the same words.
        mix: how strongly writers, papers and images differ.

    Raises:
        ConfigError: the count is out of its range.
    """

    count: int = 5_000
    languages: tuple[str, ...] = ("en",)
    seed: int = 0
    mix: Mix = field(default_factory=Mix)

    def __post_init__(self) -> None:
        if not 0 < self.count <= MAX_WORDS:
            raise ConfigError(f"count must lie in [1, {MAX_WORDS:,}]. Received: count={self.count}")


def fonts_folder() -> Path:
    """Where `make fonts` puts the faces: `$HWR_FONTS`, else fonts/ in the workspace or beside the package."""
    if os.environ.get("HWR_FONTS"):
        return Path(os.environ["HWR_FONTS"])
    places = [*(home / "fonts" for home in homes()), ROOT / "fonts"]
    return next((place for place in places if place.is_dir()), places[-1])


def preview(request: SynthesisRequest, faces: list[Face], number: int = 30) -> list[SyntheticWord]:
    """The first word of each of the first writers: what the data set will look like.

    Raises:
        ConfigError, DataError: as for `generate`.
    """
    maker = WordMaker(tuple(faces), request.seed, request.languages, request.mix)
    return [maker.make(writer * WORDS_PER_WRITER) for writer in range(number)]


def workers() -> int:
    """Processes that render: one a core, at most four."""
    return max(1, min(4, os.cpu_count() or 1))


def estimate(request: SynthesisRequest, seconds_per_word: float) -> tuple[float, float]:
    """Seconds and megabytes that the job takes.

    Args:
        request: what to make.
        seconds_per_word: of one core, measured on this machine, as by timing `preview`.

    Example:
        >>> seconds, megabytes = estimate(SynthesisRequest(count=10_000), 0.002)
        >>> 25 < seconds < 60, round(megabytes)
        (True, 65)
    """
    seconds = 3 + request.count * (seconds_per_word / workers() + SECONDS_TO_ADD)
    return seconds, request.count * BYTES_PER_WORD / 1e6


def start_synthesis(name: str, request: SynthesisRequest) -> Path:
    """Start the job; follow it by `jobs.read_status(folder)`, stop it by `jobs.request_stop(folder)`.

    Returns:
        The data set's folder.

    Raises:
        DataError: the name is taken or is none, there are too many words, fonts or the package wordfreq are missing.
        JobError: a data set of this name is being added at the moment.
    """
    folder = dataset_folder(name)
    most = limits.current().dataset_words
    if request.count > most:
        raise DataError(f"A data set has at most {most:,} words here. Received: {request.count:,}. Make fewer.")
    if any(info.name == name and info.is_ready for info in list_datasets()):
        raise DataError(f"There is a data set {name} already. Remove it first, or choose another name.")
    preview(request, find_fonts(fonts_folder()), 1)  # errors are raised here, not in the job
    source, fonts = folder / UPLOAD / f"{name}.zip", fonts_folder().resolve()
    values = {"source": stored_path(source), "fonts": stored_path(fonts), **asdict(request)}
    write_text(folder / REQUEST, json.dumps(values, indent=1))
    needs = jobs.Needs(WORKER_MEMORY_MB * (1 + workers()), estimate(request, 0.0)[1])
    jobs.launch("hwr_core.synthesis", folder, needs=needs)
    return folder


def read_request(folder: Path) -> tuple[SynthesisRequest, Path, Path]:
    """What `start_synthesis` wrote: the request, the fonts' folder, and where the zip goes.

    Raises:
        DataError: it is not there, or damaged.
    """
    try:
        values: JsonObject = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
        request = SynthesisRequest(
            count=values["count"],
            languages=tuple(values["languages"]),
            seed=values["seed"],
            mix=Mix(**values["mix"]),
        )
        return request, resolved_path(values["fonts"]), resolved_path(values["source"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder} holds no request for synthetic words ({error}). Request them again.") from error


def run_job(folder: Path) -> jobs.Status:
    """Render and add the data set that is requested in `folder`; returns the last status."""

    def work(progress: jobs.Progress) -> str:
        return f"{make(folder, progress):,} synthetic words are ready."

    return jobs.run(folder, work, jobs.Endings("The words could not be made"), phase="Starting")


def make(folder: Path, progress: jobs.OnProgress) -> int:
    """Render and add the data set that is requested in `folder`; returns how many words it has."""
    request, fonts, path = read_request(folder)
    faces = find_fonts(fonts)
    words = generate(request.count, faces, request.seed, request.languages, workers(), mix=request.mix)
    with replacing(path) as temporary:
        save_zip(_counted(words, request.count, progress), temporary, name=folder.name)
    return len(add_dataset(folder.name, path, progress=progress, processes=PROCESSES))


def _counted(words: Iterator[SyntheticWord], count: int, progress: jobs.OnProgress) -> Iterator[SyntheticWord]:
    progress(RENDERING, 0, count)
    for step, word in enumerate(words, start=1):
        yield word
        progress(RENDERING, step, count)
