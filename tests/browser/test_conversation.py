"""Asking and reading."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Chatting, Company
from tests.browser.model import ScriptedModel

_OPEN = "When is the bicycle shop on Harbour Street open?"


def test_an_answer_comes_with_its_sources(chatting: Chatting) -> None:
    answer = chatting().ask(_OPEN)
    expect(answer).to_contain_text("nine in the morning")
    expect(answer.locator(".citation").first).to_be_visible()


def test_a_citation_opens_its_passage(chatting: Chatting) -> None:
    answer = chatting().ask(_OPEN)
    expect(answer.locator(".passage:visible")).to_have_count(0)
    answer.locator("button.citation").first.click()
    expect(answer.locator(".passage:visible")).to_contain_text("nine in the morning")
    answer.locator("button.citation[aria-expanded=true]").first.click()
    expect(answer.locator(".passage:visible")).to_have_count(0)


def test_the_passage_names_the_document(chatting: Chatting) -> None:
    answer = chatting().ask(_OPEN)
    answer.locator("button.citation").first.click()
    expect(answer.locator(".passage:visible figcaption")).to_contain_text(re.compile("shop|opening hours", re.I))


def test_an_unknown_thing_is_refused_and_a_person_offered(chatting: Chatting) -> None:
    answer = chatting().ask("What is the boiling point of tungsten on Jupiter?")
    expect(answer.locator(".person")).to_be_visible()
    expect(answer.locator(".citation")).to_have_count(0)


def test_what_is_shown_is_what_is_stored(chatting: Chatting, company: Company) -> None:
    widget = chatting()
    widget.ask("How long is the battery of an electric bicycle under warranty?")
    asked, answered = company.messages(widget)
    assert asked["content"] == "How long is the battery of an electric bicycle under warranty?"
    first_words = answered["content"].split("[")[0].strip()[:60]
    expect(widget.answers.last).to_contain_text(first_words)


def test_the_text_appears_while_it_is_written(chatting: Chatting, company: Company, model: ScriptedModel) -> None:
    script = model.will_say("slowly", ["One ", "two ", "three ", "four."], holds_after=2)
    widget = chatting(company.max)
    widget.write(f"{_OPEN} #say-slowly")
    expect(widget.draft).to_contain_text("One")
    expect(widget.answers).to_have_count(0)
    script.go_on()
    expect(widget.answers).to_contain_text("One two three four.")


@pytest.mark.parametrize("rating", ["up", "down"])
def test_a_thumb_reaches_the_team(chatting: Chatting, company: Company, rating: str) -> None:
    widget = chatting()
    answer = widget.ask(_OPEN)
    with widget.page.expect_response(re.compile("/feedback$")):
        answer.locator(f"button.thumb[data-rating={rating}]").click()
    expect(answer.locator("button.thumb[aria-pressed=true]")).to_have_attribute("data-rating", rating)
    assert company.messages(widget)[1]["feedback"]["rating"] == rating


def test_a_thumb_can_be_taken_back(chatting: Chatting, company: Company) -> None:
    widget = chatting()
    thumb = widget.ask(_OPEN).locator("button.thumb[data-rating=up]")
    for pressed in ("true", "false"):
        with widget.page.expect_response(re.compile("/feedback$")):
            thumb.click()
        expect(thumb).to_have_attribute("aria-pressed", pressed)
    assert company.messages(widget)[1]["feedback"] is None


def test_a_follow_up_stays_in_the_conversation(chatting: Chatting, company: Company) -> None:
    widget = chatting()
    widget.ask(_OPEN)
    widget.ask("How much does a puncture cost to repair?")
    assert [each["role"] for each in company.messages(widget)] == ["user", "assistant", "user", "assistant"]


def test_only_the_finished_answer_is_announced(chatting: Chatting, company: Company, model: ScriptedModel) -> None:
    script = model.will_say("announced", ["Half ", "and whole."], holds_after=1)
    widget = chatting(company.max)
    widget.write(f"{_OPEN} #say-announced")
    expect(widget.draft).to_contain_text("Half")
    announcer = widget.inside("[aria-live=polite]")
    expect(announcer).not_to_contain_text("Half")
    script.go_on()
    expect(announcer).to_contain_text("Half and whole.")


def test_a_model_that_fails_is_replaced_by_the_documents(
    chatting: Chatting, company: Company, model: ScriptedModel
) -> None:
    model.will_say("refuses", [], status=400)
    widget = chatting(company.max)
    expect(widget.ask(f"{_OPEN} #say-refuses")).to_contain_text("nine in the morning")
