#!/usr/bin/env python
"""How long a person waits on the Read page: from a key pressed in the box until the rest of the word is drawn.

    python benchmarks/keystrokes.py [--words 15] [--letters 5] [--reader reader]

Starts the studio in an empty workspace, opens it in headless Chromium, uploads words of the built-in data set and
types the beginning of each, letter by letter. A time runs from the box's `input` event to the next frame after the
answer to just what stands in the box. Also printed: the time from Enter to the next word. Needs Chromium, and
Playwright (`pip install -e .[test]`).
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from hwr_core.recognition.checkpoint import SHIPPED  # noqa: E402
from hwr_core.synthesis import demo_zip  # noqa: E402

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PATIENCE = 120_000  # milliseconds
BENCH = "[...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector('.bench'))?.shadowRoot ?? document"
WATCH = f"""() => {{
  const root = {BENCH}, input = root.querySelector('.bench input'), frame = root.querySelector('.frame');
  window.waits = [];
  let since = null, wanted = null;
  input.addEventListener('input', () => {{ since = performance.now(); wanted = input.value; }});
  new MutationObserver(() => {{
    if (since === null || frame.dataset.answers !== wanted) return;
    const begun = since;
    since = null;
    requestAnimationFrame(() => window.waits.push(performance.now() - begun));
  }}).observe(frame, {{attributes: true, attributeFilter: ['data-answers']}});
}}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=15)
    parser.add_argument("--letters", type=int, default=5, help="typed of each word")
    parser.add_argument("--reader", default="reader", help="a shipped reader")
    options = parser.parse_args()
    if options.words < 2 or options.letters < 1:
        parser.error("two words are the fewest (the time to the next one is measured), and one letter of each")
    if not (SHIPPED / options.reader / "model.onnx").is_file():
        parser.error(f"{options.reader} is no shipped reader: choose one of {', '.join(shipped())}")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("Chromium is not installed. Install it (Debian: apt-get install chromium), then start again.")
    from playwright.sync_api import sync_playwright

    pictures, texts = words(options.words)
    with tempfile.TemporaryDirectory() as home, studio(Path(home)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        tab = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
        tab.set_default_timeout(PATIENCE)
        tab.goto(f"{address}/read?reader={options.reader}")
        tab.locator("h1").first.wait_for()
        tab.locator("input[type=file]").first.set_input_files(pictures)
        tab.locator(".bench .reading").wait_for()
        tab.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        tab.wait_for_timeout(2000)
        tab.evaluate(WATCH)
        box, following = tab.locator(".bench input"), []
        for place, text in enumerate(texts):
            for letter in text[: options.letters]:
                known = len(tab.evaluate("window.waits"))
                box.press_sequentially(letter)
                tab.wait_for_function(f"window.waits.length > {known}")
                tab.wait_for_timeout(120)  # as fast as a quick typist
            if place + 1 < len(texts):
                word = tab.locator(".bench .frame").get_attribute("data-word")
                begun = time.perf_counter()
                box.press("Enter")
                tab.locator(f'.bench .frame:not([data-word="{word}"])').wait_for()
                following.append(1e3 * (time.perf_counter() - begun))
                tab.wait_for_timeout(500)
        waits = tab.evaluate("window.waits")
        browser.close()
    print(f"{options.reader}: {said('key to answer', waits)}; {said('Enter to the next word', following)}")


def shipped() -> list[str]:
    return sorted(path.parent.name for path in SHIPPED.glob("*/model.onnx"))


def said(what: str, milliseconds: list[float]) -> str:
    median, late = np.percentile(milliseconds, [50, 95])
    return f"{what} {median:.0f} ms in the median, {late:.0f} ms for 95 of 100 (n = {len(milliseconds)})"


def words(number: int) -> tuple[list[dict[str, str | bytes]], list[str]]:
    """Built-in words without marks as a file chooser takes them, and their texts."""
    with zipfile.ZipFile(demo_zip()) as archive:
        table = next(name for name in archive.namelist() if name.endswith(".csv"))
        rows = list(csv.DictReader(io.StringIO(archive.read(table).decode())))
        some = [row for row in rows if row["transcription"].isalpha() and len(row["transcription"]) > 4][:number]
        folder = Path(table).parent.as_posix()
        files: list[dict[str, str | bytes]] = [
            {
                "name": f"{place:03}.png",
                "mimeType": "image/png",
                "buffer": archive.read(f"{folder}/{row['image']}".removeprefix("./")),
            }
            for place, row in enumerate(some)
        ]
        return files, [row["transcription"] for row in some]


@contextlib.contextmanager
def studio(home: Path) -> Iterator[str]:
    """The app on a free port, in a workspace of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    command += ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
    environment = {**os.environ, "HWR_HOME": str(home)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(240):
            with contextlib.suppress(URLError, OSError):
                urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                break
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    main()
