"""GET /v1/analytic/agent/<agent_id>/performance-comparison."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.agent import rows
from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import YESTERDAY


def _answers(database: Session, agent: Agent, outcomes: str, at: datetime) -> None:
    """A turn for each letter: `a` answered, `r` refused."""
    talk = rows.add_conversation(database, agent, created_at=at)
    for sequence, letter in enumerate(outcomes):
        outcome = {"a": "answered", "r": "refused"}[letter]
        end = at + timedelta(seconds=1 + sequence)
        rows.add_turn(database, talk, sequence, status="completed", outcome=outcome, created_at=at, finished_at=end)


def test_compares(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    nova = rows.add_agent(database, cast.acme, name="Nova")
    rows.add_agent(database, cast.acme, name="Idle")
    _answers(database, ronda, "aaar", YESTERDAY)
    _answers(database, nova, "ar", YESTERDAY)
    _answers(database, ronda, "ar", YESTERDAY - timedelta(days=2))
    query = {"start_date": str((YESTERDAY - timedelta(days=1)).date()), "end_date": str(YESTERDAY.date())}
    path = f"/v1/analytic/agent/{ronda.id}/performance-comparison"
    shown: Any = client.get(path, query_string=query, headers=cast.alice.headers).json
    assert shown["active_agents"] == 2
    assert shown["previous_period"]["end"] == shown["period"]["start"]
    measures = {each.pop("measure"): each for each in shown["measures"]}
    assert measures["answer_rate"] == {
        "agent": 0.75,
        "company_average": 0.6667,
        "previous": 0.5,
        "against_company": 0.1249,
        "against_previous": 0.5,
        "more_is_better": True,
    }
    assert (measures["turns"]["agent"], measures["turns"]["company_average"]) == (4.0, 3.0)
    assert measures["satisfaction"]["agent"] is measures["satisfaction"]["against_previous"] is None
    assert measures["response_ms_p95"]["more_is_better"] is False


def test_refuses(client: FlaskClient, cast: Cast, ronda: Agent, stranger: Agent) -> None:
    refusals.check(client, cast, f"/v1/analytic/agent/{ronda.id}/performance-comparison", **refusals.PERIODS)
    for agent_id in (stranger.id, uuid4()):
        path = f"/v1/analytic/agent/{agent_id}/performance-comparison"
        assert client.get(path, headers=cast.alice.headers).status_code == 404
