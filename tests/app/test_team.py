"""A team: who signs in, what each role is offered, and what is recorded."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from several import go, home_of, seen, session
from visiting import StubRecognizer, accept, act, errors, html, png, shown, upload

from hwr_core import workspace as workspaces
from hwr_core.corrections import AcceptedWords
from pages.access import audit, password, people, sign_in_form, visitors

PASSWORD = "correct horse battery"
HASH = password.hashed(PASSWORD)
PEOPLE = {
    name: {"role": role, "password": HASH} for name, role in (("Vera", "viewer"), ("Max", "member"), ("Ada", "admin"))
}


@pytest.fixture
def team(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    """A team's server."""
    monkeypatch.setenv("HWR_MODE", "team")
    monkeypatch.setattr(people, "_failures", people.Failures())
    yield workspace
    workspaces.set_home_resolver(None)


def sign_in(name: str, typed: str = PASSWORD, entries: dict = PEOPLE):
    app = session(secrets={"people": entries})
    app.text_input(key="sign_in_name").set_value(name)
    app.text_input(key="sign_in_password").set_value(typed)
    app.button(key="sign_in_send").click().run()
    assert not app.exception
    return app


def recorded(team: Path) -> list[tuple[str, str, str]]:
    path = team / audit.FILE_NAME
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [(line["who"], line["action"], line["names"]) for line in lines]


def test_nobody_can_sign_in_where_nobody_is_listed(team):
    app = session()
    assert [info.value for info in app.info] == [sign_in_form.NOBODY_LISTED]
    assert not app.text_input
    assert not (team / "visitors").exists()


def test_entry_that_is_wrong_admits_nobody_and_is_said(team):
    app = session(secrets={"people": {"Max": {"role": "owner"}}})
    assert "needs a role: viewer, member, admin" in errors(app)[0]
    assert not app.sidebar.selectbox


def test_person_signs_in_and_out(team):
    app = sign_in("max")
    assert "Max · member" in seen(app)
    assert PASSWORD not in str(app.session_state._state.filtered_state)
    home = home_of(app)
    app.button(key="sign_out").click().run()
    assert app.text_input(key="sign_in_name")
    assert home.exists()  # a person's things stay
    assert home_of(sign_in("MAX")) == home
    assert recorded(team) == [("Max", "sign in", ""), ("Max", "sign out", ""), ("Max", "sign in", "")]


@pytest.mark.parametrize(("name", "typed"), [("Max", "wrong"), ("Nobody", PASSWORD), ("", ""), ("Max", "x" * 5000)])
def test_wrong_password_and_unknown_name_get_one_sentence(team, name, typed):
    app = sign_in(name, typed)
    assert errors(app) == [people.WRONG]
    assert visitors.VISITOR not in app.session_state
    assert not app.sidebar.selectbox
    assert typed not in str(recorded(team)) or not typed


def test_person_who_is_taken_off_the_list_is_out_at_once(team):
    app = sign_in("Max")
    app.secrets["people"] = {"Ada": PEOPLE["Ada"]}
    app.run()
    assert app.text_input(key="sign_in_name")


def test_role_that_is_changed_holds_at_once(team):
    app = sign_in("Max")
    app.secrets["people"] = {"Max": {"role": "viewer", "password": HASH}}
    app.run()
    assert "Max · viewer" in seen(app)


def reading(name: str):
    app = go(sign_in(name), "read")
    return upload(app, [("0.png", png(), "image/png")])


def test_viewer_reads_and_cannot_accept(team, recognizer: StubRecognizer):
    app = reading("Vera")
    assert shown(app)["text"] == "because"
    assert shown(app)["may_accept"] is False
    accept(app)
    assert any("Accepting words is not open to you" in text for text in errors(app))
    act(app, "exact", typed="because")
    act(app, "undo_last")
    assert not list(team.rglob("corrections.sqlite"))
    assert not [line for line in recorded(team) if "accept" in line[1]]
    assert "Adapting models is not open to you" in html(app)


def test_member_accepts_and_it_is_recorded_without_the_text(team, recognizer: StubRecognizer):
    app = reading("Max")
    accept(app)
    assert AcceptedWords(home_of(app) / "corrections.sqlite").count() == 1
    assert ("Max", "accept a word", "0.png") in recorded(team)
    assert "because" not in (team / audit.FILE_NAME).read_text()


ADDING = {"data_add", "data_make", "add_demo"}


@pytest.mark.parametrize(("name", "is_offered"), [("Vera", False), ("Max", True), ("Ada", True)])
def test_data_page_offers_what_the_role_may(team, words_added, name, is_offered):
    app = go(sign_in(name), "data")
    assert bool(ADDING & {button.key for button in app.button}) == is_offered
    assert ("Adding data sets is not open to you" in html(app)) != is_offered
    app.session_state["data_page"].form = "add"  # as a forged press would
    app.run()
    assert ("add_start" in {button.key for button in app.button}) == is_offered
    assert ("add_csv_path" in {field.key for field in app.text_input}) == (name == "Ada")


@pytest.mark.parametrize(("name", "is_offered"), [("Vera", False), ("Max", True), ("Ada", True)])
def test_train_page_offers_what_the_role_may(team, words_added, name, is_offered):
    app = go(sign_in(name), "train")
    assert ("start" in {button.key for button in app.button}) == is_offered
    assert ("Training models is not open to you" in html(app)) != is_offered


@pytest.mark.parametrize(("name", "is_offered"), [("Vera", False), ("Max", True)])
def test_evaluate_page_offers_what_the_role_may(team, recognizer, words_added, name, is_offered):
    app = go(sign_in(name), "evaluate")
    assert ("evaluate_start" in {button.key for button in app.button}) == is_offered
    assert ("Evaluating models is not open to you" in html(app)) != is_offered


def test_log_is_shown_to_administrators_alone(team):
    sign_in("Max")
    for name, is_shown in (("Max", False), ("Ada", True)):
        app = sign_in(name)
        app.session_state["audit"] = True
        app.run()
        assert bool([table for table in app.dataframe if "when" in table.value.columns]) == is_shown


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The account that the provider of the organisation names."""
    user = SimpleNamespace(is_logged_in=True, email="Max@example.org")
    monkeypatch.setattr(sign_in_form.st, "user", user)
    return user


ORGANISATION = {"auth": {"client_id": "studio"}, "people": {"@example.org": {"role": "member"}}}


def test_account_of_a_listed_domain_is_admitted(team, account):
    app = session(secrets=ORGANISATION)
    assert "Max@example.org · member" in seen(app)
    assert recorded(team) == [("Max@example.org", "sign in", "")]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"email": "max@evil.net"}, "is not listed here"), ({"email_verified": False}, "has not been confirmed"),
     ({"email_verified": None}, "has not been confirmed")],
)  # fmt: skip
def test_other_account_is_kept_out(team, account, change, sentence):
    vars(account).update(change)
    app = session(secrets=ORGANISATION)
    assert sentence in errors(app)[0]
    assert visitors.VISITOR not in app.session_state


def test_nobody_is_admitted_before_the_provider_has_named_an_account(team, account):
    account.is_logged_in = False
    app = session(secrets=ORGANISATION)
    assert [button.key for button in app.button] == ["sign_in"]
    assert not app.text_input  # no password beside the organisation's account
