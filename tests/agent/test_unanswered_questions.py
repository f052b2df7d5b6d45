"""GET /v1/agent/<agent_id>/unanswered-questions."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.agent.rows import START, add_agent, add_question
from tests.cast import Cast


def path(agent: Agent) -> str:
    """What an agent could not answer."""
    return f"/v1/agent/{agent.id}/unanswered-questions"


def test_lists_questions_the_newest_first(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    for question in ("First?", "Second?"):
        add_question(database, ronda, question=question)
    add_question(database, add_agent(database, cast.acme, name="Nova"))
    answer = client.get(path(ronda), headers=cast.key(cast.bob, "read"))
    assert answer.status_code == 200
    assert [each["question"] for each in answer.json["items"]] == ["Second?", "First?"]
    assert answer.json["pagination"]["total"] == 2
    first = answer.json["items"][1]
    assert (first["agent_id"], first["confidence"], first["resolved_at"]) == (str(ronda.id), 0.25, None)


@pytest.mark.parametrize(("resolved", "found"), [("true", ["Old?"]), ("false", ["New?"])])
def test_finds_resolved_and_open_ones(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent, resolved: str, found: list[str]
) -> None:
    add_question(database, ronda, question="Old?", resolved_at=START)
    add_question(database, ronda, question="New?")
    answer = client.get(path(ronda), query_string={"resolved": resolved}, headers=cast.bob.headers)
    assert [each["question"] for each in answer.json["items"]] == found


def test_refuses_anonymous_calls(client: FlaskClient, ronda: Agent) -> None:
    assert client.get(path(ronda)).status_code == 401


def test_refuses_visitors_and_keys_for_something_else(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    for headers in (cast.vera.headers, cast.key(cast.alice, "read", permissions={"leads": ["read"]})):
        assert client.get(path(ronda), headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    assert client.get(path(ronda), headers=cast.charlie.headers).status_code == 404


@pytest.mark.parametrize("query", [{"resolved": "perhaps"}, {"per_page": 0}])
def test_refuses_bad_queries(client: FlaskClient, cast: Cast, ronda: Agent, query: dict[str, Any]) -> None:
    answer = client.get(path(ronda), query_string=query, headers=cast.bob.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(query))
