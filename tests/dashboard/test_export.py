"""POST /v1/analytic/export."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.audit_entry import AuditEntry
from app.models.lead import Lead
from app.services import analytics_export, rollups
from tests.agent import rows
from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import YESTERDAY, add_calls

PATH = "/v1/analytic/export"
DAY = str(YESTERDAY.date())


def export(client: FlaskClient, cast: Cast, kind: str, form: str = "json", **body: Any) -> Any:
    """The answer to Alice."""
    body = {"type": kind, "format": form, "start_date": DAY, "end_date": DAY, **body}
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert answer.status_code == 200, answer.json
    return answer


def items(answer: Any) -> Any:
    """Its rows."""
    if answer.content_type == "application/json":
        return json.loads(answer.data)["items"]
    return list(csv.DictReader(io.StringIO(answer.data.decode())))


@pytest.mark.parametrize("form", ["json", "csv"])
def test_exports_conversations(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent, stranger: Agent, form: str
) -> None:
    talk = rows.add_conversation(database, ronda, created_at=YESTERDAY, title="Shipping")
    turn = rows.add_turn(database, talk, 1, status="completed", outcome="answered")
    rows.add_message(database, talk, 2, role="assistant", feedback_rating="up")
    rows.add_model_call(database, ronda, turn_id=turn.id)
    rows.add_conversation(database, ronda, created_at=YESTERDAY, deleted_at=YESTERDAY)
    rows.add_conversation(database, stranger, created_at=YESTERDAY)
    (row,) = items(export(client, cast, "conversations", form))
    expected = {"id": str(talk.id), "agent_name": "Ronda", "title": "Shipping", "cost": "0.50000000 USD"}
    assert {name: row[name] for name in expected} == expected
    numbers = [int(row[name]) for name in ("visitor_messages", "agent_messages", "answered", "feedback_up")]
    assert (numbers, int(row["input_tokens"])) == ([1, 1, 1, 1], 100)


def test_exports_every_lead_once(client: FlaskClient, database: Session, cast: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(analytics_export, "_BATCH", 7)
    given = {"company_id": cast.acme, "last_name": "Body", "consents": []}
    # Many of the same moment: batches are cut within it.
    moments = [YESTERDAY + timedelta(seconds=index // 10) for index in range(50)]
    database.execute(
        insert(Lead), [{**given, "first_name": f"Lead {n}", "created_at": at} for n, at in enumerate(moments)]
    )
    database.commit()
    found = [row["first_name"] for row in items(export(client, cast, "leads", "csv"))]
    assert sorted(found) == sorted(f"Lead {n}" for n in range(50))


def test_is_sent_as_it_is_read(client: FlaskClient, database: Session, cast: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(analytics_export, "_BATCH", 2)
    for _ in range(6):
        rows.add_lead(database, cast.acme, created_at=YESTERDAY)
    body = {"type": "leads", "format": "csv", "start_date": DAY}
    answer = client.post(PATH, json=body, headers=cast.alice.headers, buffered=False)
    pieces = iter(answer.response)
    begun = [next(pieces), next(pieces)]
    assert [piece.count(b"\r\n") for piece in begun] == [1, 2]
    # What comes later is read later: the rest isn't in memory, and no connection waits with it.
    database.query(Lead).where(Lead.company_id == cast.acme).update({"deleted_at": YESTERDAY})
    database.commit()
    assert list(pieces) == []
    answer.close()


def test_cells_are_no_formulas(client: FlaskClient, database: Session, cast: Cast) -> None:
    name = '=HYPERLINK("http://evil.example")'
    rows.add_lead(database, cast.acme, created_at=YESTERDAY, first_name=name, last_name="@x", phone="+34911234567")
    (row,) = items(export(client, cast, "leads", "csv"))
    assert (row["first_name"], row["last_name"], row["phone"]) == (f"'{name}", "'@x", "'+34911234567")
    (plain,) = items(export(client, cast, "leads"))
    assert plain["first_name"] == name


def test_exports_agents_and_usage(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    talk = rows.add_conversation(database, ronda, created_at=YESTERDAY)
    ended = {"status": "completed", "outcome": "small_talk", "finished_at": YESTERDAY + timedelta(seconds=2)}
    rows.add_turn(database, talk, 1, created_at=YESTERDAY, **ended)
    rows.add_message(database, talk, 2, role="assistant", feedback_rating="down", created_at=YESTERDAY)
    rows.add_model_call(database, ronda, created_at=YESTERDAY)
    rows.add_agent(database, cast.acme, name="Idle")
    add_calls(database, cast, 3)
    agent, idle_agent = items(export(client, cast, "agents"))
    assert (agent["name"], agent["turns"], agent["cost"]) == ("Ronda", 1, "0.50000000 USD")
    assert (agent["small_talk"], agent["feedback_down"], agent["first_token_ms_p95"]) == (1, 1, None)
    assert 2000 / 1.045 <= agent["response_ms_p50"] <= 2000 * 1.045
    assert (idle_agent["turns"], idle_agent["feedback_up"], idle_agent["response_ms_p50"]) == (0, 0, None)
    before = str((YESTERDAY - timedelta(days=1)).date())
    idle, day = items(export(client, cast, "usage", "csv", start_date=before))
    assert (idle["date"], idle["requests"], idle["cost"]) == (before, "0", "")
    assert (day["date"], day["requests"], day["turns"], day["input_tokens"]) == (DAY, "3", "1", "100")


def test_figures_are_exported_whole(client: FlaskClient, database: Session, cast: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(rollups, "_MOST_MARKS", 1)
    for hours in range(3):
        add_calls(database, cast, 1, created_at=YESTERDAY + timedelta(hours=hours))
    (day,) = items(export(client, cast, "usage"))
    assert day["requests"] == 3


def test_is_a_file_and_in_the_audit_log(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = export(client, cast, "leads", "csv")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="leads-{DAY}-{DAY}.csv"'
    assert answer.content_type == "text/csv; charset=utf-8"
    entry = database.scalars(select(AuditEntry).where(AuditEntry.event_type == "analytics_exported")).one()
    assert (entry.company_id, entry.actor_id, entry.entity_id, entry.risk_level) == (
        cast.acme,
        cast.alice.id,
        "leads",
        "high",
    )
    assert entry.after["format"] == "csv"


def test_refuses(client: FlaskClient, cast: Cast) -> None:
    body = {"type": "leads", "format": "csv"}
    assert client.post(PATH, json=body).status_code == 401
    for headers in (cast.vera.headers, cast.key(cast.alice, "read", permissions={"leads": ["read"]})):
        assert client.post(PATH, json=body, headers=headers).status_code == 403
    # Who may read analytics but no leads gets none this way.
    narrow = cast.key(cast.alice, "read", permissions={"analytics": ["read"]})
    assert client.post(PATH, json=body, headers=narrow).status_code == 403
    assert client.post(PATH, json={**body, "type": "usage"}, headers=narrow).status_code == 200
    answer = client.post(f"{PATH}?company_id={cast.globex}", json=body, headers=cast.alice.headers)
    assert answer.status_code == 404
    bad = {"type": "secrets", "format": "pdf", "start_date": "soon", "timezone": "Mars/Olympus", "extra": 1}
    for field, value in bad.items():
        refusals.wrong(client.post(PATH, json={**body, field: value}, headers=cast.alice.headers).json, field)
