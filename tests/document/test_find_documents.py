"""GET /v1/document."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.cast import Cast
from tests.document.rows import add_document

PATH = "/v1/document"
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def shelf(database: Session, cast: Cast, agent: UUID, foreign: UUID) -> None:
    """Four documents of acme, an hour apart, one of them deleted; two agents."""
    other = Agent(company_id=cast.acme, name="Other")
    database.add(other)
    database.commit()
    rows: list[dict[str, Any]] = [
        {"title": "Rückgabe", "filename": "a.pdf", "kind": "pdf", "size_bytes": 30},
        {"title": "100 % wool", "filename": None, "kind": "html", "source": "url", "url": "https://acme.example/wool"},
        {"title": "Prices", "filename": "Prices.xlsx", "kind": "xlsx", "status": "error", "size_bytes": 10},
        {"title": "Gone", "deleted_at": START},
    ]
    for hour, values in enumerate(rows):
        made = START + timedelta(hours=hour)
        add_document(database, cast.acme, other.id if hour == 2 else agent, created_at=made, **values)


def titles(client: FlaskClient, cast: Cast, **query: Any) -> list[str]:
    """Titles of the documents that Bob finds."""
    answer = client.get(PATH, query_string=query, headers=cast.bob.headers)
    assert answer.status_code == 200, answer.json
    return [each["title"] for each in answer.json["items"]]


@pytest.mark.usefixtures("shelf")
def test_lists_live_documents_the_newest_first(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, headers=cast.key(cast.bob, "read"))
    assert [each["title"] for each in answer.json["items"]] == ["Prices", "100 % wool", "Rückgabe"]
    assert answer.json["pagination"] == {"page": 1, "per_page": 20, "total": 3, "pages": 1}
    assert "storage_name" not in answer.json["items"][0]


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "error"}, ["Prices"]),
        ({"source": "url"}, ["100 % wool"]),
        ({"kind": "pdf"}, ["Rückgabe"]),
        ({"search": "ruckgabe"}, ["Rückgabe"]),
        ({"search": "prices.x"}, ["Prices"]),
        ({"search": "acme.example/w"}, ["100 % wool"]),
        ({"search": "100 %"}, ["100 % wool"]),
        ({"search": "%"}, ["100 % wool"]),
        ({"search": "_"}, []),
        ({"created_after": "2026-11-02T10:00:00Z"}, ["Prices", "100 % wool"]),
        ({"created_before": "2026-11-02T10:00:00Z"}, ["Rückgabe"]),
        ({"sort": "created_at"}, ["Rückgabe", "100 % wool", "Prices"]),
        ({"sort": "title"}, ["100 % wool", "Prices", "Rückgabe"]),
        ({"sort": "-size_bytes", "status": "processed"}, ["100 % wool", "Rückgabe"]),
        ({"page": 2, "per_page": 2}, ["Rückgabe"]),
    ],
)
def test_finds(client: FlaskClient, cast: Cast, query: dict[str, Any], found: list[str]) -> None:
    assert titles(client, cast, **query) == found


@pytest.mark.usefixtures("shelf")
def test_finds_an_agents(client: FlaskClient, cast: Cast, agent: UUID, other_agent: UUID) -> None:
    assert titles(client, cast, agent_id=agent) == ["100 % wool", "Rückgabe"]
    assert titles(client, cast, agent_id=other_agent) == []


@pytest.mark.usefixtures("shelf")
def test_lets_a_super_admin_name_the_company(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, query_string={"company_id": cast.globex}, headers=cast.root.headers)
    assert [each["title"] for each in answer.json["items"]] == ["The Globex papers"]


def test_refuses_anonymous_calls_leads_and_keys_that_may_not(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers=cast.vera.headers).status_code == 403
    narrowed = cast.key(cast.alice, "admin", permissions={"agents": ["read"]})
    assert client.get(PATH, headers=narrowed).status_code == 403


@pytest.mark.parametrize(
    "query",
    [{"status": "lost"}, {"source": "fax"}, {"kind": "exe"}, {"agent_id": "7"}, {"sort": "company_id"}]
    + [{"created_after": "yesterday"}, {"search": ""}, {"search": "\0"}, {"page": 0}],
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, query: dict[str, Any]) -> None:
    answer = client.get(PATH, query_string=query, headers=cast.bob.headers)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
