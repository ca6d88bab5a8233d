"""Garbage collection that does not stop every visitor after every keystroke.

Streamlit would collect all garbage at the end of each run, a fragment's too: that looks at every object of the
process, those of the libraries and the languages too, and nothing else runs meanwhile. `.streamlit/config.toml` turns
that off (`runner.postScriptGC`), and a thread does it every few seconds instead. What is left is set aside, so that
Python's own collections look only at what came since.
"""

from __future__ import annotations

import gc
import threading
import time

from streamlit import runtime

INTERVAL_SECONDS = 10.0
THREAD_NAME = "garbage-collection"
_starting = threading.Lock()


def start() -> None:
    """Called in streamlit_app.py: one thread a server, whoever empties Streamlit's caches; none without a server."""
    with _starting:
        if runtime.exists() and all(thread.name != THREAD_NAME for thread in threading.enumerate()):
            threading.Thread(target=_set_aside_repeatedly, daemon=True, name=THREAD_NAME).start()


def set_aside() -> None:
    """Collect all garbage; what is left is looked at again by the next call only."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _set_aside_repeatedly() -> None:
    while True:
        set_aside()
        time.sleep(INTERVAL_SECONDS)
