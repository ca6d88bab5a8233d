"""Objects that live long are set aside, and what visitors leave behind is collected all the same."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from pages.components import garbage_collection


class Session:
    """Holds itself, as Streamlit's sessions do."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_set_aside_leaves_later_collections_little_to_look_at():
    garbage_collection.set_aside()
    assert gc.get_freeze_count() > 10 * len(gc.get_objects())


def test_set_aside_collects_what_was_set_aside_while_it_lived():
    session = Session()
    seen = weakref.ref(session)
    garbage_collection.set_aside()
    del session
    garbage_collection.set_aside()
    assert seen() is None


def test_start_makes_one_thread_for_a_server_and_none_without(monkeypatch):
    def threads() -> int:
        return sum(thread.name == garbage_collection.THREAD_NAME for thread in threading.enumerate())

    before = threads()
    garbage_collection.start()
    assert threads() == before
    monkeypatch.setattr(garbage_collection.runtime, "exists", lambda: True)
    garbage_collection.start()
    garbage_collection.start()
    assert threads() == 1
