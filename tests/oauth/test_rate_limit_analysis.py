"""GET /v1/rate-limit-analysis."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.models.company import Company
from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import add_calls, key_of
from tests.oauth.refused import check

PATH = "/v1/rate-limit-analysis"


def test_shows_who_was_limited(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = key_of(database, cast.key(cast.alice, "read"))
    database.execute(update(Company).where(Company.id == cast.acme).values(rate_limits={"ai": 20}))
    add_calls(database, cast, 25, key=key, category="ai")
    add_calls(database, cast, 5, key=key, category="ai", status=429)
    add_calls(database, cast, 10)
    shown: Any = client.get(PATH, headers=cast.alice.headers).json
    assert (shown["requests"], shown["rate_limited"], shown["rate_limited_share"]) == (40, 5, 0.125)
    first, second = shown["callers"]
    assert (first["api_key_id"], first["category"], first["rate_limited"]) == (str(key), "ai", 5)
    assert (first["peak_minute"], first["limit"], first["peak_share"]) == (30, 20, 1.5)
    assert (second["caller_kind"], second["api_key_id"], second["peak_share"]) == ("user", None, None)


def test_refuses(client: FlaskClient, cast: Cast) -> None:
    check(client, cast, PATH, **refusals.DAYS)
