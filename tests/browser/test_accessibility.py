"""What axe finds: WCAG 2.0 to 2.2, levels A and AA, in the panel and on the page around it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Embed, NewVisitor
from tests.browser.widget import Widget

_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_RUN = """tags => axe.run(document, { runOnly: tags, iframes: false })
    .then(({ violations }) => violations.map((each) => [each.id, each.nodes.map((node) => node.html.slice(0, 200))]))"""
_QUESTION = "When is the bicycle shop on Harbour Street open?"

Examine = Callable[[Widget], list[Any]]
Opened = Callable[..., Widget]


@pytest.fixture
def opened(visitor: NewVisitor, embed: Embed) -> Opened:
    """An open panel in which axe is at hand: `opened(agent, browser={"color_scheme": "dark"})`."""

    def open_(agent: str | None = None, *, browser: Any = None, **how: Any) -> Widget:
        widget = visitor(reduced_motion="reduce", **(browser or {}))
        # Before the page's own scripts, past every policy.
        widget.page.add_init_script(_AXE)
        return widget.visit(embed(agent, **how)).open()

    return open_


def _violations(widget: Widget) -> list[Any]:
    found: list[Any] = widget.frame.evaluate(_RUN, _RULES)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form(opened: Opened, scheme: str) -> None:
    widget = opened(browser={"color_scheme": scheme})
    assert _violations(widget) == []
    widget.inside("#register button.primary").click()
    expect(widget.inside("#first_name-error")).not_to_be_empty()
    assert _violations(widget) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_conversation(opened: Opened, scheme: str) -> None:
    widget = opened(browser={"color_scheme": scheme}).register()
    assert _violations(widget) == []
    answer = widget.ask(_QUESTION)
    answer.locator("button.citation").first.click()
    answer.locator("button.thumb").first.click()
    expect(answer.locator("button.thumb[aria-pressed=true]")).to_have_count(1)
    assert _violations(widget) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_refusal(opened: Opened, scheme: str) -> None:
    widget = opened(browser={"color_scheme": scheme}).register()
    expect(widget.ask("What is the boiling point of tungsten on Jupiter?").locator(".person")).to_be_visible()
    assert _violations(widget) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_a_network(opened: Opened, scheme: str) -> None:
    widget = opened(browser={"color_scheme": scheme}).register()
    widget.page.context.set_offline(True)
    expect(widget.inside("#connection")).to_be_visible()
    widget.write(_QUESTION)
    expect(widget.inside(".message.unsent")).to_be_visible()
    assert _violations(widget) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_right_to_left(opened: Opened, scheme: str) -> None:
    widget = opened(browser={"color_scheme": scheme}, page={"html": 'lang="ar" dir="rtl"'})
    assert _violations(widget) == []
    widget.register().ask(_QUESTION)
    assert _violations(widget) == []


def test_the_menu(opened: Opened) -> None:
    widget = opened().register()
    widget.inside("#more").click()
    expect(widget.inside("#menu")).to_be_visible()
    assert _violations(widget) == []


def test_an_agent_that_is_not_there(opened: Opened, visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor()
    widget.page.add_init_script(_AXE)
    widget.visit(embed("00000000-0000-0000-0000-000000000000")).click_bubble()
    expect(widget.inside("body")).not_to_be_empty()
    assert _violations(widget) == []


def test_the_page_around_it(opened: Opened) -> None:
    widget = opened()
    widget.page.evaluate("Frontdesk.close()")
    found = widget.page.evaluate(_RUN, _RULES)
    assert [each for each in found if "frontdesk" in str(each)] == []


def test_the_bubble_has_a_name_and_says_whether_it_is_open(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed())
    session = widget.page.context.new_cdp_session(widget.page)

    def bubble() -> Any:
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
        (button,) = [each for each in nodes if each.get("role", {}).get("value") == "button"]
        state = {each["name"]: each["value"]["value"] for each in button["properties"]}
        return button["name"]["value"], state["expanded"]

    name, expanded = bubble()
    assert name
    assert expanded is False
    widget.open()
    assert bubble()[1] is True
