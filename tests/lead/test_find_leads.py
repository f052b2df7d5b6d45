"""GET /v1/lead/company."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.lead import Lead
from tests.agent.rows import START, add_lead
from tests.cast import Cast

PATH = "/v1/lead/company"


def _names(client: FlaskClient, cast: Cast, **query: Any) -> list[str]:
    answer = client.get(PATH, query_string=query, headers=cast.bob.headers)
    assert answer.status_code == 200
    return [lead["first_name"] for lead in answer.json["items"]]


def test_lists_live_leads_the_newest_first(client: FlaskClient, database: Session, cast: Cast, lea: Lead) -> None:
    add_lead(database, cast.acme, first_name="Gone", deleted_at=START)
    add_lead(database, cast.globex, first_name="Stranger")
    answer = client.get(PATH, headers=cast.key(cast.alice, "read"))
    assert [lead["first_name"] for lead in answer.json["items"]] == ["Lea", "Vera"]
    assert answer.json["pagination"] == {"page": 1, "per_page": 20, "total": 2, "pages": 1}


def test_gives_pages(client: FlaskClient, cast: Cast, lea: Lead) -> None:
    assert _names(client, cast, per_page=1, page=2) == ["Vera"]


def test_finds_a_status(client: FlaskClient, database: Session, cast: Cast, lea: Lead) -> None:
    add_lead(database, cast.acme, first_name="Carl", status="converted")
    assert _names(client, cast, status="converted") == ["Carl"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("zoe", ["Zoë"]),
        ("ZOË QUI", ["Zoë"]),
        ("quinones", ["Zoë"]),
        ("zq_1@", ["Zoë"]),
        ("_", ["Zoë"]),
        ("%", []),
        ("911 234", ["Lea"]),
        ("+34 (911) 23-45", ["Lea"]),
        ("leader", ["Lea"]),
    ],
)
def test_finds_parts_of_names_mails_and_phone_numbers(
    client: FlaskClient, database: Session, cast: Cast, lea: Lead, search: str, found: list[str]
) -> None:
    add_lead(database, cast.acme, first_name="Zoë", last_name="Quiñones", email="zq_1@example.com")
    assert _names(client, cast, search=search) == found


def test_lists_those_of_the_company_that_a_super_admin_names(client: FlaskClient, cast: Cast, lea: Lead) -> None:
    answer = client.get(PATH, query_string={"company_id": str(cast.acme)}, headers=cast.root.headers)
    assert answer.json["pagination"]["total"] == 2


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH).status_code == 401


def test_refuses_visitors_and_keys_for_something_else(client: FlaskClient, cast: Cast) -> None:
    for headers in (cast.vera.headers, cast.key(cast.alice, "read", permissions={"agents": ["read"]})):
        assert client.get(PATH, headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, query_string={"company_id": str(cast.acme)}, headers=cast.charlie.headers)
    assert answer.status_code == 404
    assert client.get(PATH, headers=cast.charlie.headers).json["items"] == []


@pytest.mark.parametrize("query", [{"status": "cold"}, {"page": 0}, {"per_page": 101}, {"search": "x" * 201}])
def test_refuses_bad_queries(client: FlaskClient, cast: Cast, query: dict[str, Any]) -> None:
    answer = client.get(PATH, query_string=query, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(query))
