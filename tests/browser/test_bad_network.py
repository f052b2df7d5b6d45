"""Answers arrive whole, once and in order, whatever the network does."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Chatting, Company
from tests.browser.faults import FaultyNetwork
from tests.browser.model import ScriptedModel
from tests.browser.widget import Widget

_QUESTION = "When is the bicycle shop on Harbour Street open?"
_WORDS = [f"word{number} " for number in range(1, 10)]


def _assert_whole(widget: Widget, company: Company) -> None:
    """What is shown is what is stored, and no text that stood there in between had anything twice."""
    (answer,) = [each for each in company.messages(widget) if each["role"] == "assistant"]
    final = " ".join(answer["content"].split())
    shown = widget.answers.locator(".text")
    expect(shown).to_have_text(final)
    for text in widget.watched():
        assert final.startswith(" ".join(text.split())), text


@pytest.mark.parametrize("k", range(1, 9))
def test_streams_that_end_after_every_few_events(
    chatting: Chatting, company: Company, model: ScriptedModel, network: FaultyNetwork, k: int
) -> None:
    model.will_say(f"cut{k}", _WORDS, gap=0.08)
    widget = chatting(company.max, origin=network.origin).watch()
    network.cut_streams(after=k, reset=k % 2 == 0)
    widget.write(f"{_QUESTION} #say-cut{k}")
    expect(widget.answers).to_have_count(1, timeout=30_000)
    _assert_whole(widget, company)
    # It went on after what it had: each stream but the first says where.
    assert k == 8 or any(network.resumed_from[1:])


def test_a_reload_in_the_middle_of_an_answer(chatting: Chatting, company: Company, model: ScriptedModel) -> None:
    script = model.will_say("reload", _WORDS, holds_after=3)
    widget = chatting(company.max)
    widget.write(f"{_QUESTION} #say-reload")
    expect(widget.draft).to_contain_text("word1")
    widget.page.reload()
    widget.wait_for_bubble().open()
    expect(widget.questions).to_have_count(1)
    widget.watch()
    script.go_on()
    expect(widget.answers).to_have_count(1)
    _assert_whole(widget, company)


def test_an_answer_that_is_stored_between_reading_and_listening(
    chatting: Chatting, company: Company, model: ScriptedModel, network: FaultyNetwork
) -> None:
    script = model.will_say("between", _WORDS, holds_after=3)
    widget = chatting(company.max, origin=network.origin)
    widget.write(f"{_QUESTION} #say-between")
    expect(widget.draft).to_contain_text("word1")
    network.hold_streams()
    widget.page.reload()
    widget.wait_for_bubble().open()
    expect(widget.questions).to_have_count(1)
    script.go_on()
    company.wait_for_answer(widget)
    network.release_streams()
    expect(widget.answers).to_have_count(1)


def test_offline_and_back_in_the_middle_of_an_answer(
    chatting: Chatting, company: Company, model: ScriptedModel, network: FaultyNetwork
) -> None:
    script = model.will_say("offline", _WORDS, holds_after=3)
    widget = chatting(company.max, origin=network.origin).watch()
    widget.write(f"{_QUESTION} #say-offline")
    expect(widget.draft).to_contain_text("word1")
    network.go_down()
    widget.page.context.set_offline(True)
    expect(widget.inside("#connection")).to_be_visible()
    script.go_on()
    network.come_back()
    widget.page.context.set_offline(False)
    expect(widget.answers).to_have_count(1)
    expect(widget.inside("#connection")).to_be_hidden()
    _assert_whole(widget, company)


def test_what_is_written_offline_is_sent_once_when_the_network_is_back(
    chatting: Chatting, company: Company, network: FaultyNetwork
) -> None:
    widget = chatting(origin=network.origin)
    widget.ask(_QUESTION)
    network.go_down()
    widget.page.context.set_offline(True)
    widget.write("How much does a puncture cost to repair?")
    expect(widget.inside(".message.unsent")).to_contain_text("puncture")
    network.come_back()
    widget.page.context.set_offline(False)
    expect(widget.answers).to_have_count(2)
    expect(widget.inside(".message.unsent")).to_have_count(0)
    assert [each["role"] for each in company.messages(widget)] == ["user", "assistant"] * 2


def test_what_is_written_offline_outlives_a_reload(
    chatting: Chatting, company: Company, network: FaultyNetwork
) -> None:
    widget = chatting(origin=network.origin)
    widget.ask(_QUESTION)
    network.drop_answers("POST /v1/conversation", times=1_000)
    widget.write("How much does a puncture cost to repair?")
    expect(widget.inside(".message.unsent")).to_have_count(1)
    widget.page.reload()
    network.heal()
    widget.wait_for_bubble().open()
    expect(widget.answers).to_have_count(2)
    assert [each["role"] for each in company.messages(widget)] == ["user", "assistant"] * 2


def test_a_receipt_that_is_lost_does_not_ask_twice(
    chatting: Chatting, company: Company, network: FaultyNetwork
) -> None:
    widget = chatting(origin=network.origin)
    widget.ask(_QUESTION)
    network.drop_answers("POST /v1/conversation", times=1)
    widget.ask("How much does a puncture cost to repair?")
    expect(widget.inside(".message.unsent")).to_have_count(0)
    assert [each["role"] for each in company.messages(widget)] == ["user", "assistant"] * 2
    expect(widget.questions).to_have_count(2)


def test_a_server_that_restarts_in_the_middle(
    chatting: Chatting, company: Company, model: ScriptedModel, network: FaultyNetwork
) -> None:
    script = model.will_say("restart", _WORDS, holds_after=3)
    widget = chatting(company.max, origin=network.origin).watch()
    widget.write(f"{_QUESTION} #say-restart")
    expect(widget.draft).to_contain_text("word1")
    network.go_down()
    expect(widget.inside("#connection")).to_be_visible()
    script.go_on()
    network.come_back()
    expect(widget.answers).to_have_count(1, timeout=20_000)
    _assert_whole(widget, company)


def test_two_tabs_show_the_same(chatting: Chatting, company: Company, model: ScriptedModel) -> None:
    script = model.will_say("tabs", _WORDS, holds_after=3)
    one = chatting(company.max).watch()
    two = Widget(one.page.context.new_page()).visit(one.page.url).open()
    expect(two.composer).to_be_visible()
    one.write(f"{_QUESTION} #say-tabs")
    expect(one.draft).to_contain_text("word1")
    script.go_on()
    for tab in (one, two):
        expect(tab.answers).to_have_count(1)
        expect(tab.questions).to_have_count(1)
        expect(tab.answers.locator(".text")).to_have_text("".join(_WORDS).strip())
    two.ask("How much does a puncture cost to repair?")
    expect(one.answers).to_have_count(2)
    assert [each["role"] for each in company.messages(one)] == ["user", "assistant"] * 2


def test_a_visitor_who_comes_back_finds_the_conversation(chatting: Chatting) -> None:
    widget = chatting()
    widget.ask(_QUESTION)
    page = widget.page.context.new_page()
    widget.page.close()
    again = Widget(page).visit(widget.page.url).open()
    expect(again.answers).to_contain_text(re.compile("nine in the morning"))
    expect(again.inside("#register")).to_have_count(0)
