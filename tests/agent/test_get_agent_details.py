"""GET /v1/agent/<agent_id>/details."""

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.agent.rows import START
from tests.cast import Cast
from tests.rows import change


def path(agent: Agent) -> str:
    """Everything about an agent."""
    return f"/v1/agent/{agent.id}/details"


def test_shows_everything_to_the_team(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    change(database, Agent, ronda.id, status="inactive")
    for headers in (cast.bob.headers, cast.key(cast.alice, "read")):
        answer = client.get(path(ronda), headers=headers)
        assert answer.status_code == 200
        assert (answer.json["instructions"], answer.json["status"]) == ("Be brief.", "inactive")


def test_shows_it_to_a_super_admin_who_names_the_company(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    assert client.get(f"{path(ronda)}?company_id={cast.acme}", headers=cast.root.headers).status_code == 200


def test_hides_a_deleted_agent(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    change(database, Agent, ronda.id, deleted_at=START)
    assert client.get(path(ronda), headers=cast.alice.headers).status_code == 404


def test_refuses_anonymous_calls(client: FlaskClient, ronda: Agent) -> None:
    assert client.get(path(ronda)).status_code == 401


def test_refuses_visitors_and_keys_for_something_else(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    for headers in (cast.vera.headers, cast.key(cast.alice, "read", permissions={"leads": ["read"]})):
        assert client.get(path(ronda), headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    assert client.get(path(ronda), headers=cast.charlie.headers).status_code == 404
