"""GET /v1/analytic/leads."""

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.agent import rows
from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import YESTERDAY

PATH = "/v1/analytic/leads"


def test_shows_funnel_sources_and_days(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    ways = (
        ("new", "widget"),
        ("contacted", "widget"),
        ("converted", None),
        ("lost", "import"),
        ("converted", "widget"),
    )
    leads = [
        rows.add_lead(database, cast.acme, status=status, source=source, agent_id=ronda.id, created_at=YESTERDAY)
        for status, source in ways
    ]
    rows.add_lead(database, cast.acme, created_at=YESTERDAY, deleted_at=YESTERDAY)
    rows.add_lead(database, cast.acme, created_at=YESTERDAY - timedelta(days=2))
    rows.add_lead(database, cast.globex, created_at=YESTERDAY)
    # It came later than the lead, and counts with it.
    rows.add_conversation(database, ronda, lead_id=leads[0].id)
    rows.add_conversation(database, ronda, lead_id=leads[1].id, deleted_at=YESTERDAY)
    day = str(YESTERDAY.date())
    query = {"start_date": str((YESTERDAY - timedelta(days=1)).date()), "end_date": day}
    shown: Any = client.get(PATH, query_string=query, headers=cast.alice.headers).json
    # Vera is the seventh.
    assert (shown["new"], shown["previous_new"], shown["total"], shown["conversion_rate"]) == (5, 1, 7, 0.4)
    assert shown["by_status"] == {"new": 1, "contacted": 1, "qualified": 0, "converted": 2, "lost": 1}
    assert [(each["step"], each["leads"]) for each in shown["funnel"]] == [
        ("came", 5),
        ("conversed", 1),
        ("contacted", 3),
        ("qualified", 2),
        ("converted", 2),
    ]
    assert [(each["source"], each["leads"], each["converted"]) for each in shown["sources"]] == [
        ("widget", 3, 1),
        ("import", 1, 0),
        ("unknown", 1, 1),
    ]
    assert [(each["name"], each["leads"]) for each in shown["agents"]] == [("Ronda", 5)]
    assert [each["leads"] for each in shown["daily"]] == [0, 5]


def test_refuses(client: FlaskClient, cast: Cast) -> None:
    refusals.check(client, cast, PATH, **refusals.PERIODS)
