"""How a person of a team signs in: with the organisation's account (OpenID Connect), or with a name and a password."""

from __future__ import annotations

import time

import streamlit as st

from hwr_core.errors import HwrError
from pages.access import audit, people, visitors

NOBODY_LISTED = (
    "Nobody can sign in yet: the owner of this studio lists the people in .streamlit/secrets.toml, as the README says."
)


def is_admitted() -> bool:
    """Whether this session is that of a person who is listed, with the role of now; False after a removal, too."""
    visitor = visitors.current()
    if visitor is visitors.NOBODY and people.has_single_sign_on():
        if not _is_logged_in() or not _has_verified_address():
            return False
        _admit(str(st.user.email))
        visitor = visitors.current()
    if visitor is visitors.NOBODY:
        return False
    role = people.role_of(visitor.name)
    if role is None:
        visitors.sign_out()
        return False
    if role is not visitor.role:
        visitors.sign_in(visitor.name, role)
    return True


def draw() -> None:
    """The form, or what keeps the person out."""
    st.title("Handwriting Studio")
    try:
        if not people.listed():
            st.info(NOBODY_LISTED, icon=":material/lock:")
        elif people.has_single_sign_on():
            _single_sign_on()
        else:
            _password_form()
    except HwrError as error:
        st.error(str(error), icon=":material/lock:")


def sign_out() -> None:
    """Forget the session; the person's workspace stays. For callbacks."""
    audit.record("sign out")
    visitors.sign_out()
    if people.has_single_sign_on() and _is_logged_in():
        st.logout()


def _admit(name: str) -> None:
    role = people.role_of(name)
    if role is not None:
        visitors.sign_in(name, role)
        audit.record("sign in")


def _single_sign_on() -> None:
    if not _is_logged_in():
        st.button("Sign in", key="sign_in", type="primary", icon=":material/login:", on_click=st.login)
        return
    address = str(st.user.email)[: people.MAX_NAME_CHARACTERS]
    why = "is not listed here" if _has_verified_address() else "has not been confirmed by its owner"
    st.error(f"{address} {why}. Ask an administrator of this studio, or use another account.", icon=":material/lock:")
    st.button("Use another account", key="sign_in_other", on_click=st.logout)


def _is_logged_in() -> bool:
    return bool(getattr(st.user, "is_logged_in", False)) and bool(getattr(st.user, "email", ""))


def _has_verified_address() -> bool:
    """Whether the provider says that the address is the person's own, where it says anything about it."""
    return getattr(st.user, "email_verified", True) in (True, "true")


def _password_form() -> None:
    with st.form("sign_in", width=360):
        name = st.text_input("Name", key="sign_in_name", max_chars=people.MAX_NAME_CHARACTERS, autocomplete="username")
        password = st.text_input(
            "Password", key="sign_in_password", type="password", max_chars=1000, autocomplete="current-password"
        )
        is_sent = st.form_submit_button("Sign in", key="sign_in_send", type="primary", icon=":material/login:")
    if not is_sent:
        return
    person = people.check(name[: people.MAX_NAME_CHARACTERS], password, time.monotonic())
    if person is None:
        # The name only of who is listed: people type passwords into the wrong field.
        known = people.listed().get(name.strip().lower())
        audit.record("fail to sign in", who=known.name if known else "(unknown name)")
        st.error(people.WRONG, icon=":material/lock:")
        return
    st.session_state.clear()  # the password is not kept
    visitors.sign_in(person.name, person.role)
    audit.record("sign in")
    st.rerun()
