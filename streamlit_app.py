"""The entry point: the pages and the sidebar they share."""

import streamlit as st

from pages.components import layout, menu, sidebar

menu.enter()
page = st.navigation(menu.pages())
layout.style()
sidebar.draw()
page.run()
