"""GET /health/ready."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.redis import make_client
from app.extensions import redis_extension
from app.jobs import Queue
from app.services import health

PATH = "/health/ready"


@pytest.fixture
def worker(client: FlaskClient) -> None:
    """A worker for every queue."""
    health.note_worker("worker@here", [queue.value for queue in Queue])


def checks(answer: Any) -> dict[str, bool]:
    """What was looked at, and whether it is well."""
    return {check["name"]: check["ok"] for check in answer.json["checks"]}


def test_is_ready_when_everything_is_there(client: FlaskClient, worker: None) -> None:
    answer = client.get(PATH)
    assert (answer.status_code, answer.json["status"]) == (200, "ready")
    assert checks(answer) == {"postgres": True, "migrations": True, "redis": True, "workers": True}
    assert all(check["milliseconds"] >= 0 for check in answer.json["checks"])


def test_is_not_ready_without_a_worker(client: FlaskClient) -> None:
    answer = client.get(PATH)
    assert (answer.status_code, answer.json["status"]) == (503, "not_ready")
    assert checks(answer) == {"postgres": True, "migrations": True, "redis": True, "workers": False}
    details = {check["name"]: check["detail"] for check in answer.json["checks"]}
    assert details["workers"] == "no worker for the queue " + ", ".join(queue.value for queue in Queue)


def test_is_ready_while_only_other_programs_wait(client: FlaskClient) -> None:
    health.note_worker("worker@here", [queue.value for queue in Queue if queue is not Queue.WEBHOOKS])
    answer = client.get(PATH)
    assert (answer.status_code, answer.json["status"]) == (200, "ready")
    assert "no worker for the queue webhooks" in str(answer.json)


def test_forgets_a_worker_that_is_silent(client: FlaskClient, worker: None) -> None:
    for key in redis_extension.client.scan_iter("frontdesk:worker:*"):
        assert 0 < redis_extension.client.ttl(key) <= health.WORKER_SILENCE_SECONDS
        redis_extension.client.delete(key)
    assert client.get(PATH).status_code == 503


@pytest.fixture
def behind(database: Session) -> Iterator[None]:
    """A database that was migrated by another version."""
    version = database.scalar(text("SELECT version_num FROM alembic_version"))
    database.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    database.commit()
    yield
    database.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    database.commit()


def test_is_not_ready_before_the_migrations(client: FlaskClient, worker: None, behind: None) -> None:
    answer = client.get(PATH)
    assert (answer.status_code, checks(answer)["migrations"]) == (503, False)
    (detail,) = [check["detail"] for check in answer.json["checks"] if not check["ok"]]
    assert detail.startswith("at older, this version needs ")


def test_tells_when_redis_is_away(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_extension, "client", make_client("redis://127.0.0.1:1/0", 0.2))
    answer = client.get(PATH)
    assert answer.status_code == 503
    assert checks(answer) == {"postgres": True, "migrations": True, "redis": False, "workers": False}


def test_tells_no_secret(client: FlaskClient, worker: None) -> None:
    answer = client.get(PATH)
    assert "://" not in answer.text
    assert "password" not in answer.text
