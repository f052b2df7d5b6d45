"""GET /v1/analytic/conversation/<conversation_id>."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.agent import rows
from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import YESTERDAY as AT


def test_shows_every_turn_by_stage(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    talk = rows.add_conversation(database, ronda, created_at=AT)
    answer = rows.add_message(
        database,
        talk,
        2,
        role="assistant",
        details={"retrieval_ms": 40},
        citations=[{"document_id": str(uuid4())}],
        feedback_rating="up",
        created_at=AT + timedelta(seconds=3),
    )
    turn = rows.add_turn(
        database,
        talk,
        1,
        status="completed",
        outcome="answered",
        attempt=1,
        answer_id=answer.id,
        created_at=AT,
        started_at=AT + timedelta(milliseconds=12),
        first_delta_at=AT + timedelta(milliseconds=512),
        finished_at=AT + timedelta(seconds=3),
    )
    for values in ({"first_token_ms": 420}, {"kind": "embedding", "total_ms": 100}):
        rows.add_model_call(database, ronda, turn_id=turn.id, conversation_id=talk.id, **values)
    waiting = rows.add_turn(database, talk, 3, created_at=AT + timedelta(seconds=5))
    path = f"/v1/analytic/conversation/{talk.id}"
    shown: Any = client.get(path, headers=cast.key(cast.bob, "read")).json
    first, second = shown["timeline"]
    assert first["stages"] == {
        "queued_ms": 12.0,
        "retrieval_ms": 40.0,
        "model_first_token_ms": 420.0,
        "first_words_ms": 512.0,
        "writing_ms": 2488.0,
        "models_ms": 1000.0,
        "total_ms": 3000.0,
    }
    assert (first["task_id"], first["citations"], first["feedback"]) == (str(turn.id), 1, "up")
    assert (first["input_tokens"], first["model_calls"]) == (200, 2)
    assert (second["task_id"], second["status"], second["stages"]["total_ms"]) == (str(waiting.id), "queued", None)
    assert (shown["turns"], shown["answered"], shown["messages"]["total"]) == (2, 1, 3)
    assert shown["models"] == [
        {"currency": "USD", "calls": 2, "failed": 0, "input_tokens": 200, "output_tokens": 20, "cost": 1.0}
    ]
    assert shown["feedback"]["satisfaction"] == 1.0


def test_shows_an_empty_conversation(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    talk = rows.add_conversation(database, ronda)
    shown: Any = client.get(f"/v1/analytic/conversation/{talk.id}", headers=cast.alice.headers).json
    assert (shown["duration_seconds"], shown["timeline"], shown["models"]) == (0.0, [], [])


def test_refuses(client: FlaskClient, database: Session, cast: Cast, ronda: Agent, stranger: Agent) -> None:
    refusals.check(client, cast, f"/v1/analytic/conversation/{rows.add_conversation(database, ronda).id}")
    gone = rows.add_conversation(database, ronda, deleted_at=AT)
    for talk_id in (rows.add_conversation(database, stranger).id, gone.id, uuid4()):
        assert client.get(f"/v1/analytic/conversation/{talk_id}", headers=cast.alice.headers).status_code == 404
