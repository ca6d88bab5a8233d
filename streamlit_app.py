"""The front door: the pages, the sidebar they share, nothing else."""

import streamlit as st

from pages.components import layout, menu, sidebar

menu.enter()
page = st.navigation(menu.pages())
layout.style()
sidebar.draw()
page.run()
