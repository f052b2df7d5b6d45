"""When an agent's people are there."""

from datetime import UTC, datetime

import pytest

from app.services.operating_hours import are_open

MADRID = {"timezone": "Europe/Madrid", "days": {"mon": [["09:00", "13:00"], ["15:00", "24:00"]], "tue": []}}


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-02T08:00", True),  # Monday, 09:00 in Madrid
        ("2026-11-02T07:59", False),
        ("2026-11-02T11:59", True),
        ("2026-11-02T12:00", False),
        ("2026-11-02T22:59", True),
        ("2026-11-02T23:00", False),  # Tuesday there
        ("2026-11-04T10:00", False),  # a day that isn't named
        ("2026-07-06T07:00", True),  # 09:00 in summer
    ],
)
def test_reads_the_clock_where_the_people_are(moment: str, is_open: bool) -> None:
    assert are_open(MADRID, datetime.fromisoformat(moment).replace(tzinfo=UTC)) is is_open


def test_is_always_open_without_days() -> None:
    assert are_open({}, datetime(2026, 11, 2, 3, 0, tzinfo=UTC))
