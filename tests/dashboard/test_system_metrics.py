"""POST /v1/system-metric, GET /v1/admin/system-metric, GET /v1/super-admin/company/<company_id>/system-metric."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.ids import PLATFORM
from app.jobs import JobName
from app.models.agent import Agent
from app.models.system_metric import SystemMetric
from app.services import housekeeping, system_metrics
from tests.agent import rows
from tests.cast import Cast
from tests.dashboard.calls import add_calls
from tests.rows import all_of, change, count

OWN = "/v1/admin/system-metric"
ASK = "/v1/system-metric"


def of(company_id: UUID) -> str:
    """Those of a company, for super admins."""
    return f"/v1/super-admin/company/{company_id}/system-metric"


def newest(client: FlaskClient, headers: Any, path: str = OWN) -> Any:
    """The last collection."""
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, answer.json
    return answer.json["items"][0]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[JobName, str]]:
    """The jobs that leave after the commit."""
    jobs: list[tuple[JobName, str]] = []
    monkeypatch.setattr(system_metrics, "enqueue", lambda job, **ids: jobs.append((job, str(ids["company_id"]))))
    return jobs


def test_asking_queues_the_collection(client: FlaskClient, cast: Cast, sent: list[tuple[JobName, str]]) -> None:
    for headers in (cast.bob.headers, cast.key(cast.alice, "write"), cast.root.headers):
        answer = client.post(ASK, headers=headers)
        assert (answer.status_code, answer.json) == (202, {"status": "queued", "poll_url": OWN})
    assert client.post(f"{ASK}?company_id={cast.globex}", headers=cast.root.headers).status_code == 202
    job = JobName.COLLECT_SYSTEM_METRICS
    assert sent == [(job, str(each)) for each in (cast.acme, cast.acme, PLATFORM, cast.globex)]


def test_shows_what_a_company_does(
    app: Flask, client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    rows.add_turn(database, rows.add_conversation(database, ronda), 1)
    rows.add_document(database, ronda, status="uploaded", size_bytes=100)
    rows.add_model_call(database, ronda, outcome="timeout")
    rows.add_model_call(database, ronda, total_ms=500)
    add_calls(database, cast, 1, created_at=datetime.now(UTC), status=500)
    with app.app_context():
        assert system_metrics.collect_all() == 1
    shown = newest(client, cast.alice.headers)
    assert shown["company_id"] == str(cast.acme)
    work = shown["measured"]["work"]
    assert (work["unfinished_turns"], work["waiting_documents"], work["failed_api_requests"]) == (1, 1, 1)
    assert shown["measured"]["storage"] == {"documents": 1, "bytes": 100, "chunks": 0}
    (provider,) = shown["measured"]["providers"]
    assert (provider["provider"], provider["calls"], provider["failed"], provider["mean_ms"]) == ("fake", 2, 1, 500.0)
    assert newest(client, cast.root.headers, of(cast.acme)) == shown


def test_shows_the_platform_to_super_admins(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context():
        system_metrics.collect(None)
    shown = newest(client, cast.root.headers)
    assert shown["company_id"] is None
    measured = shown["measured"]
    assert set(measured) == {
        *("process", "host", "redis", "queues", "checks", "postgres", "work", "providers"),
    }
    assert measured["process"]["memory_bytes"] > 0
    assert measured["postgres"]["database_bytes"] > 0
    assert measured["redis"]["connected_clients"] > 0
    assert measured["checks"]["postgres"] is True
    assert {"default", "chat", "ingest"} <= set(measured["queues"])
    assert client.get(OWN, headers=cast.alice.headers).json == {"items": []}


def test_asking_again_and_again_measures_once(app: Flask, database: Session, cast: Cast) -> None:
    with app.app_context():
        for _ in range(2):
            for company_id in (cast.acme, None):
                system_metrics.collect_again(company_id)
        assert count(database, SystemMetric) == 2
        for row in all_of(database, SystemMetric):
            change(database, SystemMetric, row.id, created_at=row.created_at - timedelta(minutes=1))
        system_metrics.collect_again(cast.acme)
    assert count(database, SystemMetric) == 3


def test_old_ones_are_forgotten(app: Flask, database: Session, cast: Cast) -> None:
    old = datetime.now(UTC) - timedelta(days=31)
    database.add_all(
        [SystemMetric(company_id=cast.acme, created_at=at, measured={}) for at in (old, datetime.now(UTC))]
    )
    database.commit()
    with app.app_context():
        assert housekeeping.purge_expired()["system_metrics"] == 1
    assert database.scalars(select(SystemMetric.created_at)).one() > old


def test_refuses(client: FlaskClient, cast: Cast, sent: list[tuple[JobName, str]]) -> None:
    for path in (OWN, of(cast.acme)):
        assert client.get(path).status_code == 401
        for headers in (cast.bob.headers, cast.vera.headers, cast.key(cast.alice, "write")):
            assert client.get(path, headers=headers).status_code == 403
    assert client.get(of(cast.acme), headers=cast.alice.headers).status_code == 403
    assert client.get(of(uuid4()), headers=cast.root.headers).status_code == 404
    assert client.get(f"{OWN}?company_id={cast.globex}", headers=cast.alice.headers).status_code == 404
    assert client.get(f"{OWN}?company_id=acme", headers=cast.alice.headers).status_code in {404, 422}
    assert client.post(ASK).status_code == 401
    for headers in (cast.vera.headers, cast.key(cast.alice, "read")):
        assert client.post(ASK, headers=headers).status_code == 403
    assert client.post(f"{ASK}?company_id={cast.globex}", headers=cast.alice.headers).status_code == 404
    assert sent == []
