"""GET /v1/agent."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.agent.rows import START, add_agent
from tests.cast import Cast

PATH = "/v1/agent"


def _names(client: FlaskClient, cast: Cast, **query: Any) -> list[str]:
    answer = client.get(PATH, query_string=query, headers=cast.bob.headers)
    assert answer.status_code == 200
    return [agent["name"] for agent in answer.json["items"]]


def test_lists_live_agents_the_newest_first(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent, stranger: Agent
) -> None:
    add_agent(database, cast.acme, name="Gone", deleted_at=START)
    add_agent(database, cast.acme, name="Nova")
    answer = client.get(PATH, headers=cast.key(cast.alice, "read"))
    assert [agent["name"] for agent in answer.json["items"]] == ["Nova", "Ronda"]
    assert answer.json["items"][1]["instructions"] == "Be brief."
    assert answer.json["pagination"] == {"page": 1, "per_page": 20, "total": 2, "pages": 1}


def test_gives_pages(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    add_agent(database, cast.acme, name="Nova")
    assert _names(client, cast, per_page=1, page=2) == ["Ronda"]


def test_finds_a_status(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    add_agent(database, cast.acme, name="Nova", status="inactive")
    assert _names(client, cast, status="inactive") == ["Nova"]
    assert _names(client, cast, status="active") == ["Ronda"]


@pytest.mark.parametrize(
    ("search", "found"),
    [("rond", ["Ronda"]), ("JOSE", ["José"]), ("josé", ["José"]), ("alquiler", ["José"]), ("%", ["100%"]), ("_", [])],
)
def test_finds_parts_of_names_and_descriptions(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent, search: str, found: list[str]
) -> None:
    add_agent(database, cast.acme, name="José", description="Para el ALQUILÉR")
    add_agent(database, cast.acme, name="100%")
    assert _names(client, cast, search=search) == found


def test_lists_those_of_the_company_that_a_super_admin_names(
    client: FlaskClient, cast: Cast, ronda: Agent, stranger: Agent
) -> None:
    answer = client.get(PATH, query_string={"company_id": str(cast.globex)}, headers=cast.root.headers)
    assert [agent["name"] for agent in answer.json["items"]] == ["Stranger"]
    assert client.get(PATH, headers=cast.root.headers).json["code"] == "company_required"


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH).status_code == 401


def test_refuses_visitors_and_keys_for_something_else(client: FlaskClient, cast: Cast) -> None:
    for headers in (cast.vera.headers, cast.key(cast.alice, "read", permissions={"leads": ["read"]})):
        assert client.get(PATH, headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, query_string={"company_id": str(cast.globex)}, headers=cast.alice.headers)
    assert answer.status_code == 404


@pytest.mark.parametrize("query", [{"status": "busy"}, {"page": 0}, {"per_page": 101}, {"search": "x" * 201}])
def test_refuses_bad_queries(client: FlaskClient, cast: Cast, query: dict[str, Any]) -> None:
    answer = client.get(PATH, query_string=query, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(query))
