"""What a company has set is what visitors see, in the embed code and in the panel."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Company, NewVisitor
from tests.browser.host_pages import HostPages, document
from tests.browser.widget import Widget

_TEXTS = {
    "title": "Velo Bikes",
    "subtitle": "Answers in seconds",
    "greeting": "Welcome to Velo!",
    "suggestions": ["When are you open?", "What does a puncture cost?"],
    "placeholder": "Ask about bikes",
    "launcher_label": "Ask Velo",
    "consent_data_processing": "Velo may use my details.",
}
_CONFIG: dict[str, Any] = {
    "primary_color": "#7c2d12",
    "color_scheme": "dark",
    "position": "left",
    "default_language": "en",
    "texts": {"en": _TEXTS, "es": {"title": "Velo Bicis", "greeting": "¡Bienvenido!"}},
    "consent": {"version": "2026-11", "privacy_url": "https://velo.example/privacy", "marketing": "off"},
    "fields": {"phone": "off"},
}

Pasted = Callable[..., Widget]


@pytest.fixture
def pasted(visitor: NewVisitor, hosts: HostPages, company: Company) -> Pasted:
    """A static page of another site, with an agent's embed code pasted in: `pasted(agent, host="shop.localhost")`."""

    def paste(agent: str, *, host: str = "shop.localhost", **page: str) -> Widget:
        code = company.api.call("GET", f"/v1/agent/{agent}/embed-code")
        policy = "; ".join(f"{name} {value}" for name, value in code["content_security_policy"].items())
        headers = {"Content-Security-Policy": f"default-src 'none'; img-src data:; {policy}"}
        widget = visitor()
        widget.page.goto(hosts.add(document(code["html"], **page), host=host, headers=headers))
        return widget

    return paste


def _left(widget: Widget) -> tuple[float, float]:
    return 50, widget.bubble()[1]


def test_pasted_code_and_its_two_lines_of_policy_are_enough(pasted: Pasted, company: Company) -> None:
    widget = pasted(company.new_agent(widget_config=_CONFIG)).wait_for_bubble()
    widget.page.mouse.click(*_left(widget))
    widget.wait_until_usable()
    expect(widget.inside("h1")).to_have_text("Velo Bikes")
    expect(widget.inside("#log")).to_contain_text("Welcome to Velo!")
    expect(widget.inside("#register")).to_contain_text("Velo may use my details.")
    expect(widget.inside("#register a[href='https://velo.example/privacy']")).to_be_visible()
    expect(widget.inside("[name=phone]")).to_have_count(0)
    expect(widget.inside("[name=consent_marketing]")).to_have_count(0)
    colors = "node => [getComputedStyle(node).backgroundColor, getComputedStyle(document.documentElement).colorScheme]"
    assert widget.inside("header").evaluate(colors) == ["rgb(124, 45, 18)", "dark"]
    assert widget.heard.refusals == []


def test_texts_come_in_the_language_of_the_page(pasted: Pasted, company: Company) -> None:
    widget = pasted(company.new_agent(widget_config=_CONFIG), html='lang="es"').wait_for_bubble().open()
    expect(widget.inside("h1")).to_have_text("Velo Bicis")
    expect(widget.inside("#log")).to_contain_text("¡Bienvenido!")


def test_a_suggestion_asks(pasted: Pasted, company: Company) -> None:
    widget = pasted(company.new_agent(widget_config=_CONFIG)).wait_for_bubble().open().register()
    expect(widget.composer).to_have_attribute("placeholder", "Ask about bikes")
    widget.inside("button.suggestion").first.click()
    expect(widget.questions).to_have_text("When are you open?")
    expect(widget.inside("button.suggestion").first).to_be_hidden()


def test_what_a_visitor_agreed_to_is_kept_with_its_version(pasted: Pasted, company: Company) -> None:
    agent = company.new_agent(widget_config={**_CONFIG, "consent": {"version": "v7", "marketing": "ask"}})
    widget = pasted(agent).wait_for_bubble().open()
    widget.inside("[name=consent_marketing]").check()
    widget.register(email="agrees@example.com")
    found = company.api.call("GET", "/v1/lead/company?per_page=100")["items"]
    (lead,) = [each for each in found if each["email"] == "agrees@example.com"]
    consents = company.api.call("GET", f"/v1/lead/{lead['id']}")["consents"]
    assert {(each["kind"], each["granted"], each["version"], each["language"]) for each in consents} == {
        ("data_processing", True, "v7", "en"),
        ("marketing", True, "v7", "en"),
    }


def test_a_refusal_names_the_ways_to_a_person(pasted: Pasted, company: Company) -> None:
    contact = {"email": "team@velo.example", "phone": "+34911234567", "url": "https://velo.example/contact"}
    widget = pasted(company.new_agent(widget_config={"contact": contact})).wait_for_bubble().open().register()
    person = widget.ask("What is the boiling point of tungsten on Jupiter?").locator(".person")
    addresses = person.locator("a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert addresses == ["mailto:team@velo.example", "tel:+34911234567", "https://velo.example/contact"]


def test_sites_that_may_not_show_it_don_t(pasted: Pasted, company: Company, hosts: HostPages) -> None:
    agent = company.new_agent(widget_config={"allowed_domains": [f"good.localhost:{hosts.port}"]})
    good = pasted(agent, host="good.localhost").wait_for_bubble().open()
    expect(good.inside("#register")).to_be_visible()
    evil = pasted(agent, host="evil.localhost").wait_for_bubble()
    evil.page.evaluate("Frontdesk.open()")
    with evil.page.expect_event("console", lambda message: "frame-ancestors" in message.text):
        pass
    assert all("#register" not in frame.content() for frame in evil.page.frames[1:])


def test_a_site_that_may_not_show_it_can_t_register_either(company: Company, hosts: HostPages, page: Any) -> None:
    agent = company.new_agent(widget_config={"allowed_domains": ["good.localhost"]})
    page.goto(hosts.add("<title>evil</title>", host="evil.localhost"))
    body = {"agent_id": agent, "first_name": "E", "last_name": "E", "email": "evil@example.com"}
    sent = page.evaluate(
        """([url, body]) => fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify(body) }).then((answer) => answer.status, () => 'refused')""",
        [f"http://127.0.0.1:{company.api.port}/v1/lead/register", body],
    )
    assert sent in {403, "refused"}
    found = company.api.call("GET", "/v1/lead/company?per_page=100")["items"]
    assert not [each for each in found if each["email"] == "evil@example.com"]


def test_the_teaser_comes_once_a_visitor(pasted: Pasted, company: Company) -> None:
    texts = {"en": {"teaser": "Any question about bicycles?"}}
    agent = company.new_agent(widget_config={"texts": texts, "teaser_delay_seconds": 1})
    widget = pasted(agent).wait_for_bubble()
    # The teaser stands in a closed root above the bubble; a click into it opens the panel.
    shown = "() => localStorage.getItem('frontdesk:teaser') === '1'"
    widget.page.wait_for_function(shown)
    x, y = widget.bubble()
    widget.page.mouse.click(x - 60, y - 70)
    widget.wait_until_usable()
    again = widget.page.context.new_page()
    again.clock.install()
    again.goto(widget.page.url)
    again.locator("frontdesk-widget").wait_for(state="attached")
    again.clock.run_for(5_000)
    again.mouse.click(x - 60, y - 70)
    assert len(again.frames) == 1
