"""Text that wants to be more: written by a model, in a document, or by the visitor."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Chatting, Company
from tests.browser.model import ScriptedModel
from tests.browser.payloads import PAYLOADS
from tests.browser.widget import Widget

# What Markdown and the panel itself are made of. Everything else would have come out of a text.
_EXPECTED = {
    *("div", "p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "sup", "a", "span"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "button", "svg", "path"),
    *("figure", "figcaption", "b"),
}
_SURVEY = """node => {
    const all = [...node.querySelectorAll('*')];
    return {
        names: [...new Set(all.map((each) => each.localName))],
        handlers: all.flatMap((each) => each.getAttributeNames())
            .filter((name) => name.startsWith('on') || name === 'style'),
        addresses: all.flatMap((each) => ['href', 'src', 'action', 'data', 'srcdoc', 'formaction', 'xlink:href']
            .map((name) => each.getAttribute(name)).filter((value) => value !== null)),
    };
}"""


def _assert_only_text(widget: Widget, node: Locator) -> None:
    found = node.evaluate(_SURVEY)
    assert set(found["names"]) <= _EXPECTED
    assert found["handlers"] == []
    assert [each for each in found["addresses"] if not each.startswith(("https://", "http://", "mailto:"))] == []


def _assert_nothing_ran(widget: Widget) -> None:
    assert widget.heard.dialogs == []
    assert widget.heard.errors == []
    assert widget.heard.refusals == []
    assert widget.frame.evaluate("window.hit") is None
    assert widget.page.evaluate("window.hit") is None
    assert not [each for each in widget.heard.requests if "example.com" in each]


@pytest.fixture
def safely(chatting: Chatting) -> Iterator[Chatting]:
    """Like `chatting`; in the end nothing may have run in any of the widgets."""
    widgets: list[Widget] = []

    def start(agent: str | None = None) -> Widget:
        widgets.append(chatting(agent))
        return widgets[-1]

    yield start
    for widget in widgets:
        _assert_nothing_ran(widget)


def _click_all_links(node: Locator) -> None:
    """What a link would do, it does when it is clicked; those that lead out are told apart by their address."""
    node.evaluate(
        "node => node.querySelectorAll('a:not([href^=http]):not([href^=mailto])').forEach((each) => each.click())"
    )


def test_written_by_a_model(safely: Chatting, company: Company, model: ScriptedModel) -> None:
    text = "\n\n".join(f"{name}: {payload}" for name, payload in PAYLOADS.items())
    # In pieces, so that the halves of tags and links are drawn as well.
    model.will_say("payloads", [text[at : at + 23] for at in range(0, len(text), 23)])
    widget = safely(company.max)
    answer = widget.ask("When is the bicycle shop on Harbour Street open? #say-payloads")
    _click_all_links(answer)
    _assert_only_text(widget, answer)
    expect(answer).to_contain_text("<script>window.hit=1;alert(1)</script>")


@pytest.mark.parametrize("part", range(5))
def test_each_written_by_a_model_alone(safely: Chatting, company: Company, model: ScriptedModel, part: int) -> None:
    """Alone, since one that is not closed may swallow those after it."""
    widget = safely(company.max)
    for name in list(PAYLOADS)[part::5]:
        model.will_say(name, [PAYLOADS[name]])
        answer = widget.ask(f"When is the bicycle shop on Harbour Street open? #say-{name}")
        _click_all_links(answer)
        _assert_only_text(widget, answer)


def test_written_in_a_document(safely: Chatting) -> None:
    widget = safely()
    for name in ("badger", "coyote", "cobra", "donkey", "raccoon"):
        answer = widget.ask(f"What does the note called {name} of the workshop say?")
        for citation in answer.locator(".chip").all():
            citation.click()
            expect(answer.locator(".passage:visible")).to_have_count(1)
            _assert_only_text(widget, answer)
        _click_all_links(answer)


def test_written_by_the_visitor(safely: Chatting, company: Company) -> None:
    widget = safely()
    text = "\n".join(PAYLOADS.values())[:3_900]
    widget.write(text)
    expect(widget.questions).to_have_count(1)
    assert widget.questions.locator(".text").evaluate("node => node.childElementCount") == 0
    assert (
        widget.questions.locator(".text").evaluate("node => node.textContent") == company.messages(widget)[0]["content"]
    )
    widget.page.reload()
    widget.wait_for_bubble().open()
    expect(widget.questions).to_have_count(1)
    assert widget.questions.locator(".text").evaluate("node => node.childElementCount") == 0


def test_links_that_are_meant_as_such_open_beside_the_page(
    safely: Chatting, company: Company, model: ScriptedModel
) -> None:
    model.will_say("links", ["[Site](https://example.org/a?b=c&d) or https://example.org/x. Mail <a@example.org>."])
    answer = safely(company.max).ask("When is the bicycle shop on Harbour Street open? #say-links")
    links = answer.locator(".text a")
    expect(links).to_have_count(2)
    expect(links.first).to_have_attribute("href", "https://example.org/a?b=c&d")
    for link in links.all():
        expect(link).to_have_attribute("target", "_blank")
        assert "noopener" in str(link.get_attribute("rel"))


def test_a_name_that_is_html_stays_text(chatting: Chatting, company: Company) -> None:
    payload = "<img src=x onerror=window.hit=1>"
    widget = chatting(company.new_agent(name=payload, greeting=f"Hello from {payload}"))
    expect(widget.inside("h1")).to_have_text(payload)
    expect(widget.inside("body")).to_contain_text(f"Hello from {payload}")
    _assert_nothing_ran(widget)
