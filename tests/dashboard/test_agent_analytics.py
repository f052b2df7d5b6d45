"""GET /v1/analytic/agent/<agent_id>."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.agent import rows
from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import YESTERDAY

NOW = datetime.now(UTC)


def get(client: FlaskClient, cast: Cast, agent: Agent, **query: Any) -> Any:
    """Its analytics."""
    answer = client.get(f"/v1/analytic/agent/{agent.id}", query_string=query, headers=cast.alice.headers)
    assert answer.status_code == 200, answer.json
    return answer.json


# From a day that is over, which a rollup holds, and from today, which is counted from the raw rows.
@pytest.mark.parametrize("at", [YESTERDAY, NOW])
def test_counts_what_it_did(client: FlaskClient, database: Session, cast: Cast, ronda: Agent, at: datetime) -> None:
    talk = rows.add_conversation(database, ronda, created_at=at)
    manual = rows.add_document(database, ronda, title="Shipping")
    gone = uuid4()
    for sequence, text in ((1, "Do you ship to Iceland?"), (3, "do you ship  to Iceland"), (5, "Hello")):
        rows.add_message(database, talk, sequence, content=text, created_at=at)
        cited = [{"document_id": str(manual.id)}, {"document_id": str(manual.id)}, {"document_id": str(gone)}]
        rows.add_message(
            database,
            talk,
            sequence + 1,
            role="assistant",
            citations=cited[: sequence - 1],
            feedback_rating="down" if sequence == 5 else None,
            created_at=at,
        )
    rows.add_turn(
        database,
        talk,
        7,
        status="completed",
        outcome="answered",
        created_at=at,
        started_at=at + timedelta(milliseconds=20),
        finished_at=at + timedelta(seconds=3),
    )
    question = rows.add_question(database, ronda, created_at=at)
    rows.add_model_call(database, ronda, created_at=at, model="large", cost=2)
    rows.add_model_call(database, ronda, created_at=at, outcome="timeout", cost=0)
    other = rows.add_agent(database, cast.acme, name="Nova")
    rows.add_model_call(database, other, created_at=at)
    rows.add_conversation(database, other, created_at=at)
    shown = get(client, cast, ronda)
    assert (shown["conversations"], shown["name"]) == (1, "Ronda")
    assert shown["messages"] == {"total": 7, "visitor": 4, "agent": 3}
    assert shown["top_questions"][0] == {"question": "Do you ship to Iceland?", "times": 2}
    assert shown["cited_documents"] == [
        {"document_id": str(manual.id), "title": "Shipping", "deleted": False, "answers": 2},
        {"document_id": str(gone), "title": None, "deleted": True, "answers": 1},
    ]
    assert (shown["answers"]["response_ms"]["mean"], shown["answers"]["queued_ms"]["count"]) == (3000.0, 1)
    assert shown["feedback"] == {"up": 0, "down": 1, "satisfaction": 0.0}
    assert [each["id"] for each in shown["unanswered_questions"]["newest"]] == [str(question.id)]
    assert [(each["model"], each["failed"], each["cost"]) for each in shown["models_by_name"]] == [
        ("large", 0, 2.0),
        ("fake-chat", 1, 0.0),
    ]
    assert shown["documents"]["total"] == 1
    assert sum(each["feedback_down"] for each in shown["daily"]) == 1


def test_leaves_out_what_was_before(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    rows.add_conversation(database, ronda, created_at=NOW - timedelta(days=31))
    assert get(client, cast, ronda)["conversations"] == 0
    assert get(client, cast, ronda, start_date=str((NOW - timedelta(days=31)).date()))["conversations"] == 1


def test_refuses(client: FlaskClient, cast: Cast, ronda: Agent, stranger: Agent) -> None:
    refusals.check(client, cast, f"/v1/analytic/agent/{ronda.id}", **refusals.PERIODS)
    for agent_id in (stranger.id, uuid4()):
        assert client.get(f"/v1/analytic/agent/{agent_id}", headers=cast.alice.headers).status_code == 404
