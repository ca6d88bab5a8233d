#!/usr/bin/env python
"""Latency of a keystroke on the Read page: from a key pressed in the text box until the rest of the word is drawn.

    python benchmarks/keystroke_latency.py [--words 15] [--letters 5] [--reader reader]

Starts the studio in an empty workspace, opens it in headless Chromium, uploads words of the built-in data set and
types the first letters of each. A time runs from the text box's `input` event to the next frame after the answer to
exactly its text. Also printed: the time from Enter to the next word. Needs Chromium, and
Playwright (`pip install -e .[test]`).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from studio_server import demo_words, studio  # puts the package on the path

from hwr_core.recognition.checkpoint import SHIPPED

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
TIMEOUT_MILLISECONDS = 120_000
EDITOR_ROOT = (
    "[...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector('.word-editor'))?.shadowRoot ?? document"
)
WATCH = f"""() => {{
  const root = {EDITOR_ROOT}, input = root.querySelector('.word-editor input'), frame = root.querySelector('.frame');
  window.waits = [];
  let since = null, typed = null;
  input.addEventListener('input', () => {{ since = performance.now(); typed = input.value; }});
  new MutationObserver(() => {{
    if (since === null || frame.dataset.typed !== typed) return;
    const begun = since;
    since = null;
    requestAnimationFrame(() => window.waits.push(performance.now() - begun));
  }}).observe(frame, {{attributes: true, attributeFilter: ['data-typed']}});
}}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=15)
    parser.add_argument("--letters", type=int, default=5, help="typed of each word")
    parser.add_argument("--reader", default="reader", help="a shipped model")
    options = parser.parse_args()
    if options.words < 2 or options.letters < 1:
        parser.error("two words are the fewest (the time to the next one is measured), and one letter of each")
    if not (SHIPPED / options.reader / "model.onnx").is_file():
        parser.error(f"{options.reader} is no shipped model: choose one of {', '.join(shipped())}")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("Chromium is not installed. Install it (Debian: apt-get install chromium), then start again.")
    from playwright.sync_api import sync_playwright

    words = demo_words(options.words)
    files, texts = uploads(words), [text for text, _ in words]
    with tempfile.TemporaryDirectory() as home, studio(Path(home)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        tab = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
        tab.set_default_timeout(TIMEOUT_MILLISECONDS)
        tab.goto(f"{server.address}/read?reader={options.reader}")
        tab.locator("h1").first.wait_for()
        tab.locator("input[type=file]").first.set_input_files(files)
        tab.locator(".word-editor .reading").wait_for()
        tab.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        tab.wait_for_timeout(2000)
        tab.evaluate(WATCH)
        text_box, next_word_times = tab.locator(".word-editor input"), []
        for index, text in enumerate(texts):
            for letter in text[: options.letters]:
                known = len(tab.evaluate("window.waits"))
                text_box.press_sequentially(letter)
                tab.wait_for_function(f"window.waits.length > {known}")
                tab.wait_for_timeout(120)  # as fast as a quick typist
            if index + 1 < len(texts):
                word = tab.locator(".word-editor .frame").get_attribute("data-word")
                begun = time.perf_counter()
                text_box.press("Enter")
                tab.locator(f'.word-editor .frame:not([data-word="{word}"])').wait_for()
                next_word_times.append(1e3 * (time.perf_counter() - begun))
                tab.wait_for_timeout(500)
        waits = tab.evaluate("window.waits")
        browser.close()
    print(f"{options.reader}: {summary('key to answer', waits)}; {summary('Enter to the next word', next_word_times)}")


def shipped() -> list[str]:
    return sorted(path.parent.name for path in SHIPPED.glob("*/model.onnx"))


def summary(what: str, milliseconds: list[float]) -> str:
    median, percentile_95 = np.percentile(milliseconds, [50, 95])
    return f"{what} {median:.0f} ms in the median, {percentile_95:.0f} ms for 95 of 100 (n = {len(milliseconds)})"


def uploads(words: list[tuple[str, bytes]]) -> list[dict[str, str | bytes]]:
    """Image files as a file chooser takes them."""
    return [
        {"name": f"{index:03}.png", "mimeType": "image/png", "buffer": data} for index, (_, data) in enumerate(words)
    ]


if __name__ == "__main__":
    main()
