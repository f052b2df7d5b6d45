"""GET /v1/detailed-usage/<api_key_id>."""

from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import add_calls, key_of
from tests.oauth.refused import check


def test_shows_one_key(client: FlaskClient, database: Session, cast: Cast) -> None:
    key, other = (key_of(database, cast.key(cast.alice, "read")) for _ in range(2))
    add_calls(database, cast, 120, key=key, ip="192.0.2.7")
    add_calls(database, cast, 1, key=key, status=403, error_code="insufficient_permissions", endpoint="/v1/user")
    add_calls(database, cast, 7, key=other)
    shown: Any = client.get(f"/v1/detailed-usage/{key}", headers=cast.alice.headers).json
    assert (shown["api_key"]["id"], shown["api_key"]["scopes"]) == (str(key), ["read"])
    assert (shown["requests"], shown["client_errors"], shown["duration_ms"]["count"]) == (121, 1, 121)
    assert [(each["endpoint"], each["requests"]) for each in shown["endpoints"]] == [("/v1/lead", 120), ("/v1/user", 1)]
    assert shown["errors"] == [{"status": 403, "code": "insufficient_permissions", "requests": 1}]
    assert sum(each["requests"] for each in shown["series"]) == 121
    assert (len(shown["calls"]), shown["calls"][0]["ip"]) == (100, "192.0.2.7")
    moments = [each["created_at"] for each in shown["calls"]]
    assert moments == sorted(moments, reverse=True)


def test_hides_other_companies_keys(client: FlaskClient, database: Session, cast: Cast) -> None:
    for key in (key_of(database, cast.key(cast.charlie, "read")), uuid4()):
        assert client.get(f"/v1/detailed-usage/{key}", headers=cast.alice.headers).status_code == 404


def test_refuses(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = key_of(database, cast.key(cast.alice, "read"))
    check(client, cast, f"/v1/detailed-usage/{key}", **refusals.DAYS)
