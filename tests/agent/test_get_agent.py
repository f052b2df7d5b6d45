"""GET /v1/agent/<agent_id>, which anybody may call."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.company import Company
from tests.agent.rows import START, add_settings
from tests.cast import Cast
from tests.rows import change


def test_shows_what_anybody_may_know(client: FlaskClient, ronda: Agent) -> None:
    answer = client.get(f"/v1/agent/{ronda.id}")
    assert answer.status_code == 200
    assert answer.json == {
        "id": str(ronda.id),
        "name": "Ronda",
        "avatar_url": None,
        "languages": ["en", "es"],
        "greeting": "Hi!",
        "widget_config": {},
        "online": True,
    }


def test_shows_no_more_to_the_team(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    anybody = client.get(f"/v1/agent/{ronda.id}").json
    assert client.get(f"/v1/agent/{ronda.id}", headers=cast.alice.headers).json == anybody


def _look(client: FlaskClient, agent: Agent) -> Any:
    return client.get(f"/v1/agent/{agent.id}").json["widget_config"]


def test_shows_the_look_of_its_effective_settings(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    """The company's default one; rather its own; above all the one that it names."""
    add_settings(database, cast.globex, is_default=True, widget_config={"of": "globex"})
    named = add_settings(database, cast.acme, widget_config={"of": "the named"})
    assert _look(client, ronda) == {}
    add_settings(database, cast.acme, is_default=True, widget_config={"of": "the company"})
    assert _look(client, ronda) == {"of": "the company"}
    add_settings(database, cast.acme, agent_id=ronda.id, widget_config={"of": "its own"})
    assert _look(client, ronda) == {"of": "its own"}
    change(database, Agent, ronda.id, llm_settings_id=named.id)
    assert _look(client, ronda) == {"of": "the named"}


def test_is_offline_outside_of_its_hours(client: FlaskClient, database: Session, ronda: Agent) -> None:
    change(database, Agent, ronda.id, operating_hours={"timezone": "UTC", "days": {"mon": []}})
    assert client.get(f"/v1/agent/{ronda.id}").json["online"] is False


@pytest.mark.parametrize("values", [{"status": "inactive"}, {"deleted_at": START}])
def test_hides_an_agent_that_can_not_be_talked_to(
    client: FlaskClient, database: Session, ronda: Agent, values: dict[str, Any]
) -> None:
    change(database, Agent, ronda.id, **values)
    answer = client.get(f"/v1/agent/{ronda.id}")
    assert answer.status_code == 404
    assert answer.json["detail"] == client.get(f"/v1/agent/{uuid4()}").json["detail"]


@pytest.mark.parametrize("values", [{"status": "suspended"}, {"deleted_at": START}])
def test_hides_the_agents_of_a_closed_company(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent, values: dict[str, Any]
) -> None:
    change(database, Company, cast.acme, **values)
    assert client.get(f"/v1/agent/{ronda.id}").status_code == 404


def test_answers_404_when_there_is_none(client: FlaskClient, cast: Cast) -> None:
    for agent_id in (uuid4(), cast.acme, "7"):
        assert client.get(f"/v1/agent/{agent_id}").status_code == 404
