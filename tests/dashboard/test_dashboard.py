"""GET /v1/analytic/dashboard."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.api_request import ApiRequest
from tests.agent import rows
from tests.cast import Cast
from tests.dashboard import refusals

PATH = "/v1/analytic/dashboard"
NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


def get(client: FlaskClient, cast: Cast, **query: Any) -> Any:
    """The dashboard of Alice's company."""
    answer = client.get(PATH, query_string=query, headers=cast.alice.headers)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_shows_an_empty_company(client: FlaskClient, cast: Cast) -> None:
    shown = get(client, cast)
    assert shown["period"]["current"] is True
    assert (shown["leads"]["total"], shown["users"], shown["agents"]) == (1, 3, {"total": 0, "active": 0})
    assert shown["answers"]["response_ms"] == {"mean": None, "p50": None, "p95": None, "p99": None, "count": 0}
    assert len(shown["daily"]) == 30


def test_counts_what_happened(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    talk = rows.add_conversation(database, ronda, created_at=NOON)
    for sequence, seconds in ((1, 1), (3, 2), (5, 4)):
        rows.add_turn(
            database,
            talk,
            sequence,
            status="completed",
            outcome="refused" if seconds == 4 else "answered",
            created_at=NOON,
            started_at=NOON + timedelta(milliseconds=10),
            first_delta_at=NOON + timedelta(seconds=seconds / 4),
            finished_at=NOON + timedelta(seconds=seconds),
        )
    rows.add_message(database, talk, 2, role="assistant", feedback_rating="up", created_at=NOON)
    rows.add_message(database, talk, 4, role="assistant", deleted_at=NOON, created_at=NOON)
    rows.add_question(database, ronda, created_at=NOON)
    rows.add_model_call(database, ronda, created_at=NOON)
    rows.add_lead(database, cast.acme, created_at=NOON, status="converted")
    rows.add_document(database, ronda, chunk_count=40, size_bytes=1000)
    database.add(_call(cast, status=429))
    database.commit()
    shown = get(client, cast, start_date="2026-10-05", end_date="2026-10-05")
    assert shown["period"] == {
        "start": "2026-10-05T00:00:00.000Z",
        "end": "2026-10-06T00:00:00.000Z",
        "timezone": "UTC",
        "current": True,
    }
    assert shown["conversations"] == {"total": 1, "new": 1}
    assert shown["messages"]["agent"] == 1
    assert shown["documents"] == {
        "total": 1,
        "by_status": {"uploaded": 0, "processing": 0, "processed": 1, "error": 0},
        "chunks": 40,
        "bytes": 1000,
    }
    answers = shown["answers"]
    assert [answers[name] for name in ("turns", "answered", "refused", "refusal_rate")] == [3, 2, 1, 0.3333]
    assert answers["response_ms"]["mean"] == 2333.3
    # Each is the middle of its bin: half of an eighth of an octave off at most.
    assert abs(answers["response_ms"]["p50"] / 2000 - 1) < 0.045
    assert abs(answers["first_token_ms"]["p95"] / 1000 - 1) < 0.045
    assert shown["feedback"] == {"up": 1, "down": 0, "satisfaction": 1.0}
    assert shown["unanswered_questions"] == {"asked": 1, "open": 1}
    assert shown["models"][0] == {
        "currency": "USD",
        "calls": 1,
        "failed": 0,
        "input_tokens": 100,
        "output_tokens": 10,
        "cost": 0.5,
    }
    assert (shown["leads"]["new"], shown["leads"]["by_status"]["converted"]) == (1, 1)
    assert shown["api"] == {"requests": 1, "client_errors": 1, "server_errors": 0, "rate_limited": 1}
    (today,) = shown["daily"]
    assert (today["date"], today["conversations"], today["answered"], today["leads"]) == ("2026-10-05", 1, 2, 1)


def _call(cast: Cast, **values: Any) -> ApiRequest:
    given = {"caller_kind": "user", "caller_id": uuid4(), "method": "GET", "endpoint": "/v1/lead", "duration_ms": 3.0}
    return ApiRequest(company_id=cast.acme, created_at=NOON, category="general", **{"status": 200, **given, **values})


def test_follows_changes_at_once(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    answer = rows.add_message(database, rows.add_conversation(database, ronda), 1, role="assistant")
    assert get(client, cast)["feedback"]["up"] == 0
    answer.feedback_rating = "up"
    database.commit()
    assert get(client, cast)["feedback"]["up"] == 1
    answer.deleted_at = NOON
    database.commit()
    assert get(client, cast)["feedback"]["up"] == 0


def test_a_super_admin_names_the_company(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.root.headers).status_code == 422
    answer = client.get(f"{PATH}?company_id={cast.acme}", headers=cast.root.headers)
    assert (answer.status_code, answer.json["users"]) == (200, 3)


def test_leaves_other_companies_out(client: FlaskClient, database: Session, cast: Cast, stranger: Agent) -> None:
    rows.add_conversation(database, stranger)
    rows.add_document(database, stranger)
    shown = get(client, cast)
    assert (shown["conversations"], shown["documents"]["total"]) == ({"total": 0, "new": 0}, 0)


def test_refuses(client: FlaskClient, cast: Cast) -> None:
    refusals.check(client, cast, PATH, **refusals.PERIODS)
    for start, end, field in (
        ("2026-10-06", "2026-10-05", "end_date"),
        ("2020-01-01", "2026-10-05", "start_date"),
        ("2300-01-01", "2300-01-02", "start_date"),
    ):
        query = {"start_date": start, "end_date": end}
        refusals.wrong(client.get(PATH, query_string=query, headers=cast.alice.headers).json, field)
