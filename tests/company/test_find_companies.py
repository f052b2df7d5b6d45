"""GET /v1/super-admin/company."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.company import Company
from tests.cast import Cast

PATH = "/v1/super-admin/company"


def names(client: FlaskClient, cast: Cast, **query: object) -> list[str]:
    """The names on a page."""
    answer = client.get(PATH, query_string=query, headers=cast.root.headers)
    return [company["name"] for company in answer.json["items"]]


def test_lists_all_companies_the_newest_first(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, headers=cast.root.headers)
    assert answer.status_code == 200
    assert [company["name"] for company in answer.json["items"]] == ["Globex", "Acme"]
    assert answer.json["pagination"] == {"page": 1, "per_page": 20, "total": 2, "pages": 1}


def test_goes_through_the_pages(client: FlaskClient, database: Session, cast: Cast) -> None:
    database.add_all([Company(name=f"C{number}", email="c@example.com") for number in range(3)])
    database.commit()
    pages = [names(client, cast, page=page, per_page=2) for page in (1, 2, 3, 4)]
    assert pages == [["C2", "C1"], ["C0", "Globex"], ["Acme"], []]


def test_counts_the_pages(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, query_string={"page": 3, "per_page": 1}, headers=cast.root.headers)
    assert answer.json == {"items": [], "pagination": {"page": 3, "per_page": 1, "total": 2, "pages": 2}}


def test_leaves_deleted_companies_out(client: FlaskClient, cast: Cast) -> None:
    client.delete(f"/v1/company/{cast.globex}", headers=cast.root.headers)
    assert names(client, cast) == ["Acme"]


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    assert client.get(PATH).status_code == 401


def test_refuses_everybody_else(client: FlaskClient, cast: Cast) -> None:
    for person in (cast.alice, cast.bob, cast.sam, cast.vera, cast.charlie):
        answer = client.get(PATH, headers=person.headers)
        assert (answer.status_code, answer.json["code"]) == (403, "insufficient_permissions")


def test_refuses_api_keys(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.key(cast.root, "admin")).status_code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [("per_page", 101), ("per_page", 0), ("page", 0), ("page", -1), ("page", "x"), ("page", 100_001), ("page", 1.5)],
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, field: str, value: Any) -> None:
    answer = client.get(PATH, query_string={field: value}, headers=cast.root.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_gives_a_hundred_on_a_page_at_most(client: FlaskClient, cast: Cast) -> None:
    assert names(client, cast, per_page=100) == ["Globex", "Acme"]
