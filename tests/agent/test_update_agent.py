"""PUT /v1/agent/<agent_id>."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.audit_entry import AuditEntry
from tests.agent.rows import START, add_agent, add_settings
from tests.cast import Cast
from tests.rows import audited, change, count, now_in


def path(agent: Agent) -> str:
    """An agent."""
    return f"/v1/agent/{agent.id}"


def test_changes_what_is_given(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    body = {"name": "Ronda II", "status": "inactive", "languages": ["de"]}
    answer = client.put(path(ronda), json=body, headers=cast.key(cast.bob, "write"))
    assert answer.status_code == 200
    assert body.items() <= answer.json.items()
    assert (answer.json["greeting"], answer.json["instructions"]) == ("Hi!", "Be brief.")
    assert now_in(database, Agent, ronda.id).name == "Ronda II"
    entry = audited(database, "agent_changed")
    assert (entry.before["name"], entry.after["name"]) == ("Ronda", "Ronda II")


def test_clears_what_is_null(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    answer = client.put(path(ronda), json={"greeting": None, "operating_hours": {}}, headers=cast.bob.headers)
    assert (answer.json["greeting"], answer.json["operating_hours"]) == (None, {})


def test_notes_nothing_when_nothing_changes(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    assert client.put(path(ronda), json={"name": "Ronda"}, headers=cast.bob.headers).status_code == 200
    assert client.put(path(ronda), json={}, headers=cast.bob.headers).status_code == 200
    assert count(database, AuditEntry) == 0


def test_takes_settings_of_the_company_and_its_own(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    for settings in (add_settings(database, cast.acme), add_settings(database, cast.acme, agent_id=ronda.id)):
        answer = client.put(path(ronda), json={"llm_settings_id": str(settings.id)}, headers=cast.alice.headers)
        assert answer.json["llm_settings_id"] == str(settings.id)
    answer = client.put(path(ronda), json={"llm_settings_id": None}, headers=cast.alice.headers)
    assert answer.json["llm_settings_id"] is None


def test_refuses_settings_of_another_company_or_agent(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    other = add_agent(database, cast.acme)
    foreign, others = add_settings(database, cast.globex), add_settings(database, cast.acme, agent_id=other.id)
    for settings in (foreign, others):
        answer = client.put(path(ronda), json={"llm_settings_id": str(settings.id)}, headers=cast.alice.headers)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["llm_settings_id"])
    assert now_in(database, Agent, ronda.id).llm_settings_id is None


def test_refuses_anonymous_calls(client: FlaskClient, ronda: Agent) -> None:
    assert client.put(path(ronda), json={}).status_code == 401


def test_refuses_lesser_scopes_and_visitors(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    for headers in (cast.key(cast.alice, "read"), cast.vera.headers):
        assert client.put(path(ronda), json={}, headers=headers).status_code == 403


def test_hides_other_companies_and_deleted_agents(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    assert client.put(path(ronda), json={"name": "x"}, headers=cast.charlie.headers).status_code == 404
    change(database, Agent, ronda.id, deleted_at=START)
    assert client.put(path(ronda), json={"name": "x"}, headers=cast.alice.headers).status_code == 404
    assert now_in(database, Agent, ronda.id).name == "Ronda"


@pytest.mark.parametrize("body", [{"name": None}, {"status": None}, {"languages": None}, {"embedding_space": "x"}])
def test_refuses_bad_input(client: FlaskClient, cast: Cast, ronda: Agent, body: dict[str, Any]) -> None:
    answer = client.put(path(ronda), json=body, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(body))
