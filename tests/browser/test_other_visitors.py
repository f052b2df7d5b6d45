"""One browser, several people: nobody ever meets what somebody else said, however slow the network is."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from playwright.sync_api import Route, expect

from app.core.clock import now
from tests.browser.conftest import Company, Embed, NewVisitor
from tests.browser.widget import Widget

_CARLAS = "Carla's own words"


class Held:
    """Requests to an address, from now on; they go on when they are told to."""

    def __init__(self, widget: Widget, address: str, method: str = "POST") -> None:
        self._routes: list[Route] = []
        self._widget = widget

        def hold(route: Route) -> None:
            self._routes.append(route) if route.request.method == method else route.continue_()

        widget.page.route(address, hold)

    def wait(self) -> None:
        """Waits until there is one."""
        for _ in range(400):
            if self._routes:
                return
            self._widget.page.wait_for_timeout(25)
        raise AssertionError("nothing was asked for")

    def release(self) -> None:
        """Passes the first on, and waits for its answer and what the panel makes of it."""
        self.wait()
        request = self._routes[0].request
        with self._widget.page.expect_event("requestfinished", lambda each: each is request):
            self._routes[0].continue_()
        self._widget.frame.evaluate("() => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 300))")


@pytest.fixture
def agent(company: Company) -> str:
    """An agent that has an identity secret."""
    return company.new_agent()


@pytest.fixture
def sign_in(company: Company, agent: str) -> Callable[..., None]:
    """Has the page say who is there: `sign_in(widget, "carla")`."""
    secret = company.api.call("POST", f"/v1/agent/{agent}/identity-secret")["secret"]

    def sign_in(widget: Widget, sub: str, **claims: Any) -> None:
        said = {"sub": sub, "aud": agent, "exp": int(now().timestamp()) + 60, **claims}
        widget.page.evaluate("token => Frontdesk.identify(token)", jwt.encode(said, secret, algorithm="HS256"))

    return sign_in


@pytest.fixture
def carla(visitor: NewVisitor, embed: Embed, agent: str, sign_in: Callable[..., None]) -> Widget:
    """A panel that Carla is signed in to."""
    widget = visitor().visit(embed(agent))
    sign_in(widget, "carla")
    widget.open()
    expect(widget.composer).to_be_visible()
    return widget


def test_a_conversation_that_is_opened_too_late_is_nobodys(carla: Widget, sign_in: Callable[..., None]) -> None:
    opening = Held(carla, "**/v1/conversation")
    carla.write(_CARLAS)
    opening.wait()
    lead = carla.remembered()["lead"]
    sign_in(carla, "dora")
    expect(carla.inside(".unsent")).to_have_count(0)
    expect(carla.composer).to_be_visible()
    opening.release()
    assert carla.remembered()["lead"] != lead
    assert "conversation" not in carla.remembered()
    expect(carla.inside("#log")).not_to_contain_text(_CARLAS)


def test_a_message_that_arrives_too_late_is_not_shown(carla: Widget, sign_in: Callable[..., None]) -> None:
    sending = Held(carla, "**/chat")
    carla.write(_CARLAS)
    sending.wait()
    sign_in(carla, "dora")
    expect(carla.inside(".unsent")).to_have_count(0)
    expect(carla.composer).to_be_visible()
    sending.release()
    expect(carla.inside("#log")).not_to_contain_text(_CARLAS)


def test_a_message_that_arrives_after_starting_over_is_not_shown(carla: Widget) -> None:
    sending = Held(carla, "**/chat")
    carla.write(_CARLAS)
    sending.wait()
    carla.inside("#more").click()
    carla.inside("#menu button").first.click()
    expect(carla.inside(".unsent")).to_have_count(0)
    sending.release()
    expect(carla.inside("#log")).not_to_contain_text(_CARLAS)


def test_nothing_is_shown_before_the_next_visitor_is_proven(carla: Widget, sign_in: Callable[..., None]) -> None:
    carla.write(_CARLAS)
    expect(carla.questions).to_have_count(1)
    carla.visit(carla.page.url)
    identifying = Held(carla, "**/v1/lead/identify")
    sign_in(carla, "dora")
    carla.page.evaluate("Frontdesk.open()")
    identifying.wait()
    expect(carla.inside("#log")).not_to_be_visible()
    identifying.release()
    expect(carla.inside("#log")).to_be_visible()
    expect(carla.inside("#log")).not_to_contain_text(_CARLAS)
    expect(carla.composer).to_be_focused()


def test_what_a_stranger_said_is_hidden_until_it_is_known_who_is_there(
    visitor: NewVisitor, embed: Embed, agent: str, sign_in: Callable[..., None]
) -> None:
    widget = visitor().visit(embed(agent)).open().register().write(_CARLAS)
    expect(widget.questions).to_have_count(1)
    identifying = Held(widget, "**/v1/lead/identify")
    sign_in(widget, "dora", exp=1)
    identifying.wait()
    expect(widget.inside("#log")).not_to_be_visible()
    identifying.release()
    # Nobody has been proven to be there, so it is the same person as before.
    expect(widget.questions).to_be_visible()


def test_the_same_visitor_waits_for_nothing(carla: Widget, sign_in: Callable[..., None]) -> None:
    carla.write(_CARLAS)
    expect(carla.questions).to_have_count(1)
    carla.visit(carla.page.url)
    Held(carla, "**/v1/lead/identify")
    sign_in(carla, "carla")
    carla.open()
    expect(carla.questions).to_be_visible()


def test_who_signs_out_meanwhile_is_not_signed_in(
    visitor: NewVisitor, embed: Embed, agent: str, sign_in: Callable[..., None]
) -> None:
    widget = visitor().visit(embed(agent)).open()
    identifying = Held(widget, "**/v1/lead/identify")
    sign_in(widget, "carla")
    identifying.wait()
    widget.page.evaluate("Frontdesk.identify(null)")
    expect(widget.inside("#register")).to_be_visible()
    identifying.release()
    assert "token" not in widget.remembered()


def test_a_renewed_token_of_the_one_before_is_not_kept(carla: Widget, sign_in: Callable[..., None]) -> None:
    _spoil_token(carla)
    renewing = Held(carla, "**/v1/lead/refresh")
    carla.write(_CARLAS)
    renewing.wait()
    sign_in(carla, "dora")
    expect(carla.inside(".unsent")).to_have_count(0)
    expect(carla.composer).to_be_visible()
    dora = carla.remembered()
    renewing.release()
    assert carla.remembered() == dora


@pytest.mark.parametrize("what", ["lead", "conversation"])
def test_what_the_team_deletes_leaves_no_warning_behind(carla: Widget, company: Company, what: str) -> None:
    carla.write(_CARLAS)
    expect(carla.questions).to_have_count(1)
    company.api.call("DELETE", f"/v1/{what}/{carla.remembered()[what]}")
    expect(carla.questions).to_have_count(0, timeout=30_000)
    expect(carla.inside("#connection")).to_be_hidden()


def _spoil_token(widget: Widget) -> None:
    widget.frame.evaluate(
        """() => { for (const name of Object.keys(localStorage)) {
            localStorage.setItem(name, JSON.stringify({ ...JSON.parse(localStorage.getItem(name)), token: 'expired' }));
        } }"""
    )
