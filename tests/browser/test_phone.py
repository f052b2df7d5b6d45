"""On a phone."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Embed, NewVisitor
from tests.browser.widget import Widget

_PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


@pytest.fixture
def phone(visitor: NewVisitor, embed: Embed) -> Widget:
    """A page with the widget on a phone."""
    return visitor(**_PHONE).visit(embed())


def _box(widget: Widget) -> dict[str, float]:
    box: dict[str, float] | None = widget.frame.frame_element().bounding_box()
    assert box
    return box


def test_a_tap_opens_the_whole_screen(phone: Widget) -> None:
    phone.page.touchscreen.tap(*phone.bubble())
    phone.wait_until_usable()
    phone.page.wait_for_function("matchMedia('(max-width: 480px)').matches")
    expect(phone.inside("#register")).to_be_visible()
    box = _box(phone)
    assert (box["x"], box["width"], box["height"]) == (0, 390, 844)


def test_what_is_typed_into_is_large_enough_not_to_be_zoomed(phone: Widget) -> None:
    phone.open()
    sizes = "inputs => inputs.map((input) => parseFloat(getComputedStyle(input).fontSize))"
    typed = "input:not([type=checkbox]), textarea"
    assert min(phone.inside(typed).evaluate_all(sizes)) >= 16
    phone.register()
    assert min(phone.inside("textarea").evaluate_all(sizes)) >= 16


def test_nothing_is_wider_than_the_screen(phone: Widget) -> None:
    phone.open().register().ask("When is the bicycle shop on Harbour Street open?")
    width = "document.documentElement.scrollWidth"
    assert phone.frame.evaluate(width) == 390
    assert phone.page.evaluate(width) == 390
    right = "nodes => Math.max(...nodes.map((node) => node.getBoundingClientRect().right))"
    assert phone.inside("body > *, #log .list *").evaluate_all(right) <= 391


def test_what_is_tapped_is_large_enough(phone: Widget) -> None:
    """24 CSS pixels, as WCAG 2.2 (2.5.8) asks for; links in sentences are excepted."""
    phone.open().register().ask("When is the bicycle shop on Harbour Street open?")
    small = """nodes => nodes.map((node) => [node.className || node.id, node.getBoundingClientRect()])
        .filter(([, box]) => box.width && (box.width < 24 || box.height < 24)).map(([name]) => name)"""
    found = phone.inside("button:not(.marker), input, textarea").evaluate_all(small)
    assert found == []


def test_closing_brings_the_page_back(phone: Widget) -> None:
    phone.page.touchscreen.tap(*phone.bubble())
    phone.wait_until_usable()
    phone.inside("#close").tap()
    phone.page.wait_for_function("!document.activeElement || document.activeElement.localName !== 'iframe'")
    phone.page.locator("#first-link").tap()
    assert phone.page.url.endswith("#top")
