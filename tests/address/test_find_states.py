"""GET /v1/state/country/<country_id>."""

import pytest
from flask.testing import FlaskClient

from tests.address.conftest import Land


def test_lists_the_states_of_a_country_to_anybody(client: FlaskClient, land: Land) -> None:
    land.add_state("Elsewhere", country=land.add_country("Testland 2"))
    answer = client.get(f"/v1/state/country/{land.country}")
    assert answer.status_code == 200
    state = {"id": land.state, "name": "Teststate", "iso_code": "QZ-TS", "country_id": land.country}
    assert answer.json["items"] == [state]
    assert answer.json["pagination"]["total"] == 1


@pytest.mark.parametrize("search", ["QZ-TS", "ts", "STAT"])
def test_searches_by_name_and_by_code_with_or_without_its_country(client: FlaskClient, land: Land, search: str) -> None:
    land.add_state("Other")
    answer = client.get(f"/v1/state/country/{land.country}", query_string={"search": search})
    assert [each["name"] for each in answer.json["items"]] == ["Teststate"]


def test_pages(client: FlaskClient, land: Land) -> None:
    land.add_state("Áteststate")
    answer = client.get(f"/v1/state/country/{land.country}", query_string={"per_page": 1})
    assert [each["name"] for each in answer.json["items"]] == ["Áteststate"]
    assert answer.json["pagination"]["pages"] == 2


@pytest.mark.parametrize("country", [0, 2_147_483_647, 2_147_483_648])
def test_knows_no_other_country(client: FlaskClient, country: int) -> None:
    assert client.get(f"/v1/state/country/{country}").status_code == 404


def test_refuses_bad_input(client: FlaskClient, land: Land) -> None:
    answer = client.get(f"/v1/state/country/{land.country}", query_string={"per_page": 0})
    assert answer.status_code == 422
