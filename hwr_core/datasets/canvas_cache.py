"""Images -> canvases in one pass: each image is opened once, checked, and its canvas stored."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType

import numpy as np

from hwr_core.config import CanvasConfig
from hwr_core.datasets.sources.archive import Source, open_source
from hwr_core.errors import HwrError

CANVAS_VERSION = 2  # raise it when `ink_canvas` gives other canvases: older caches are then replaced
CHUNK = 64  # images of a worker's task; a few tasks' results are in memory


@dataclass(slots=True)
class Prepared:
    """An image's canvas and size in pixels, or its problem with a sentence."""

    canvas: np.ndarray | None = None
    height: int = 0
    width: int = 0
    content: str = ""  # a digest of the file's bytes
    problem: str = ""
    reason: str = ""


def prepare(source: Source, name: str, config: CanvasConfig) -> Prepared:
    """Open and check one image, and make its canvas."""
    from hwr_core.imaging import ink_canvas, read_image
    from hwr_core.imaging.ink import MIN_CONTRAST

    try:
        data = source.open(name)
        content = hashlib.blake2b(data, digest_size=12).hexdigest()
        if not data:
            return Prepared(problem="empty image", reason=f"{name}: the file is empty (0 bytes). Copy it again.")
        image = read_image(data, name)
        height, width = image.shape
        if int(image.max()) - int(image.min()) < MIN_CONTRAST:
            reason = f"{name}: the image is one colour ({width} x {height} pixels). Expected ink on paper."
            return Prepared(None, height, width, content, "blank image", reason)
        canvas = ink_canvas(image, config)
        if not canvas.any():
            reason = f"{name}: no ink was found on the image ({width} x {height} pixels). Look at it."
            return Prepared(None, height, width, content, "blank image", reason)
        return Prepared(canvas, height, width, content)
    except HwrError as error:
        return Prepared(problem="unreadable image", reason=str(error))


def prepare_all(source: Source, names: Sequence[str], config: CanvasConfig, processes: int = 0) -> Iterator[Prepared]:
    """`prepare` for every name, in order, a bounded number at a time.

    Args:
        processes: 0 uses two threads of this process; more uses so many processes (faster on large sets, but
            only where the main module can be imported again).
    """
    chunks = (names[start : start + CHUNK] for start in range(0, len(names), CHUNK))
    if processes > 1 and len(names) > 10 * CHUNK:
        executor: Executor = ProcessPoolExecutor(
            processes, multiprocessing.get_context("spawn"), _open_worker, (source.path, os.getpid())
        )
        work = _work_in_process
    else:
        executor = ThreadPoolExecutor(2)

        def work(names: Sequence[str], config: CanvasConfig) -> list[Prepared]:
            return [prepare(source, name, config) for name in names]

    pending: deque[Future[list[Prepared]]] = deque()
    try:
        for chunk in islice(chunks, 2 * max(2, processes)):
            pending.append(executor.submit(work, chunk, config))
        while pending:
            results = pending.popleft().result()
            for chunk in islice(chunks, 1):
                pending.append(executor.submit(work, chunk, config))
            yield from results
    finally:
        executor.shutdown(cancel_futures=True)


_worker_source: list[Source] = []


def _open_worker(path: Path, parent: int) -> None:
    _worker_source.append(open_source(path))

    def watch() -> None:  # the workers of a killed job end with it
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work_in_process(names: Sequence[str], config: CanvasConfig) -> list[Prepared]:
    return [prepare(_worker_source[0], name, config) for name in names]


class CanvasFile:
    """An `(N, H, W)` uint8 .npy file, written row by row under a temporary name and renamed when complete."""

    def __init__(self, path: Path, config: CanvasConfig) -> None:
        self.path = path
        self.shape = (config.height, config.width)
        self.rows = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
        self._file = self._temporary.open("wb")
        self._file.write(self._header())

    def __enter__(self) -> CanvasFile:
        return self

    def append(self, canvas: np.ndarray) -> None:
        self._file.write(np.ascontiguousarray(canvas, np.uint8).tobytes())
        self.rows += 1

    def finish(self, path: Path | None = None) -> Path:
        """Write the number of rows, and rename the file to its path (to `path` where that is known only now)."""
        self._file.seek(0)
        self._file.write(self._header())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._temporary, path or self.path)
        return path or self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _header(self) -> bytes:
        header = io.BytesIO()
        values = {"descr": "|u1", "fortran_order": False, "shape": (self.rows, *self.shape)}
        np.lib.format.write_array_header_1_0(header, values)  # leaves room for any number of rows
        return header.getvalue()


def remove_older_caches(path: Path) -> None:
    """Remove other caches of the same canvas size, of an older version or content; they take gigabytes."""
    size = path.name.rpartition("-")[0]
    for older in path.parent.glob(f"{size}-*.npy"):
        if older != path:
            with suppress(OSError):  # some systems refuse while the file is mapped
                older.unlink()


def canvas_key(content: str, config: CanvasConfig) -> str:
    """The cache's file name: changes with the images, the settings and `CANVAS_VERSION`."""
    settings = asdict(config)
    if settings["margin"] == CanvasConfig().margin:
        del settings["margin"]  # as in caches older than this setting
    text = f"{CANVAS_VERSION} {sorted(settings.items())} {content}"
    return f"canvases-{config.height}x{config.width}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.npy"


def content_digest(images: Sequence[str], contents: Sequence[str]) -> str:
    """One digest of every image's name and content, in order."""
    digest = hashlib.sha256()
    for image, content in zip(images, contents, strict=True):
        digest.update(f"{image}\0{content}\n".encode(errors="surrogatepass"))
    return digest.hexdigest()
