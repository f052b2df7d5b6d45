"""Every change that webhooks are told of is one event, which says what the API says at that moment."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.api_key import ApiKey
from app.models.turn import TurnOutcome
from app.models.webhook_event import WebhookEvent
from app.services import answering, api_keys, turns
from app.services.questions import Composed
from tests.cast import Cast
from tests.rows import all_of, change
from tests.webhook.conftest import add_webhook

Call = Callable[..., Any]
# For identity secrets of agents.
SECRET = "fdi_a-secret-of-the-tests-that-is-long-enough-for-the-longest-of-the-hashes-as-well"


@pytest.fixture(autouse=True)
def _somebody_listens(database: Session, cast: Cast) -> None:
    add_webhook(database, cast.acme, "https://hooks.acme.example")


@pytest.fixture
def happens(database: Session) -> Callable[..., Any]:
    """A block in which exactly these events happen, in this order."""

    @contextmanager
    def expect(*types: str) -> Iterator[list[dict[str, Any]]]:
        before, told = len(all_of(database, WebhookEvent)), list[dict[str, Any]]()
        yield told
        events = sorted(all_of(database, WebhookEvent)[before:], key=lambda each: each.position)
        assert [each.type for each in events] == list(types)
        told += [each.data for each in events]

    return expect


@pytest.fixture
def talk(call: Call, agent: UUID) -> str:
    """A conversation of Alice's."""
    return str(call("POST", "/v1/conversation", agent_id=str(agent)).json["id"])


def test_conversations(client: FlaskClient, cast: Cast, call: Call, agent: UUID, happens: Any) -> None:
    with happens("conversation.created") as told:
        made = call("POST", "/v1/conversation", agent_id=str(agent), metadata={"page": "/returns"}).json
    assert told == [made]
    with happens("conversation.deleted") as told:
        assert call("DELETE", f"/v1/conversation/{made['id']}").status_code == 204
    (shown,) = call("GET", "/v1/conversation/deleted").json["items"]
    assert told == [shown]
    with happens("conversation.restored") as told:
        client.patch(f"/v1/conversation/{made['id']}/restore", headers=cast.alice.headers)
    assert (told[0]["id"], told[0]["deleted_at"]) == (made["id"], None)


def test_messages_that_are_answered_and_rated(
    app: Flask,
    client: FlaskClient,
    cast: Cast,
    call: Call,
    talk: str,
    happens: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with happens("message.created") as told:
        asked = call("POST", f"/v1/conversation/{talk}/chat", message="When do you open?").json
    assert told == call("GET", f"/v1/conversation/{talk}/messages").json["items"]
    monkeypatch.setattr(
        answering,
        "compose",
        lambda *_: Composed(text="At nine.", outcome=TurnOutcome.ANSWERED, language="en", confidence=0.9),
    )
    with happens("message.completed") as told, app.app_context():
        for _ in range(2):  # however often the job comes
            turns.answer(cast.acme, UUID(asked["task_id"]))
    _, answer = call("GET", f"/v1/conversation/{talk}/messages").json["items"]
    assert told == [answer]
    with happens("message.feedback") as told:
        rated = call("PUT", f"/v1/message/{answer['id']}/feedback", rating="up").json
    assert told == [rated]


def test_messages_that_can_not_be_answered(
    app: Flask, cast: Cast, call: Call, talk: str, happens: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = call("POST", f"/v1/conversation/{talk}/chat", message="When do you open?").json

    def break_down(*_: object) -> Composed:
        raise RuntimeError("broken")

    monkeypatch.setattr(answering, "compose", break_down)
    with happens("message.failed") as told, app.app_context():
        turns.answer(cast.acme, UUID(asked["task_id"]))
    assert told == call("GET", f"/v1/conversation/{talk}/messages").json["items"]
    assert told[0]["error"]["code"] == "internal_error"


def test_leads_of_the_team(call: Call, happens: Any) -> None:
    with happens("lead.created") as told:
        made = call("POST", "/v1/lead", first_name="Leo", last_name="Lead", email="leo@example.com").json
    assert told == [made]
    path = f"/v1/lead/{made['id']}"
    with happens("lead.updated") as told:
        changed = call("PUT", path, status="contacted").json
    assert told == [changed]
    with happens():
        call("PUT", path, status="contacted")  # which it is already
    with happens("lead.deleted") as told:
        call("DELETE", path)
    assert told[0]["id"] == made["id"]


def test_visitors_who_say_who_they_are(client: FlaskClient, call: Call, agent: UUID, happens: Any) -> None:
    body = {"agent_id": str(agent), "first_name": "Vera", "last_name": "Visitor", "email": "v@example.com"}
    with happens("lead.registered") as told:
        registered = client.post("/v1/lead/register", json=body).json
    assert told == [call("GET", f"/v1/lead/{registered['lead']['id']}").json]
    with happens("lead.updated"):
        client.put(
            "/v1/lead/me",
            json={"first_name": "Veronica"},
            headers={"Authorization": f"Bearer {registered['access_token']}"},
        )


def test_visitors_whom_their_company_knows(client: FlaskClient, database: Session, agent: UUID, happens: Any) -> None:
    change(database, Agent, agent, identity_secret=SECRET, identity_secret_at=all_of(database, Agent)[0].created_at)

    def identify(name: str) -> None:
        claims = {"sub": "4711", "aud": str(agent), "exp": int(time.time()) + 300, "name": name}
        body = {"agent_id": str(agent), "token": jwt.encode(claims, SECRET, "HS256")}
        assert client.post("/v1/lead/identify", json=body).status_code == 200

    with happens("lead.registered"):
        identify("Vera Visitor")
    with happens():
        identify("Vera Visitor")
    with happens("lead.updated") as told:
        identify("Vera Victor")
    assert told[0]["last_name"] == "Victor"


def test_api_keys(call: Call, happens: Any) -> None:
    with happens("api_key.created") as told:
        made = call("POST", "/v1/auth/api-keys", name="Web shop", scopes=["read"]).json
    assert told == [{name: value for name, value in made.items() if name != "secret"}]
    with happens("api_key.revoked") as told:
        for _ in range(2):
            call("DELETE", f"/v1/auth/api-keys/{made['id']}")
    assert told[0]["id"] == made["id"]


def test_api_keys_that_expire(app: Flask, database: Session, cast: Cast, call: Call, happens: Any) -> None:
    made = call("POST", "/v1/auth/api-keys", name="Web shop", expires_in_days=1).json
    revoked = call("POST", "/v1/auth/api-keys", name="Old", expires_in_days=1).json
    call("DELETE", f"/v1/auth/api-keys/{revoked['id']}")
    cast.key(cast.root, "read", expires_at=datetime.now(UTC) - timedelta(days=1))  # the platform's

    def look() -> int:
        with app.app_context():
            return api_keys.tell_expired()

    with happens():
        assert look() == 1
    for each in (made, revoked):
        change(database, ApiKey, UUID(each["id"]), expires_at=datetime.now(UTC) - timedelta(seconds=1))
    with happens("api_key.expired") as told:
        assert (look(), look()) == (1, 0)
    assert told[0]["id"] == made["id"]
