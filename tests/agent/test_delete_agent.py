"""DELETE /v1/agent/<agent_id>."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.document import Document
from tests.agent.rows import START, add_conversation, add_document
from tests.cast import Cast
from tests.rows import audited, now_in


def path(agent: Agent) -> str:
    """An agent."""
    return f"/v1/agent/{agent.id}"


def test_deletes_softly(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    document = add_document(database, ronda)
    answer = client.delete(path(ronda), headers=cast.key(cast.bob, "write"))
    assert (answer.status_code, answer.data) == (204, b"")
    assert now_in(database, Agent, ronda.id).deleted_at is not None
    assert now_in(database, Document, document.id).deleted_at is None
    assert audited(database, "agent_deleted").risk_level == "high"
    assert client.get(path(ronda)).status_code == 404
    assert client.delete(path(ronda), headers=cast.alice.headers).status_code == 404


def test_refuses_while_visitors_talk_with_it(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    for hours in (1, 23):
        add_conversation(database, ronda, hours_ago=hours)
    answer = client.delete(path(ronda), headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "agent_has_active_conversations")
    assert "2 active conversations" in answer.json["detail"]
    assert now_in(database, Agent, ronda.id).deleted_at is None


@pytest.mark.parametrize("values", [{"hours_ago": 25}, {"status": "closed"}, {"deleted_at": START}])
def test_conversations_that_are_over_do_not_count(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent, values: dict[str, Any]
) -> None:
    add_conversation(database, ronda, **values)
    assert client.delete(path(ronda), headers=cast.alice.headers).status_code == 204


def test_refuses_anonymous_calls(client: FlaskClient, ronda: Agent) -> None:
    assert client.delete(path(ronda)).status_code == 401


def test_refuses_lesser_scopes_and_visitors(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    for headers in (cast.key(cast.alice, "read"), cast.vera.headers):
        assert client.delete(path(ronda), headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    assert client.delete(path(ronda), headers=cast.charlie.headers).status_code == 404
    assert now_in(database, Agent, ronda.id).deleted_at is None
