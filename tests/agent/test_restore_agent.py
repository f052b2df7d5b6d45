"""PATCH /v1/agent/<agent_id>/restore."""

from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.services.model_choice import BUILTIN_EMBEDDING
from tests.agent.rows import START
from tests.cast import Cast
from tests.rows import audited, change, now_in


def path(agent: Agent) -> str:
    """An agent's return."""
    return f"/v1/agent/{agent.id}/restore"


def test_brings_an_agent_back(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    client.delete(f"/v1/agent/{ronda.id}", headers=cast.alice.headers)
    answer = client.patch(path(ronda), headers=cast.key(cast.bob, "write"))
    assert (answer.status_code, answer.json["name"]) == (200, "Ronda")
    agent = now_in(database, Agent, ronda.id)
    assert (agent.deleted_at, agent.deletion_id) == (None, None)
    assert audited(database, "agent_restored").entity_id == str(ronda.id)
    assert client.get(f"/v1/agent/{ronda.id}").status_code == 200


def test_one_that_was_not_there_when_the_settings_changed_follows_them(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    client.delete(f"/v1/agent/{ronda.id}", headers=cast.alice.headers)
    change(database, Agent, ronda.id, embedding_space="openai/embed/1536")
    client.patch(path(ronda), headers=cast.alice.headers)
    assert now_in(database, Agent, ronda.id).embedding_space == BUILTIN_EMBEDDING.space


def test_refuses_an_agent_that_is_not_deleted(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    answer = client.patch(path(ronda), headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "not_deleted")


def test_answers_404_when_there_is_none(client: FlaskClient, cast: Cast) -> None:
    assert client.patch(f"/v1/agent/{uuid4()}/restore", headers=cast.alice.headers).status_code == 404


def test_refuses_anonymous_calls(client: FlaskClient, ronda: Agent) -> None:
    assert client.patch(path(ronda)).status_code == 401


def test_refuses_lesser_scopes_and_visitors(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    for headers in (cast.key(cast.alice, "read"), cast.vera.headers):
        assert client.patch(path(ronda), headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    change(database, Agent, ronda.id, deleted_at=START)
    assert client.patch(path(ronda), headers=cast.charlie.headers).status_code == 404
    assert now_in(database, Agent, ronda.id).deleted_at == START
