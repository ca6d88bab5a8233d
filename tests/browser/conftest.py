"""A server on a free port, in a workspace of its own, and a headless Chromium to visit it."""

from __future__ import annotations

import os
import shutil
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
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # as `streamlit run` does
TIMEOUT_MILLISECONDS = 120_000  # a test machine may be busy
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
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
