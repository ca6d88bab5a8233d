"""Several visitors of one server: sessions of a demo, people of a team, and presses that no page offers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from visiting import ENTRY_POINT, ROOT

from pages.access import visitors


def session(page: str = "", secrets: dict[str, Any] | None = None, **parameters: str) -> AppTest:
    """A session of its own, on a page."""
    app = AppTest.from_file(ENTRY_POINT, default_timeout=60)
    for name, value in (secrets or {}).items():
        app.secrets[name] = value
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    if page:
        go(app, page)
    assert not app.exception
    return app


def go(app: AppTest, page: str) -> AppTest:
    """Open another page in the same session."""
    app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    assert not app.exception
    return app


def home_of(app: AppTest) -> Path:
    """The workspace of a session's visitor."""
    home = app.session_state[visitors.VISITOR].home
    assert home is not None
    return home


def seen(app: AppTest) -> str:
    """Everything that the page tells the browser, as text: every element with all its fields, tables, too."""
    return "\n".join(str(node.proto) for node in app._tree if getattr(node, "proto", None) is not None)


def forge_choice(app: AppTest, key: str, value: str) -> AppTest:
    """Send a choice of a select box that it does not offer, as anyone can who writes to the connection himself."""
    states = app._tree.get_widget_states()
    widget = app.selectbox(key=key)
    kept = [state for state in states.widgets if state.id != widget.id]
    del states.widgets[:]
    states.widgets.extend(kept)
    forged = states.widgets.add()
    forged.id, forged.string_value = widget.id, value
    app._run(states)
    return app
