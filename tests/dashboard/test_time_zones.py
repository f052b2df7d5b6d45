"""Days are those of the caller's zone: with half hours, and where clocks are set."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from app.core import zones
from app.core.window import Window
from app.models.agent import Agent
from app.models.user import User
from tests.agent import rows
from tests.cast import Cast

PATH = "/v1/analytic/dashboard"


def days(client: FlaskClient, cast: Cast, start: str, end: str, zone: str) -> dict[str, int]:
    """Conversations by day; days without any are left out."""
    query = {"start_date": start, "end_date": end, "timezone": zone}
    shown: Any = client.get(PATH, query_string=query, headers=cast.alice.headers).json
    return {each["date"]: each["conversations"] for each in shown["daily"] if each["conversations"]}


@pytest.mark.parametrize(
    ("zone", "day", "first", "last"),
    [
        # Five and a half hours ahead.
        ("Asia/Kolkata", "2026-10-05", "2026-10-04T18:30:00", "2026-10-05T18:29:59"),
        ("Asia/Kathmandu", "2026-10-05", "2026-10-04T18:15:00", "2026-10-05T18:14:59"),
        # 25 hours: clocks go back at 3.
        ("Europe/Madrid", "2026-10-25", "2026-10-24T22:00:00", "2026-10-25T22:59:59"),
        # 23 hours: clocks go forward at 2.
        ("America/New_York", "2026-03-08", "2026-03-08T05:00:00", "2026-03-09T03:59:59"),
        # For Postgres an abbreviation, which has no summer.
        ("CET", "2026-07-15", "2026-07-14T22:00:00", "2026-07-15T21:59:59"),
        # There is no midnight: clocks go forward then.
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00", "2026-04-24T20:59:59"),
    ],
)
def test_a_day_has_its_own_hours(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent, zone: str, day: str, first: str, last: str
) -> None:
    begin, end = (datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (first, last))
    for at in (begin - timedelta(seconds=1), begin, end, end + timedelta(seconds=1)):
        rows.add_conversation(database, ronda, created_at=at)
    assert days(client, cast, day, day, zone) == {day: 2}
    yesterday, tomorrow = (str(date.fromisoformat(day) + timedelta(days=step)) for step in (-1, 1))
    assert days(client, cast, yesterday, tomorrow, zone) == {yesterday: 1, day: 2, tomorrow: 1}


def test_without_a_zone_it_is_the_users_own(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    rows.add_conversation(database, ronda, created_at=datetime(2026, 10, 4, 20, tzinfo=UTC))
    database.execute(update(User).where(User.id == cast.alice.id).values(timezone="Asia/Kolkata"))
    database.commit()
    query = {"start_date": "2026-10-05", "end_date": "2026-10-05"}
    by_user = client.get(PATH, query_string=query, headers=cast.alice.headers).json
    by_key = client.get(PATH, query_string=query, headers=cast.key(cast.alice, "read")).json
    assert (by_user["conversations"]["new"], by_key["conversations"]["new"]) == (1, 0)
    assert (by_user["period"]["timezone"], by_key["period"]["timezone"]) == ("Asia/Kolkata", "UTC")


def test_postgres_has_the_same_clocks_for_names_that_it_takes_for_abbreviations(database: Session) -> None:
    shadowed = set(database.scalars(text("SELECT abbrev FROM pg_timezone_abbrevs"))) & zones.names()
    assert {"CET", "EET", "MET", "WET"} <= shadowed
    there = text("SELECT CAST(:at AS timestamptz) AT TIME ZONE :zone")
    for name in sorted(shadowed):
        for at in (datetime(2026, month, 15, 12, tzinfo=UTC) for month in (1, 7)):
            shown = database.scalar(there, {"at": at, "zone": zones.for_postgres(ZoneInfo(name))})
            assert (name, shown) == (name, at.astimezone(ZoneInfo(name)).replace(tzinfo=None))


@pytest.mark.parametrize("zone", ["localtime", "Factory"])
def test_what_is_no_zone_of_anybody_is_none(client: FlaskClient, database: Session, cast: Cast, zone: str) -> None:
    answer = client.get(PATH, query_string={"timezone": zone}, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["timezone"])
    refused = client.put("/v1/user/profile", json={"timezone": zone}, headers=cast.alice.headers)
    assert refused.status_code == 422
    # Of a time in which it was taken.
    database.execute(update(User).where(User.id == cast.alice.id).values(timezone=zone))
    database.commit()
    assert client.get(PATH, headers=cast.alice.headers).json["period"]["timezone"] == "UTC"


def test_moments_are_taken_to_the_quarter(client: FlaskClient, cast: Cast) -> None:
    query = {"start_date": "2026-10-05T09:07:00+05:30", "end_date": "2026-10-05T09:31", "timezone": "Asia/Kolkata"}
    shown: Any = client.get(PATH, query_string=query, headers=cast.alice.headers).json
    assert shown["period"]["start"] == "2026-10-05T03:30:00.000Z"
    assert shown["period"]["end"] == "2026-10-05T04:15:00.000Z"


@pytest.mark.parametrize(
    ("start", "end", "whole", "edges"),
    [
        ("01T00:00", "04T00:00", ("01", "04"), []),
        ("01T18:30", "04T18:30", ("02", "04"), [("01T18:30", "02T00:00"), ("04T00:00", "04T18:30")]),
        # The 10th is today: it is not over.
        ("09T00:00", "11T00:00", ("09", "10"), [("10T00:00", "11T00:00")]),
        ("10T03:00", "10T05:00", ("11", "11"), [("10T03:00", "10T05:00")]),
        ("03T03:00", "03T05:00", ("04", "04"), [("03T03:00", "03T05:00")]),
        ("03T03:00", "04T05:00", ("04", "04"), [("03T03:00", "04T00:00"), ("04T00:00", "04T05:00")]),
    ],
)
def test_windows_are_whole_days_and_edges(
    start: str, end: str, whole: tuple[str, str], edges: list[tuple[str, str]]
) -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC)

    window = Window(at(start), at(end), ZoneInfo("UTC"), at("10T12:00"))
    assert window.whole_days == (at(whole[0]), at(whole[1]))
    assert window.edges == [(at(lo), at(hi)) for lo, hi in edges]
