"""Pages that a browser keeps, to show them again at once when somebody goes back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, expect

from scripts.browser import launch
from tests.browser.conftest import Company, Embed
from tests.browser.host_pages import HostPages
from tests.browser.model import ScriptedModel
from tests.browser.widget import Widget

_QUESTION = "When is the bicycle shop on Harbour Street open?"


@pytest.fixture
def widget(playwright: Playwright, embed: Embed, company: Company) -> Iterator[Widget]:
    """A registered visitor in a browser that keeps pages, as Playwright's usually don't."""
    browser = launch(playwright.chromium, without=["--disable-back-forward-cache"])
    page = browser.new_page()
    page.set_default_timeout(10_000)
    page.add_init_script("addEventListener('pageshow', (event) => { window.kept = event.persisted; });")
    widget = Widget(page).visit(embed(company.max)).open().register()
    page.evaluate("() => { window.answers = 0; Frontdesk.on('message', () => { window.answers += 1; }); }")
    yield widget
    browser.close()


def _leave(widget: Widget, hosts: HostPages) -> None:
    widget.page.goto(hosts.add("<title>Elsewhere</title>", host="elsewhere.localhost"))


def _come_back(widget: Widget) -> None:
    """From here on Playwright doesn't find the frame of a kept page: what happens there, the page around it hears."""
    widget.page.evaluate("() => { setTimeout(() => history.back()); }")
    # A kept page is not loaded: there is no more to wait for than that it is back.
    widget.page.wait_for_url(lambda url: "shop.localhost" in url, wait_until="commit")
    widget.page.wait_for_function("window.kept === true")


def _wait_for_answers(widget: Widget, count: int) -> None:
    widget.page.wait_for_function("count => window.answers === count", arg=count)


def test_it_listens_again(widget: Widget, hosts: HostPages, company: Company) -> None:
    widget.ask(_QUESTION)
    _wait_for_answers(widget, 1)
    conversation = widget.remembered()["conversation"]
    _leave(widget, hosts)
    _come_back(widget)
    # Asked elsewhere, so that it can only be heard of.
    company.api.call("POST", f"/v1/conversation/{conversation}/chat", {"message": _QUESTION})
    _wait_for_answers(widget, 2)


def test_an_answer_that_came_meanwhile_is_there(widget: Widget, hosts: HostPages, model: ScriptedModel) -> None:
    script = model.will_say("away", ["One ", "two ", "three ", "four."], holds_after=2)
    widget.write(f"{_QUESTION} #say-away")
    expect(widget.draft).to_contain_text("One")
    _leave(widget, hosts)
    script.go_on()
    _come_back(widget)
    _wait_for_answers(widget, 1)
