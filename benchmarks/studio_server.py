"""The app as a process of its own, in a workspace of its own, and words to give it: for the benchmarks."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from hwr_core.datasets.demo import demo_zip  # noqa: E402

START_SECONDS = 120.0


@dataclass(frozen=True)
class Studio:
    """A server that answers.

    Attributes:
        address: such as "http://127.0.0.1:8501".
        pid: of its process.
    """

    address: str
    pid: int


@contextlib.contextmanager
def studio(home: Path, log: Path | None = None, **environment: str) -> Iterator[Studio]:
    """The app on a free port, in the workspace `home`.

    Args:
        home: a folder; the server writes nowhere else.
        log: where its output goes; nowhere if left out.
        environment: further environment variables.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    command += ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
    variables = {**os.environ, "HWR_HOME": str(home), **environment}
    address = f"http://127.0.0.1:{port}"
    with open(log or os.devnull, "ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=output, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(URLError, OSError):
                urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            if process.poll() is not None or time.monotonic() > end:
                sys.exit("The studio did not start. Run `make app` to see why.")
            time.sleep(0.5)
        yield Studio(address, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def demo_words(number: int, min_letters: int = 5) -> list[tuple[str, bytes]]:
    """Words of the built-in data set without punctuation: transcription, and image file."""
    with zipfile.ZipFile(demo_zip()) as archive:
        table = next(name for name in archive.namelist() if name.endswith(".csv"))
        rows = list(csv.DictReader(io.StringIO(archive.read(table).decode())))
        chosen = [row for row in rows if row["transcription"].isalpha() and len(row["transcription"]) >= min_letters][
            :number
        ]
        folder = Path(table).parent.as_posix()
        return [(row["transcription"], archive.read(f"{folder}/{row['image']}".removeprefix("./"))) for row in chosen]
