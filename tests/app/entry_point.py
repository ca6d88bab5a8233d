"""Runs streamlit_app.py from a folder without `pages/` beside it, as a server where someone has opened the app does.

On a fresh server Streamlit takes that folder for its old automatic menu (see `pages.components.menu.require`), and
AppTest makes every run one of a fresh server.
"""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).parents[2] / "streamlit_app.py"))
