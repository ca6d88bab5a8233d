"""The entry point: the pages and the sidebar they share."""

import streamlit as st

from pages.access import entrance
from pages.components import built_in_words, garbage_collection, layout, menu, sidebar

menu.enter()
garbage_collection.start()
layout.style()
entrance.enter()
built_in_words.prepare()
page = st.navigation(menu.pages())
sidebar.draw()
page.run()
