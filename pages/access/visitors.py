"""Visitors: who this session is, and the workspace that belongs to it.

In local mode there are none: everything lies in the server's workspace. In a demo a visitor is a browser session, with
a random name that never leaves the server; in a team a visitor is the person who has signed in. A workspace holds
what its visitor brought and made, and is removed some time after the last visit, or at once when asked.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from hwr_core import jobs, workspace
from pages.access.mode import Mode, mode
from pages.access.table import AccessError, Role

VISITOR = "visitor"  # session key
FOLDER = workspace.VISITORS
SEEN_FILE = ".seen"
SEEN_INTERVAL_SECONDS = 60.0
SWEEP_INTERVAL_SECONDS = 600.0
KEPT_SECONDS = {Mode.DEMO: 2 * 3600.0, Mode.TEAM: 365 * 86400.0}  # after the last visit
USED_SECONDS = 5.0
SMALL_BYTES = 1_000_000
QUOTA_BYTES = {Mode.DEMO: 200_000_000, Mode.TEAM: 20_000_000_000}


@dataclass(frozen=True)
class Visitor:
    """Whoever this session belongs to.

    Attributes:
        id: the name of the folder of its workspace; empty in local mode.
        name: as it is shown and written to the audit log; empty where nobody has signed in.
    """

    id: str = ""
    name: str = ""
    role: Role = Role.OWNER

    @property
    def home(self) -> Path | None:
        """The folder of its workspace; None for the server's own."""
        return workspace.server_home() / FOLDER / self.id if self.id else None


NOBODY = Visitor("nobody", "", Role.VISITOR)  # outside a session, or not signed in: sees nothing of anyone


def current() -> Visitor:
    """The visitor of this session."""
    if mode() is Mode.LOCAL:
        return Visitor()
    if get_script_run_ctx() is None:
        return NOBODY
    if VISITOR not in st.session_state:
        if mode() is Mode.TEAM:
            return NOBODY
        st.session_state[VISITOR] = Visitor(secrets.token_hex(16), "", Role.VISITOR)
    visitor: Visitor = st.session_state[VISITOR]
    return visitor


def sign_in(name: str, role: Role) -> None:
    """Make this session that of a person; the workspace is the same at every visit."""
    identity = hashlib.sha256(name.strip().lower().encode()).hexdigest()[:32]
    st.session_state[VISITOR] = Visitor(identity, name, role)


def sign_out() -> None:
    """Forget everything of this session; a person's workspace stays."""
    st.session_state.clear()


def enter() -> None:
    """Called at the start of each run of the app: the workspace exists, and older ones are removed."""
    workspace.set_home_resolver(None if mode() is Mode.LOCAL else _current_home)
    if mode() is Mode.LOCAL:
        return
    home = current().home
    assert home is not None
    seen = home / SEEN_FILE
    if not seen.exists() or time.time() - seen.stat().st_mtime > SEEN_INTERVAL_SECONDS:
        home.mkdir(parents=True, exist_ok=True)
        seen.touch()
    _sweep_sometimes()


def _current_home() -> Path | None:
    return current().home


def used_bytes(home: Path) -> int:
    """The sizes of all files of a workspace."""
    return sum(path.lstat().st_size for path in home.rglob("*") if path.is_file())


@st.cache_data(ttl=USED_SECONDS, max_entries=500, show_spinner=False)
def used_bytes_lately(home: Path) -> int:
    """The same, counted once in a few seconds: for notes, and before something small is added."""
    return used_bytes(home)


def check_quota(more_bytes: int) -> None:
    """Raises `AccessError` where so many more bytes do not fit into the visitor's workspace."""
    home, quota = current().home, QUOTA_BYTES.get(mode())
    if home is None or quota is None:
        return
    used = used_bytes_lately(home) if more_bytes < SMALL_BYTES else used_bytes(home)
    if used + more_bytes > quota:
        raise AccessError(
            f"Your space here is {quota / 1e6:,.0f} MB, of which {used / 1e6:,.0f} MB are used: "
            f"{more_bytes / 1e6:,.1f} MB more do not fit. Remove something first, or bring less."
        )


def forget() -> None:
    """Remove the visitor's workspace and all that the session holds."""
    home = current().home
    if home is not None:
        remove_workspace(home)
    sign_out()


def remove_workspace(home: Path) -> None:
    """Stop the jobs of a workspace and remove it."""
    for status in home.rglob(jobs.STATUS_FILE):
        jobs.terminate(status.parent)
    shutil.rmtree(home, ignore_errors=True)


def sweep(now: float) -> list[Path]:
    """Remove the workspaces whose visitors have been away for too long; returns them."""
    kept = KEPT_SECONDS[mode()]
    gone = []
    for home in (workspace.server_home() / FOLDER).glob("*"):
        if now - _seen(home) > kept:
            remove_workspace(home)
            gone.append(home)
    return gone


def _seen(home: Path) -> float:
    """When the visitor was seen last, in seconds since the epoch; of a workspace without the mark, when it changed."""
    for path in (home / SEEN_FILE, home):  # a workspace that is being made has no mark yet
        try:
            return path.stat().st_mtime
        except OSError:
            continue
    return 0.0


@st.cache_resource(ttl=SWEEP_INTERVAL_SECONDS, show_spinner=False)
def _sweep_sometimes() -> None:
    """Once in so many seconds, whoever comes: in a thread, so that nobody waits for it."""
    threading.Thread(target=sweep, args=(time.time(),), daemon=True, name="sweep-visitors").start()
