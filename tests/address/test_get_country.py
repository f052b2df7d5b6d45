"""GET /v1/country/<country_id>."""

import pytest
from flask.testing import FlaskClient

from tests.address.conftest import Land


def test_answers_the_country_with_all_its_states(client: FlaskClient, land: Land) -> None:
    for number in range(25):
        land.add_state(f"State {number:02}")
    answer = client.get(f"/v1/country/{land.country}")
    assert answer.status_code == 200
    found = answer.json
    states = found.pop("states")
    assert found == {"id": land.country, "name": "Testland", "iso_code": "QZ"}
    assert [each["name"] for each in states] == [*(f"State {number:02}" for number in range(25)), "Teststate"]
    assert states[-1] == {"id": land.state, "name": "Teststate", "iso_code": "QZ-TS", "country_id": land.country}


def test_can_be_kept_and_asked_for_again(client: FlaskClient, land: Land) -> None:
    first = client.get(f"/v1/country/{land.country}")
    again = client.get(f"/v1/country/{land.country}", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("country", [0, 2_147_483_647, 2_147_483_648, 10**30, -1, "x", "1.5"])
def test_knows_no_other_country(client: FlaskClient, country: object) -> None:
    assert client.get(f"/v1/country/{country}").status_code == 404
