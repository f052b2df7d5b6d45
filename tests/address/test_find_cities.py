"""GET /v1/city/state/<state_id>."""

import pytest
from flask.testing import FlaskClient

from tests.address.conftest import Land


def test_lists_the_cities_of_a_state_to_anybody(client: FlaskClient, land: Land) -> None:
    land.add_city("Elsewhere", state=land.add_state("State 2"))
    answer = client.get(f"/v1/city/state/{land.state}")
    assert answer.status_code == 200
    city = {"id": land.city, "name": "Testcity", "state_id": land.state, "postal_code_prefix": "99"}
    assert answer.json["items"] == [city]
    assert answer.json["pagination"]["total"] == 1


@pytest.mark.parametrize("search", ["malaga", "MÁLA", "Ma\u0301laga"])
def test_searches_whatever_case_accents_and_unicode_form(client: FlaskClient, land: Land, search: str) -> None:
    land.add_city("Málaga")
    answer = client.get(f"/v1/city/state/{land.state}", query_string={"search": search})
    assert [each["name"] for each in answer.json["items"]] == ["Málaga"]


def test_pages(client: FlaskClient, land: Land) -> None:
    land.add_city("Zaragoza")
    answer = client.get(f"/v1/city/state/{land.state}", query_string={"per_page": 1, "page": 2})
    assert [each["name"] for each in answer.json["items"]] == ["Zaragoza"]


@pytest.mark.parametrize("state", [0, 2_147_483_647, 2_147_483_648])
def test_knows_no_other_state(client: FlaskClient, state: int) -> None:
    assert client.get(f"/v1/city/state/{state}").status_code == 404


def test_refuses_bad_input(client: FlaskClient, land: Land) -> None:
    answer = client.get(f"/v1/city/state/{land.state}", query_string={"page": "x"})
    assert answer.status_code == 422
