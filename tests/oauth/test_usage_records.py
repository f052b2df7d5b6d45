"""The records of authenticated calls."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.api_key import ApiKey
from app.models.api_request import ApiRequest
from app.services import usage
from tests.cast import Cast
from tests.rows import all_of, count


@pytest.fixture
def flush(app: Flask) -> Callable[[], int]:
    """Writes the records, as the background thread does."""

    def write() -> int:
        with app.app_context():
            return usage.flush()

    return write


def test_records_calls_with_a_key(client: FlaskClient, database: Session, cast: Cast, flush: Callable[[], int]) -> None:
    key = cast.key(cast.alice, "read")
    client.get("/v1/company", headers={**key, "X-Request-ID": "r-1"})
    assert (count(database, ApiRequest), flush()) == (0, 1)
    (call,) = all_of(database, ApiRequest)
    (row,) = all_of(database, ApiKey)
    assert (call.company_id, call.caller_kind, call.caller_id, call.api_key_id) == (
        cast.acme,
        "api_key",
        row.id,
        row.id,
    )
    assert (call.method, call.endpoint, call.status, call.error_code) == ("GET", "/v1/company", 200, None)
    assert (call.category, call.ip, call.request_id) == ("general", "127.0.0.1", "r-1")
    assert 0 < call.duration_ms < 10_000


def test_notes_when_and_how_often_a_key_was_used(
    client: FlaskClient, database: Session, cast: Cast, flush: Callable[[], int]
) -> None:
    key = cast.key(cast.alice, "read")
    for calls in (2, 1):
        for _ in range(calls):
            client.get("/v1/company", headers=key)
        flush()
    (row,) = all_of(database, ApiKey)
    assert row.use_count == 3
    assert row.last_used_at is not None
    assert datetime.now(UTC) - row.last_used_at < timedelta(minutes=1)
    listed = client.get("/v1/auth/api-keys", headers=cast.alice.headers).json["items"]
    assert listed[0]["last_used_at"].endswith("Z")


def test_records_the_route_and_not_the_path(
    client: FlaskClient, database: Session, cast: Cast, flush: Callable[[], int]
) -> None:
    client.get(f"/v1/user/{cast.bob.id}", headers=cast.alice.headers)
    flush()
    (call,) = all_of(database, ApiRequest)
    assert (call.endpoint, call.caller_kind, call.caller_id) == ("/v1/user/<uuid:user_id>", "user", cast.alice.id)
    assert call.api_key_id is None


def test_records_refusals_with_their_code(
    client: FlaskClient, database: Session, cast: Cast, flush: Callable[[], int]
) -> None:
    client.get(f"/v1/user/{cast.bob.id}", headers=cast.key(cast.bob, "read"))
    client.put("/v1/user/profile", json={"timezone": "Moon"}, headers=cast.bob.headers)
    flush()
    calls = [(call.status, call.error_code) for call in all_of(database, ApiRequest)]
    assert calls == [(403, "insufficient_permissions"), (422, "validation_error")]


def test_records_the_company_that_a_super_admin_acts_for(
    client: FlaskClient, database: Session, cast: Cast, flush: Callable[[], int]
) -> None:
    client.get("/v1/auth/validate", headers=cast.root.headers)
    client.get(f"/v1/company?company_id={cast.acme}", headers=cast.root.headers)
    flush()
    assert [call.company_id for call in all_of(database, ApiRequest)] == [None, cast.acme]


def test_records_no_anonymous_calls(client: FlaskClient, cast: Cast, flush: Callable[[], int]) -> None:
    client.get("/v1/company")
    client.get("/v1/company", headers={"X-API-Key": "fdk_x", "X-API-Secret": "fds_x"})
    client.post("/v1/auth/login", json={"email": cast.bob.email, "password": "wrong wrong"})
    assert flush() == 0


def test_drops_the_oldest_records_when_the_buffer_is_full(
    client: FlaskClient,
    database: Session,
    cast: Cast,
    flush: Callable[[], int],
    with_settings: Callable[..., None],
) -> None:
    with_settings(usage_buffer_size=2)
    for number in range(3):
        client.get("/v1/company", headers={**cast.bob.headers, "X-Request-ID": f"r-{number}"})
    assert flush() == 2
    assert [call.request_id for call in all_of(database, ApiRequest)] == ["r-1", "r-2"]


def test_adds_no_error_code_to_the_answer(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(f"/v1/user/{cast.bob.id}", headers=cast.bob.headers)
    assert "X-Error-Code" not in answer.headers
