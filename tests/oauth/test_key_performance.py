"""GET /v1/api-key-performance."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import add_calls, key_of
from tests.oauth.refused import check

PATH = "/v1/api-key-performance"


def test_shows_every_key(client: FlaskClient, database: Session, cast: Cast) -> None:
    idle, busy = (key_of(database, cast.key(cast.alice, "read")) for _ in range(2))
    cast.key(cast.charlie, "read")
    add_calls(database, cast, 90, key=busy)
    add_calls(database, cast, 5)
    shown: Any = client.get(PATH, headers=cast.alice.headers).json
    first, second = shown["api_keys"]
    assert (first["id"], first["requests"], first["peak_minute"]) == (str(busy), 90, 60)
    assert (first["duration_ms"]["mean"], first["duration_ms"]["count"]) == (10.0, 90)
    assert (second["id"], second["requests"], second["duration_ms"]["p50"]) == (str(idle), 0, None)


def test_refuses(client: FlaskClient, cast: Cast) -> None:
    check(client, cast, PATH, **refusals.DAYS)
