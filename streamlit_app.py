"""The entry point: the pages and the sidebar they share."""

import streamlit as st

from pages.access import entrance
from pages.components import garbage_collection, layout, menu, sidebar

menu.enter()
garbage_collection.start()
layout.style()
entrance.enter()
page = st.navigation(menu.pages())
sidebar.draw()
page.run()
