"""Visitors whom their company knows."""

from typing import Any

import jwt
import pytest
from playwright.sync_api import expect

from app.core.clock import now
from tests.browser.conftest import Company, Embed, NewVisitor
from tests.browser.widget import Widget

_QUESTION = "When is the bicycle shop on Harbour Street open?"


class Signer:
    """The company's own server, which signs who its customers are."""

    def __init__(self, agent: str, secret: str) -> None:
        self.agent, self._secret = agent, secret

    def sign(self, sub: str, **claims: Any) -> str:
        """A token for a customer, good for a minute."""
        said = {"sub": sub, "aud": self.agent, "exp": int(now().timestamp()) + 60, **claims}
        return jwt.encode(said, self._secret, algorithm="HS256")


@pytest.fixture
def signer(company: Company) -> Signer:
    """For an agent that has a secret."""
    agent = company.new_agent()
    secret = company.api.call("POST", f"/v1/agent/{agent}/identity-secret")
    return Signer(agent, secret["secret"])


@pytest.fixture
def known(visitor: NewVisitor, embed: Embed, signer: Signer) -> Widget:
    """Carla, who has signed in to the company's site."""
    widget = visitor().visit(embed(signer.agent))
    widget.page.evaluate("token => Frontdesk.identify(token)", signer.sign("carla", email="carla@example.com"))
    return widget.open()


def test_who_is_identified_need_not_register(known: Widget) -> None:
    expect(known.composer).to_be_visible()
    known.ask(_QUESTION)


def test_another_identity_is_another_conversation(known: Widget, signer: Signer) -> None:
    known.ask(_QUESTION)
    first = known.remembered()
    known.page.evaluate("token => Frontdesk.identify(token)", signer.sign("dora"))
    expect(known.answers).to_have_count(0)
    known.ask(_QUESTION)
    second = known.remembered()
    assert first["lead"] != second["lead"]
    assert first["conversation"] != second["conversation"]


def test_the_same_identity_goes_on_where_it_was(known: Widget, signer: Signer, visitor: NewVisitor) -> None:
    known.ask(_QUESTION)
    elsewhere = visitor().visit(known.page.url)
    elsewhere.page.evaluate("token => Frontdesk.identify(token)", signer.sign("carla"))
    elsewhere.open()
    expect(elsewhere.answers).to_have_count(1)


def test_signing_out_shows_nothing_of_what_was(known: Widget) -> None:
    known.ask(_QUESTION)
    known.page.evaluate("Frontdesk.identify(null)")
    expect(known.inside("#register")).to_be_visible()
    expect(known.answers).to_have_count(0)
    assert "token" not in known.remembered()


@pytest.mark.parametrize("claims", [{"exp": 1}, {"aud": "somebody"}, {"exp": 9_999_999_999}])
def test_a_token_that_is_wrong_opens_nothing(
    visitor: NewVisitor, embed: Embed, signer: Signer, claims: dict[str, Any]
) -> None:
    widget = visitor().visit(embed(signer.agent)).open()
    with widget.page.expect_event("console"):
        widget.page.evaluate("token => Frontdesk.identify(token)", signer.sign("carla", **claims))
    expect(widget.inside("#register")).to_be_visible()
    assert "token" not in widget.remembered()
