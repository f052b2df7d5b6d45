"""GET /v1/usage-trends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import YESTERDAY, add_calls
from tests.oauth.refused import check

PATH = "/v1/usage-trends"


def test_shows_days(client: FlaskClient, database: Session, cast: Cast) -> None:
    add_calls(database, cast, 3)
    shown: Any = client.get(f"{PATH}?days=3", headers=cast.alice.headers).json
    assert shown["granularity"] == "daily"
    by_day = {each["at"]: each["requests"] for each in shown["series"]}
    # "Yesterday" is of when the run began, which may be before midnight.
    assert by_day.pop(str(YESTERDAY.date())) == 3
    assert list(by_day.values()) == [0, 0]


@pytest.mark.parametrize(("zone", "minutes"), [("UTC", "00"), ("Asia/Kolkata", "30")])
def test_shows_hours_of_the_zone(client: FlaskClient, database: Session, cast: Cast, zone: str, minutes: str) -> None:
    now = datetime.now(UTC)
    add_calls(database, cast, 2, created_at=now, status=429)
    query = {"days": 1, "granularity": "hourly", "timezone": zone}
    shown: Any = client.get(PATH, query_string=query, headers=cast.alice.headers).json
    last = shown["series"][-1]
    assert (last["requests"], last["rate_limited"], last["error_rate"]) == (2, 2, 1.0)
    begin = datetime.fromisoformat(last["at"])
    assert begin <= now < begin + timedelta(hours=1)
    assert {each["at"][14:16] for each in shown["series"]} == {minutes}
    assert sum(each["requests"] for each in shown["series"]) == 2


@pytest.mark.parametrize(
    ("begin", "hours"),
    [
        # Clocks go back at two to half past one: the half hour that comes twice is one of its own.
        (datetime(2026, 4, 4, 14, tzinfo=UTC), {"14:00": 4, "14:30": 2, "15:30": 4}),
        # And from two to half past two: the hour from two on has thirty minutes.
        (datetime(2026, 10, 3, 14, 30, tzinfo=UTC), {"14:30": 4, "15:00": 2, "16:00": 4}),
    ],
)
def test_hours_where_clocks_are_set_by_half_of_one(
    client: FlaskClient, database: Session, cast: Cast, begin: datetime, hours: dict[str, int]
) -> None:
    for step in range(sum(hours.values())):
        add_calls(database, cast, 1, created_at=begin + step * timedelta(minutes=15))
    query = {"days": 400, "granularity": "hourly", "timezone": "Australia/Lord_Howe"}
    shown: Any = client.get(PATH, query_string=query, headers=cast.alice.headers).json
    assert {each["at"][11:16]: each["requests"] for each in shown["series"] if each["requests"]} == hours


def test_refuses(client: FlaskClient, cast: Cast) -> None:
    check(client, cast, PATH, **refusals.DAYS, granularity="weekly")
