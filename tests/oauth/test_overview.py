"""GET /v1/overview."""

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import YESTERDAY, add_calls, key_of
from tests.oauth.refused import check

PATH = "/v1/overview"


def test_shows_keys_and_calls(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = key_of(database, cast.key(cast.alice, "read"))
    cast.key(cast.alice, "read", revoked_at=YESTERDAY)
    cast.key(cast.alice, "read", expires_at=YESTERDAY)
    cast.key(cast.charlie, "read")
    add_calls(database, cast, 3, key=key)
    add_calls(database, cast, 1, key=key, status=404)
    add_calls(database, cast, 2, status=500, duration_ms=40.0)
    add_calls(database, cast, 2, created_at=YESTERDAY - timedelta(days=7))
    shown: Any = client.get(f"{PATH}?days=7", headers=cast.alice.headers).json
    assert shown["api_keys"] == {"total": 3, "active": 1, "revoked": 1, "expired": 1, "used": 1, "unused": 0}
    assert [shown[name] for name in ("requests", "client_errors", "server_errors", "error_rate")] == [6, 1, 2, 0.5]
    assert (shown["previous_requests"], shown["change"]) == (2, 2.0)
    assert (shown["duration_ms"]["mean"], shown["duration_ms"]["count"]) == (20.0, 6)
    assert abs(shown["duration_ms"]["p95"] / 40 - 1) < 0.045
    assert [(each["caller_kind"], each["requests"]) for each in shown["by_caller"]] == [("api_key", 4), ("user", 2)]


def test_takes_keys_of_admins(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.key(cast.alice, "admin")).status_code == 200


def test_refuses(client: FlaskClient, cast: Cast) -> None:
    check(client, cast, PATH, **refusals.DAYS)
