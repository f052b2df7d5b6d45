"""What is shown when there is nothing to show, and how people get away from it; and that the bubble can be seen."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Company, Embed, NewVisitor
from tests.browser.host_pages import HostPages, script_tag
from tests.browser.installation import Installation
from tests.browser.widget import PANEL, Widget

_NOBODY = "00000000-0000-0000-0000-000000000000"
_PHONE = {"viewport": {"width": 390, "height": 800}}


@pytest.fixture
def pried(visitor: NewVisitor, embed: Embed) -> Callable[..., Widget]:
    """A widget whose shadow root is open, so that what is in there can be looked at."""

    def start(agent: str | None = None, *, browser: Any = None, **how: Any) -> Widget:
        widget = visitor(**(browser or {}))
        widget.page.add_init_script(
            "const attach = Element.prototype.attachShadow;"
            "Element.prototype.attachShadow = function () { return attach.call(this, { mode: 'open' }); };"
        )
        return widget.visit(embed(agent, **how))

    return start


def test_an_agent_that_is_not_there_is_seen_to_be_away(pried: Callable[..., Widget]) -> None:
    widget = pried(_NOBODY)
    widget.page.evaluate("Frontdesk.open()")
    expect(widget.page.locator("frontdesk-widget iframe")).to_have_css("opacity", "1")
    expect(widget.page.locator("frontdesk-widget .wait")).to_be_hidden()
    widget.inside("h1").wait_for()
    assert widget.heard.errors == []


def test_escape_closes_its_page(pried: Callable[..., Widget]) -> None:
    widget = pried(_NOBODY)
    widget.page.evaluate("Frontdesk.open()")
    expect(widget.page.locator("frontdesk-widget .wait")).to_be_hidden()
    widget.inside("body").press("Escape")
    expect(widget.page.locator("frontdesk-widget .bubble")).to_be_focused()


def test_a_phone_can_close_what_does_not_come(pried: Callable[..., Widget]) -> None:
    widget = pried(browser=_PHONE)
    widget.page.route(f"**{PANEL}**", lambda route: None)  # never answered
    bubble = widget.page.locator("frontdesk-widget .bubble")
    widget.page.evaluate("Frontdesk.open()")
    bubble.click()
    expect(bubble).to_have_attribute("aria-expanded", "false")


def test_there_is_room_on_low_screens(pried: Callable[..., Widget]) -> None:
    """A phone that is held across, or a page that is zoomed to 200 %."""
    widget = pried(browser={"viewport": {"width": 640, "height": 360}}).open()
    box = widget.page.locator("frontdesk-widget .panel").bounding_box()
    assert box
    assert box["height"] == 360


@pytest.mark.parametrize("color", ["#22c55e", "#00ee00", "#808080", "#767676", "#ffff00", "#ff0000", "#0f766e"])
def test_the_bubble_can_be_read_in_any_color(pried: Callable[..., Widget], color: str) -> None:
    widget = pried(color=color)
    ink = widget.page.locator("frontdesk-widget .bubble").evaluate("node => getComputedStyle(node).color")
    assert _contrast(color, ink) >= 4.5


@pytest.mark.parametrize("color", ["#767676", "#22c55e", "#ff0000"])
def test_the_panel_can_be_read_in_any_color(pried: Callable[..., Widget], company: Company, color: str) -> None:
    widget = pried(company.new_agent(widget_config={"primary_color": color})).open()
    ink = widget.inside("header h1").evaluate("node => getComputedStyle(node).color")
    assert _contrast(color, ink) >= 4.5


def test_who_destroys_it_before_there_is_a_body_gets_none(
    visitor: NewVisitor, hosts: HostPages, installation: Installation, company: Company
) -> None:
    tag = script_tag(installation.origin, company.pia).replace("async ", "")
    page = visitor().page
    page.goto(hosts.add(f"<!doctype html><head>{tag}<script>Frontdesk.destroy()</script></head><body>Shop</body>"))
    assert page.evaluate("document.body.textContent + typeof window.Frontdesk") == "Shopundefined"
    assert page.locator("frontdesk-widget").count() == 0


def test_it_comes_back_to_a_page_that_swept_it_away(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed())
    widget.page.evaluate("document.querySelector('frontdesk-widget').remove()")
    widget.open()


def _contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    if color.startswith("#"):
        parts = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    else:
        parts = [int(each) for each in color.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (
        each / 255 / 12.92 if each / 255 <= 0.04045 else ((each / 255 + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
