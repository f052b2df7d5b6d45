"""GET /v1/analytic/usage."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.agent import rows
from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import YESTERDAY, add_calls

PATH = "/v1/analytic/usage"


def test_shows_what_was_used(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    gone = rows.add_agent(database, cast.acme, name="Gone", deleted_at=YESTERDAY)
    rows.add_turn(database, rows.add_conversation(database, gone, created_at=YESTERDAY), 1, created_at=YESTERDAY)
    rows.add_agent(database, cast.acme, name="Idle and gone", deleted_at=YESTERDAY)
    rows.add_model_call(database, ronda, created_at=YESTERDAY)
    rows.add_model_call(database, ronda, created_at=YESTERDAY, currency="EUR", cost=2)
    rows.add_document(database, ronda, chunk_count=4, size_bytes=100)
    add_calls(database, cast, 3, status=429)
    shown: Any = client.get(PATH, headers=cast.key(cast.alice, "read")).json
    assert shown["api"] == {"requests": 3, "client_errors": 3, "server_errors": 0, "rate_limited": 3}
    assert (shown["turns"], shown["conversations"]) == (1, 1)
    assert [(each["currency"], each["cost"]) for each in shown["models"]] == [("EUR", 2.0), ("USD", 0.5)]
    assert [(each["name"], each["deleted"], each["turns"]) for each in shown["agents"]] == [
        ("Gone", True, 1),
        ("Ronda", False, 0),
    ]
    assert shown["storage"] == {"documents": 1, "chunks": 4, "bytes": 100}
    (day,) = (each for each in shown["daily"] if each["requests"])
    assert (day["date"], day["turns"], len(day["models"])) == (str(YESTERDAY.date()), 1, 2)


def test_an_agent_that_is_gone_still_cost_what_it_did(client: FlaskClient, database: Session, cast: Cast) -> None:
    tried_out = rows.add_agent(database, cast.acme, name="Tried out and gone", deleted_at=YESTERDAY)
    rows.add_model_call(database, tried_out, created_at=YESTERDAY, cost=2)
    shown: Any = client.get(PATH, headers=cast.alice.headers).json
    assert [(each["name"], each["models"][0]["cost"]) for each in shown["agents"]] == [("Tried out and gone", 2.0)]


def test_refuses(client: FlaskClient, cast: Cast) -> None:
    refusals.check(client, cast, PATH, **refusals.PERIODS)
