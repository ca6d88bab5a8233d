"""Choices that no select box offers: names of files, and of what belongs to others."""

from __future__ import annotations

from pathlib import Path

import pytest
from several import forge_choice, seen, session
from visiting import StubRecognizer

from hwr_core import workspace as workspaces

FORGED = ("/etc/passwd", "")


@pytest.fixture
def demo(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    """A demo's server."""
    monkeypatch.setenv("HWR_MODE", "demo")
    yield workspace
    workspaces.set_home_resolver(None)


@pytest.mark.parametrize("value", FORGED)
@pytest.mark.parametrize("page", ["home", "data", "evaluate", "read", "train"])
def test_choice_that_is_not_offered_shows_no_file(demo, recognizer: StubRecognizer, words_added, page, value):
    app = session(page)
    keys = [box.key for box in app.selectbox if not box.disabled]
    assert keys
    for key in keys:
        if not any(box.key == key for box in app.selectbox):  # the choice before it hid the box
            app = session(page)
        app = forge_choice(app, key, value)
        assert not app.exception, key
        assert "root:" not in seen(app)
