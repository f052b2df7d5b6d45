"""In the visitor's language, from left to right or from right to left."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Chatting, Company, Embed, NewVisitor

_LANGUAGES = ["en", "es", "de", "fr", "pt", "ar", "hi", "zh"]


@pytest.mark.parametrize("language", _LANGUAGES)
def test_the_panel_speaks_the_language_of_the_page(visitor: NewVisitor, embed: Embed, language: str) -> None:
    widget = visitor().visit(embed(page={"html": f'lang="{language}"'})).open()
    expect(widget.inside("html")).to_have_attribute("lang", language)
    expect(widget.inside("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    labels = widget.inside("#register label").all_inner_texts()
    assert len(labels) >= 3
    assert ("First name" in labels) == (language == "en")


def test_the_tag_says_another_language_than_the_page(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed(lang="es-MX")).open()
    expect(widget.inside("html")).to_have_attribute("lang", "es")


def test_the_bubble_is_on_the_left_of_a_page_that_is_read_from_the_right(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed(page={"html": 'lang="ar" dir="rtl"'}))
    widget.page.mouse.click(50, widget.bubble()[1])
    expect(widget.wait_until_usable().inside("#register")).to_be_visible()


def test_each_message_has_its_own_direction(chatting: Chatting, company: Company) -> None:
    widget = chatting(page={"html": 'lang="ar" dir="rtl"'})
    answer = widget.ask("When is the bicycle shop on Harbour Street open?")
    direction = "node => getComputedStyle(node).direction"
    assert answer.locator(".text").evaluate(direction) == "ltr"
    assert widget.questions.locator(".text").evaluate(direction) == "ltr"
    assert widget.inside("#log").evaluate(direction) == "rtl"


def test_the_answer_comes_in_the_language_of_the_question(chatting: Chatting) -> None:
    widget = chatting(page={"html": 'lang="es"'})
    expect(widget.ask("¿Cuántos años de garantía tiene la batería?")).to_contain_text("cuatro años")
