"""POST /v1/agent/<agent_id>/test."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.conversation import Conversation
from app.models.message import Message
from app.models.turn import Turn
from tests.cast import Cast
from tests.rows import change, count


def path(agent: Agent) -> str:
    """Trying an agent out."""
    return f"/v1/agent/{agent.id}/test"


@pytest.mark.slow  # the first question loads what tells languages apart
def test_answers_without_storing_anything(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    body = {"query": "Which tyres fit the cargo bike?"}
    answer = client.post(path(ronda), json=body, headers=cast.key(cast.bob, "read"))
    assert answer.status_code == 200
    # There are no documents, so there is nothing to answer from.
    assert (answer.json["outcome"], answer.json["citations"]) == ("refused", [])
    assert answer.json["answer"]
    assert answer.json["timing"]["total_ms"] >= 0
    assert [count(database, table) for table in (Conversation, Message, Turn)] == [0, 0, 0]


def test_asks_a_sample_question_when_none_is_given(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    for options in ({}, {"json": {}}):
        answer = client.post(path(ronda), headers=cast.alice.headers, **options)
        assert (answer.status_code, bool(answer.json["answer"])) == (200, True)


def test_tries_an_inactive_agent_out_as_well(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    change(database, Agent, ronda.id, status="inactive")
    assert client.post(path(ronda), json={"query": "Hello"}, headers=cast.alice.headers).status_code == 200


def test_refuses_anonymous_calls(client: FlaskClient, ronda: Agent) -> None:
    assert client.post(path(ronda)).status_code == 401


def test_refuses_visitors_and_keys_for_something_else(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    for headers in (cast.vera.headers, cast.key(cast.alice, "read", permissions={"leads": ["read"]})):
        assert client.post(path(ronda), headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    assert client.post(path(ronda), headers=cast.charlie.headers).status_code == 404
    assert client.post(f"/v1/agent/{uuid4()}/test", headers=cast.alice.headers).status_code == 404


@pytest.mark.parametrize("body", [{"query": ""}, {"query": "x" * 8001}, {"query": None}, {"question": "Hello"}])
def test_refuses_bad_input(client: FlaskClient, cast: Cast, ronda: Agent, body: dict[str, Any]) -> None:
    answer = client.post(path(ronda), json=body, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(body))
