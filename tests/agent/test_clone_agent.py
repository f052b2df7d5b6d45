"""POST /v1/agent/<agent_id>/clone."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.document import Document
from tests.agent.rows import add_document, add_settings
from tests.cast import Cast
from tests.rows import audited, change, count


def path(agent: Agent) -> str:
    """An agent's copies."""
    return f"/v1/agent/{agent.id}/clone"


def test_copies_the_configuration_alone(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    settings = add_settings(database, cast.acme)
    change(database, Agent, ronda.id, llm_settings_id=settings.id, embedding_space="fake/embedding/384")
    add_document(database, ronda)
    answer = client.post(path(ronda), headers=cast.key(cast.bob, "write"))
    assert answer.status_code == 201
    original = client.get(f"/v1/agent/{ronda.id}/details", headers=cast.bob.headers).json
    differing = {name for name in original if original[name] != answer.json[name]}
    assert differing == {"id", "name", "created_at", "updated_at"}
    assert answer.json["name"] == "Ronda (copy)"
    assert answer.headers["Location"] == f"/v1/agent/{answer.json['id']}"
    assert count(database, Document, Document.agent_id == UUID(answer.json["id"])) == 0
    assert audited(database, "agent_cloned").after["cloned_from"] == str(ronda.id)


def test_takes_another_name_and_settings(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    body = {"name": "Nova", "llm_settings_id": str(add_settings(database, cast.acme).id)}
    answer = client.post(path(ronda), json=body, headers=cast.alice.headers)
    assert answer.status_code == 201
    assert body.items() <= answer.json.items()


def test_leaves_out_settings_that_are_the_originals_own(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    its_own = add_settings(database, cast.acme, agent_id=ronda.id)
    change(database, Agent, ronda.id, llm_settings_id=its_own.id)
    assert client.post(path(ronda), headers=cast.alice.headers).json["llm_settings_id"] is None
    answer = client.post(path(ronda), json={"llm_settings_id": str(its_own.id)}, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["llm_settings_id"])


def test_keeps_the_name_within_its_limit(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    change(database, Agent, ronda.id, name="x" * 200)
    assert client.post(path(ronda), headers=cast.alice.headers).json["name"] == "x" * 193 + " (copy)"


def test_copies_once_for_one_idempotency_key(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    headers = {**cast.alice.headers, "Idempotency-Key": "once"}
    first, second = (client.post(path(ronda), json={}, headers=headers) for _ in range(2))
    assert first.json == second.json
    assert count(database, Agent) == 2


def test_refuses_anonymous_calls(client: FlaskClient, ronda: Agent) -> None:
    assert client.post(path(ronda)).status_code == 401


def test_refuses_lesser_scopes_and_visitors(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    for headers in (cast.key(cast.alice, "read"), cast.vera.headers):
        assert client.post(path(ronda), headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    assert client.post(path(ronda), headers=cast.charlie.headers).status_code == 404
    assert client.post(f"/v1/agent/{uuid4()}/clone", headers=cast.alice.headers).status_code == 404


@pytest.mark.parametrize("body", [{"name": ""}, {"llm_settings_id": "7"}, {"status": "active"}])
def test_refuses_bad_input(client: FlaskClient, cast: Cast, ronda: Agent, body: dict[str, Any]) -> None:
    answer = client.post(path(ronda), json=body, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(body))
