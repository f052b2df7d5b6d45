"""Saying who one is."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Company, Embed, NewVisitor
from tests.browser.faults import FaultyNetwork
from tests.browser.widget import Widget


@pytest.fixture
def form(visitor: NewVisitor, embed: Embed) -> Widget:
    """A visitor before the form."""
    return visitor().visit(embed()).open()


def _focused(widget: Widget) -> str:
    name: str = widget.frame.evaluate("document.activeElement.name || document.activeElement.id")
    return name


def test_an_empty_form_says_what_is_missing_beside_the_fields(form: Widget) -> None:
    form.inside("#register button.primary").click()
    for name in ("first_name", "last_name", "email"):
        expect(form.inside(f"[name={name}]")).to_have_attribute("aria-invalid", "true")
        expect(form.inside(f"#{name}-error")).not_to_be_empty()
    assert _focused(form) == "first_name"


def test_the_first_bad_field_gets_the_focus(form: Widget) -> None:
    form.inside("[name=first_name]").fill("Vera")
    form.inside("[name=last_name]").fill("Visitor")
    form.inside("[name=email]").fill("vera at example")
    form.inside("#register button.primary").click()
    expect(form.inside("#email-error")).not_to_be_empty()
    expect(form.inside("#first_name-error")).to_be_empty()
    assert _focused(form) == "email"


def test_what_only_the_server_refuses_stands_beside_the_field(form: Widget) -> None:
    form.inside("[name=first_name]").fill("Vera")
    form.inside("[name=last_name]").fill("Visitor")
    form.inside("[name=email]").fill("vera@nowhere")
    if form.inside("[name=consent_data_processing]").count():
        form.inside("[name=consent_data_processing]").check()
    form.inside("#register button.primary").click()
    expect(form.inside("#email-error")).not_to_be_empty()
    assert _focused(form) == "email"


def test_a_mistake_that_is_mended_is_not_shown_any_more(form: Widget) -> None:
    form.inside("#register button.primary").click()
    form.inside("[name=first_name]").fill("Vera")
    expect(form.inside("#first_name-error")).to_be_empty()
    expect(form.inside("[name=first_name]")).not_to_have_attribute("aria-invalid", "true")


def test_who_registers_can_write_at_once(form: Widget, company: Company) -> None:
    form.register(email="just-registered@example.com")
    expect(form.composer).to_be_focused()
    found = company.api.call("GET", "/v1/lead/company?per_page=100")["items"]
    assert [each["first_name"] for each in found if each["email"] == "just-registered@example.com"] == ["Vera"]


def test_a_server_that_is_away_is_said(visitor: NewVisitor, embed: Embed, network: FaultyNetwork) -> None:
    widget = visitor().visit(embed(origin=network.origin)).open()
    network.go_down()
    for name, value in {"first_name": "Vera", "last_name": "Visitor", "email": "vera@example.com"}.items():
        widget.inside(f"[name={name}]").fill(value)
    if widget.inside("[name=consent_data_processing]").count():
        widget.inside("[name=consent_data_processing]").check()
    widget.inside("#register button.primary").click()
    expect(widget.inside("#problem")).to_be_visible()
    network.come_back()
    widget.inside("#register button.primary").click()
    expect(widget.composer).to_be_visible()


def _spoil(widget: Widget, *names: str) -> None:
    """Makes tokens that the panel keeps worthless."""
    agent = widget.frame.url.split("/")[-1].split("?")[0]
    spoil = """([name, spoiled]) => { const kept = JSON.parse(localStorage.getItem(name));
        for (const each of spoiled) kept[each] = 'worthless';
        localStorage.setItem(name, JSON.stringify(kept)); }"""
    widget.frame.evaluate(spoil, [f"frontdesk:{agent}", list(names)])


def test_a_token_that_has_expired_is_renewed_unseen(form: Widget) -> None:
    form.register()
    _spoil(form, "token")
    form.ask("When is the bicycle shop on Harbour Street open?")
    assert form.remembered()["token"] != "worthless"


def test_who_can_t_be_renewed_says_again_who_they_are(form: Widget) -> None:
    form.register()
    _spoil(form, "token", "refresh")
    form.write("When is the bicycle shop on Harbour Street open?")
    expect(form.inside("#register")).to_be_visible()
    form.register()
    expect(form.composer).to_be_visible()
