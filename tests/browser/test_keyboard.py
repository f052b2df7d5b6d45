"""Without a mouse, and with input methods."""

import pytest
from playwright.sync_api import CDPSession, expect

from tests.browser.conftest import Chatting, Company, Embed, NewVisitor
from tests.browser.widget import Widget


def _focused_inside(widget: Widget) -> str:
    name: str = widget.frame.evaluate("document.activeElement.name || document.activeElement.id")
    return name


def _on_the_bubble(widget: Widget) -> bool:
    on: bool = widget.page.evaluate("document.activeElement.localName === 'frontdesk-widget'")
    return on


def _tab_to_the_bubble(widget: Widget) -> None:
    for _ in range(5):
        widget.page.keyboard.press("Tab")
        if _on_the_bubble(widget):
            return
    raise AssertionError("the bubble is not in the order of the keyboard")


def test_from_the_page_to_an_answer_and_back(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed())
    keyboard = widget.page.keyboard
    _tab_to_the_bubble(widget)
    keyboard.press("Enter")
    widget.wait_until_usable()
    expect(widget.inside("[name=first_name]")).to_be_focused()
    for value in ("Vera", "Visitor", "vera@example.com"):
        keyboard.type(value)
        keyboard.press("Tab")
    while name := _focused_inside(widget):
        if name.startswith("consent"):
            keyboard.press("Space")
        keyboard.press("Tab")
    keyboard.press("Enter")
    expect(widget.composer).to_be_focused()
    keyboard.type("When is the bicycle shop on Harbour Street open?")
    keyboard.press("Enter")
    expect(widget.answers).to_contain_text("nine in the morning")
    keyboard.press("Escape")
    assert _on_the_bubble(widget)
    keyboard.press("Enter")
    expect(widget.composer).to_be_focused()


def test_escape_closes_and_gives_the_focus_back(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed())
    _tab_to_the_bubble(widget)
    widget.page.keyboard.press("Space")
    widget.wait_until_usable()
    expect(widget.inside("[name=first_name]")).to_be_focused()
    widget.page.keyboard.press("Escape")
    widget.page.wait_for_function("document.activeElement.localName === 'frontdesk-widget'")


def test_the_close_button_gives_the_focus_back(chatting: Chatting) -> None:
    widget = chatting()
    widget.inside("#close").press("Enter")
    widget.page.wait_for_function("document.activeElement.localName === 'frontdesk-widget'")


def test_tab_leaves_the_panel_again(chatting: Chatting) -> None:
    widget = chatting()
    for _ in range(15):
        widget.page.keyboard.press("Tab")
        if widget.page.evaluate("document.activeElement.localName !== 'frontdesk-widget'"):
            return
    raise AssertionError("the keyboard is caught in the panel")


def test_a_closed_panel_is_not_in_the_order_of_the_keyboard(chatting: Chatting) -> None:
    widget = chatting()
    widget.page.keyboard.press("Escape")
    widget.page.wait_for_function("document.activeElement.localName === 'frontdesk-widget'")
    widget.frame.frame_element().wait_for_element_state("hidden")
    widget.page.keyboard.press("Shift+Tab")
    assert not _on_the_bubble(widget)


@pytest.fixture
def composing(chatting: Chatting) -> tuple[Widget, CDPSession]:
    """A visitor who writes by an input method."""
    widget = chatting()
    widget.composer.focus()
    try:
        session = widget.page.context.new_cdp_session(widget.frame)
    except Exception:  # the frame shares its page's process
        session = widget.page.context.new_cdp_session(widget.page)
    return widget, session


def test_enter_while_composing_sends_nothing(composing: tuple[Widget, CDPSession], company: Company) -> None:
    widget, session = composing
    session.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    expect(widget.composer).to_have_value("にほん")
    # What a key of an input method looks like to a page: the code 229, in the middle of composing.
    session.send(
        "Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    )
    session.send("Input.insertText", {"text": "日本"})
    expect(widget.composer).to_have_value("日本")
    expect(widget.inside(".message[data-role=user]")).to_have_count(0)
    widget.page.keyboard.press("Enter")
    expect(widget.inside(".message[data-role=user]")).to_have_text("日本")


def test_shift_enter_begins_a_line(chatting: Chatting) -> None:
    widget = chatting()
    widget.composer.fill("one")
    widget.composer.press("Shift+Enter")
    widget.page.keyboard.type("two")
    expect(widget.composer).to_have_value("one\ntwo")
    expect(widget.inside(".message[data-role=user]")).to_have_count(0)
