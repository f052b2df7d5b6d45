"""GET /v1/error-analysis."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import add_calls, key_of
from tests.oauth.refused import check

PATH = "/v1/error-analysis"


def test_shows_what_fails(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = key_of(database, cast.key(cast.alice, "read"))
    add_calls(database, cast, 6, key=key)
    add_calls(database, cast, 3, key=key, status=404, error_code="resource_not_found")
    add_calls(database, cast, 1, status=500, error_code="internal_error", endpoint="/v1/company")
    add_calls(database, cast, 2, endpoint="/v1/country")
    shown: Any = client.get(PATH, headers=cast.alice.headers).json
    assert (shown["requests"], shown["error_rate"]) == (12, 0.3333)
    assert shown["errors"] == [
        {"status": 404, "code": "resource_not_found", "requests": 3},
        {"status": 500, "code": "internal_error", "requests": 1},
    ]
    assert [(each["endpoint"], each["error_rate"]) for each in shown["endpoints"]] == [
        ("/v1/lead", 0.3333),
        ("/v1/company", 1.0),
    ]
    assert [(each["api_key_id"], each["client_errors"]) for each in shown["api_keys"]] == [(str(key), 3)]
    assert sum(each["server_errors"] for each in shown["series"]) == 1


def test_refuses(client: FlaskClient, cast: Cast) -> None:
    check(client, cast, PATH, **refusals.DAYS)
