"""GET /v1/agent/<agent_id>/stats."""

from datetime import timedelta
from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.agent import rows
from tests.agent.rows import START
from tests.cast import Cast

NOTHING = {
    "conversations": 0,
    "open_conversations": 0,
    "messages": 0,
    "visitor_messages": 0,
    "agent_messages": 0,
    "leads": 0,
    "turns": {
        "by_status": {"queued": 0, "processing": 0, "completed": 0, "failed": 0},
        "by_outcome": {"answered": 0, "refused": 0, "small_talk": 0},
        "refusal_rate": None,
        "response_ms": None,
        "first_delta_ms": None,
    },
    "feedback_up": 0,
    "feedback_down": 0,
    "documents": {"uploaded": 0, "processing": 0, "processed": 0, "error": 0},
    "chunks": 0,
    "unanswered_questions": 0,
    "open_questions": 0,
    "usage": [],
    "last_activity_at": None,
}


def path(agent: Agent) -> str:
    """What an agent has done."""
    return f"/v1/agent/{agent.id}/stats"


def test_counts_nothing_at_first(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    answer = client.get(path(ronda), headers=cast.key(cast.bob, "read"))
    assert answer.status_code == 200
    assert answer.json == {"agent_id": str(ronda.id), **NOTHING}


def test_counts_conversations_and_leads(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    talk = rows.add_conversation(database, ronda, last_message_at=START)
    rows.add_conversation(database, ronda, status="closed", last_message_at=START - timedelta(days=1))
    gone = rows.add_conversation(database, ronda, deleted_at=START)
    rows.add_message(database, gone, 1)
    rows.add_message(database, talk, 1)
    rows.add_message(database, talk, 2, role="assistant", feedback_rating="up")
    rows.add_message(database, talk, 3, role="assistant", feedback_rating="down", deleted_at=START)
    rows.add_lead(database, cast.acme, agent_id=ronda.id)
    counted = client.get(path(ronda), headers=cast.bob.headers).json
    assert (counted["conversations"], counted["open_conversations"], counted["leads"]) == (2, 1, 1)
    assert [counted[name] for name in ("messages", "visitor_messages", "agent_messages")] == [2, 1, 1]
    assert (counted["feedback_up"], counted["feedback_down"]) == (1, 0)
    assert counted["last_activity_at"] == "2026-11-02T09:00:00.000Z"


def _done(outcome: str, seconds: float, **values: object) -> dict[str, object]:
    end, first = START + timedelta(seconds=seconds), START + timedelta(seconds=seconds / 2)
    return {"status": "completed", "outcome": outcome, "finished_at": end, "first_delta_at": first, **values}


def test_counts_turns(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    talk = rows.add_conversation(database, ronda)
    for sequence, values in enumerate(
        (
            _done("answered", 1),
            _done("answered", 2),
            _done("refused", 4, first_delta_at=None),
            _done("small_talk", 1),
            {"status": "failed", "finished_at": START + timedelta(hours=1)},
            {"status": "queued"},
        )
    ):
        rows.add_turn(database, talk, sequence, **values)
    assert client.get(path(ronda), headers=cast.bob.headers).json["turns"] == {
        "by_status": {"queued": 1, "processing": 0, "completed": 4, "failed": 1},
        "by_outcome": {"answered": 2, "refused": 1, "small_talk": 1},
        "refusal_rate": 0.3333,
        "response_ms": 2000.0,
        "first_delta_ms": 666.7,
    }


def test_counts_documents_questions_and_costs(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    rows.add_document(database, ronda, chunk_count=40)
    rows.add_document(database, ronda, chunk_count=2, status="error")
    rows.add_document(database, ronda, chunk_count=9, deleted_at=START)
    rows.add_question(database, ronda)
    rows.add_question(database, ronda, resolved_at=START)
    for values in ({}, {}, {"currency": "EUR", "cost": 2}):
        rows.add_model_call(database, ronda, **values)
    counted = client.get(path(ronda), headers=cast.bob.headers).json
    assert counted["documents"] == {"uploaded": 0, "processing": 0, "processed": 1, "error": 1}
    assert (counted["chunks"], counted["unanswered_questions"], counted["open_questions"]) == (42, 2, 1)
    assert counted["usage"] == [
        {"currency": "EUR", "calls": 1, "input_tokens": 100, "output_tokens": 10, "cost": 2.0},
        {"currency": "USD", "calls": 2, "input_tokens": 200, "output_tokens": 20, "cost": 1.0},
    ]


def test_leaves_other_agents_out(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    other = rows.add_agent(database, cast.acme, name="Nova")
    rows.add_turn(database, rows.add_conversation(database, other), 1)
    rows.add_document(database, other)
    rows.add_model_call(database, other)
    counted = client.get(path(ronda), headers=cast.bob.headers).json
    assert counted == {"agent_id": str(ronda.id), **NOTHING}


def test_refuses_anonymous_calls(client: FlaskClient, ronda: Agent) -> None:
    assert client.get(path(ronda)).status_code == 401


def test_refuses_visitors_and_keys_for_something_else(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    for headers in (cast.vera.headers, cast.key(cast.alice, "read", permissions={"leads": ["read"]})):
        assert client.get(path(ronda), headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    assert client.get(path(ronda), headers=cast.charlie.headers).status_code == 404
    assert client.get(f"/v1/agent/{uuid4()}/stats", headers=cast.alice.headers).status_code == 404
