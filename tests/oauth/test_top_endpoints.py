"""GET /v1/top-endpoints."""

from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import add_calls, key_of
from tests.oauth.refused import check

PATH = "/v1/top-endpoints"


def test_shows_what_is_called_most(client: FlaskClient, database: Session, cast: Cast) -> None:
    for _ in range(2):
        add_calls(database, cast, 2, key=key_of(database, cast.key(cast.alice, "read")))
    # Of today, which no rollup holds yet.
    add_calls(database, cast, 1, created_at=datetime.now(UTC), status=500, duration_ms=100.0)
    add_calls(database, cast, 3, method="POST", endpoint="/v1/conversation")
    shown: Any = client.get(PATH, headers=cast.alice.headers).json
    first, second = shown["endpoints"]
    assert (first["method"], first["endpoint"], first["requests"], first["api_keys"]) == ("GET", "/v1/lead", 5, 2)
    assert (first["server_errors"], first["duration_ms"]["mean"], first["duration_ms"]["count"]) == (1, 28.0, 5)
    assert (second["endpoint"], second["requests"]) == ("/v1/conversation", 3)


def test_refuses(client: FlaskClient, cast: Cast) -> None:
    check(client, cast, PATH, **refusals.DAYS)
