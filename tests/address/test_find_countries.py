"""GET /v1/country."""

import pytest
from flask.testing import FlaskClient

from tests.address.conftest import Land
from tests.cast import Cast

PATH = "/v1/country"


def _names(client: FlaskClient, **query: str | int) -> list[str]:
    return [each["name"] for each in client.get(PATH, query_string=query).json["items"]]


def test_lists_countries_to_anybody(client: FlaskClient, land: Land) -> None:
    answer = client.get(PATH, query_string={"search": "testland"})
    assert answer.status_code == 200
    assert answer.json["items"] == [{"id": land.country, "name": "Testland", "iso_code": "QZ"}]
    assert answer.json["pagination"] == {"page": 1, "per_page": 20, "total": 1, "pages": 1}


def test_sorts_by_name_whatever_case_and_accents(client: FlaskClient, land: Land) -> None:
    for name in ("testland b", "Téstland a", "TESTLAND c"):
        land.add_country(name)
    assert _names(client, search="testland ") == ["Téstland a", "testland b", "TESTLAND c"]


def test_pages(client: FlaskClient, land: Land) -> None:
    land.add_country("Testland 2")
    answer = client.get(PATH, query_string={"search": "testland", "per_page": 1, "page": 2})
    assert [each["name"] for each in answer.json["items"]] == ["Testland 2"]
    assert answer.json["pagination"] == {"page": 2, "per_page": 1, "total": 2, "pages": 2}


def test_finds_an_iso_code_first(client: FlaskClient, land: Land) -> None:
    land.add_country("Aqzland")
    assert _names(client, search="qz") == ["Testland", "Aqzland"]


@pytest.mark.parametrize("search", ["%", "_", "\\"])
def test_takes_wildcards_as_they_are(client: FlaskClient, land: Land, search: str) -> None:
    assert _names(client, search=f"testlan{search}") == []


def test_does_not_say_who_added_a_country(client: FlaskClient, cast: Cast, land: Land) -> None:
    land.add_country("Testland of Acme", by=cast.alice)
    answer = client.get(PATH, query_string={"search": "testland of"})
    assert str(cast.acme) not in answer.text
    assert answer.json["items"][0].keys() == {"id", "name", "iso_code"}


def test_answers_304_while_nothing_has_changed(client: FlaskClient, cast: Cast, land: Land) -> None:
    first = client.get(PATH)
    assert first.headers["Cache-Control"] == "public, no-cache"
    condition = {"If-None-Match": first.headers["ETag"]}
    again = client.get(PATH, headers=condition)
    assert (again.status_code, again.data) == (304, b"")
    land.add_country("A new country")
    assert client.get(PATH, headers=condition).status_code == 200


@pytest.mark.parametrize(
    "query", [{"search": "\x00"}, {"page": 0}, {"per_page": 101}, {"page": "one"}, {"search": "x" * 201}]
)
def test_refuses_bad_input(client: FlaskClient, query: dict[str, str | int]) -> None:
    answer = client.get(PATH, query_string=query)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == list(query)
