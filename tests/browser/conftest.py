"""A server on a free port, in a workspace of its own, and a headless Chromium to visit it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "data" / "golden"
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # as `streamlit run` does
TIMEOUT_MILLISECONDS = 120_000  # a test machine may be busy
CLICK_MILLISECONDS = 8_000  # until a click on a table has had its effect
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera that shows a test pattern, and nobody to be asked
    "--use-fake-ui-for-media-stream",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


def chromium() -> str | None:
    """The browser of the machine; `HWR_CHROMIUM` names another."""
    names = (os.environ.get("HWR_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, filter(None, names))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; without one the tests are skipped, but not in CI."""
    path = chromium()
    if path is None and not os.environ.get("CI"):
        pytest.skip("Chromium is not installed: the browser tests are left out.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def server(home: Path, **variables: str) -> Iterator[str]:
    """The address of a fresh server of the app, with further environment variables."""
    with running(home, **variables) as (address, _):
        yield address


@contextmanager
def running(home: Path, **variables: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A fresh server of the app, its address and its process; its output goes to the workspace."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    command += ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
    home.mkdir(parents=True, exist_ok=True)
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "HWR_HOME": str(home), "HWR_EXAMPLES": "", **variables},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            process.wait(30)
            end_measurement(home)


def end_measurement(home: Path) -> None:
    """End the measurement of a speed that the Train page began, if one runs: it outlives the server."""
    from hwr_core.training.speed import stop_measurement

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HWR_HOME", str(home))
        stop_measurement()


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + TIMEOUT_MILLISECONDS / 1000
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"The server did not come up at {address}.")


@pytest.fixture(scope="session")
def app_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of `app_url`; it begins empty."""
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="session")
def app_url(browser: Browser, app_home: Path) -> Iterator[str]:
    """The address of a server that all tests share."""
    with server(app_home) as address:
        yield address


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The workspace of `fresh_url`; whatever runs in it ends with the test."""
    home = tmp_path / "home"
    monkeypatch.setenv("HWR_HOME", str(home))
    yield home
    end_jobs(home)


@pytest.fixture(scope="module")
def module_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The workspace of `module_url`; it begins empty, and whatever runs in it ends with the module."""
    home = tmp_path_factory.mktemp("module") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HWR_HOME", str(home))
        patch.delenv("HWR_FONTS", raising=False)
        yield home
    end_jobs(home)


@pytest.fixture(scope="module")
def module_url(browser: Browser, module_home: Path) -> Iterator[str]:
    """The address of a server that the tests of a module share."""
    with server(module_home) as address:
        yield address


def end_jobs(home: Path) -> None:
    """Kill whatever still runs in a workspace: it would train on long after the tests."""
    from hwr_core import jobs

    for status_file in home.rglob(jobs.STATUS_FILE):
        status = jobs.read_status(status_file.parent)
        if jobs.is_alive(status):
            os.kill(status.pid, signal.SIGKILL)


def copy_run(home: Path, name: str, *, model: str = "crnn", **changes: object) -> Path:
    """A finished run on four drawn words, copied into a workspace as a run on the built-in words.

    Args:
        home: the workspace.
        name: of the run.
        model: a folder of tests/data/golden.
        changes: of the status.
    """
    folder = home / "runs" / name
    shutil.copytree(GOLDEN / model, folder)
    for file, values in (("config.json", {"datasets": ["demo"]}), ("status.json", {"pid": 0, **changes})):
        path = folder / file
        path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **values}), encoding="utf-8")
    return folder


@pytest.fixture
def fresh_url(browser: Browser, tmp_path: Path) -> Iterator[str]:
    """The address of a server that nobody has visited yet."""
    with server(tmp_path / "home") as address:
        yield address


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens tabs of visitors of their own: `visit(url, width=390, height=844, color_scheme="dark")`."""
    contexts = []

    def open_tab(address: str, width: int = 1280, height: int = 720, color_scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=color_scheme, accept_downloads=True
        )
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MILLISECONDS)
        context.set_default_navigation_timeout(TIMEOUT_MILLISECONDS)
        tab = context.new_page()
        tab.goto(address)
        settled(tab)
        return tab

    yield open_tab
    for context in contexts:
        for tab in context.pages:
            assert tab.get_by_test_id("stException").count() == 0, tab.url
        context.close()


@pytest.fixture
def page(visit: Callable[..., Page], app_url: str) -> Page:
    """A tab on the Home page."""
    return visit(app_url)


def settled(tab: Page) -> None:
    """Wait until the page has been drawn to its end."""
    tab.locator("h1").first.wait_for()
    tab.wait_for_timeout(200)  # a click takes a moment to be noticed
    tab.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')


def click_table(click: Callable[[], None], result: Locator) -> None:
    """Click on a table until the result is there: it is drawn on a canvas, and no event tells when it takes clicks."""
    from playwright.sync_api import TimeoutError as TimedOut

    for _ in range(5):
        click()
        try:
            result.wait_for(timeout=CLICK_MILLISECONDS)
        except TimedOut:
            continue
        return
    result.wait_for()


def choose(tab: Page, label: str | re.Pattern[str], option: str | re.Pattern[str]) -> None:
    """Choose from a select box; its list is closed when the page is drawn, and then opened again."""
    from playwright.sync_api import TimeoutError as TimedOut

    for _ in range(5):
        settled(tab)
        tab.get_by_role("combobox", name=label).last.click()
        try:
            tab.get_by_role("option", name=option, exact=True).first.click(timeout=CLICK_MILLISECONDS)
        except TimedOut:
            tab.keyboard.press("Escape")
            continue
        settled(tab)
        return
    raise AssertionError(f"{label} does not offer {option}")


def downloaded(tab: Page, label: str, place: Locator | None = None) -> tuple[str, bytes]:
    """Press a download button, of `place` or of the page; the name and the content of the file."""
    with tab.expect_download() as download:
        (place or tab).get_by_role("button", name=label, exact=True).click()
    return download.value.suggested_filename, download.value.path().read_bytes()
