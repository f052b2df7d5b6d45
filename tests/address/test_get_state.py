"""GET /v1/state/<state_id>."""

import pytest
from flask.testing import FlaskClient

from tests.address.conftest import Land


def test_answers_the_state_with_all_its_cities(client: FlaskClient, land: Land) -> None:
    for number in range(25):
        land.add_city(f"City {number:02}")
    answer = client.get(f"/v1/state/{land.state}")
    assert answer.status_code == 200
    found = answer.json
    cities = found.pop("cities")
    assert found == {"id": land.state, "name": "Teststate", "iso_code": "QZ-TS", "country_id": land.country}
    assert [each["name"] for each in cities] == [*(f"City {number:02}" for number in range(25)), "Testcity"]
    assert cities[-1] == {"id": land.city, "name": "Testcity", "state_id": land.state, "postal_code_prefix": "99"}


@pytest.mark.parametrize("state", [0, 2_147_483_647, 2_147_483_648, "x"])
def test_knows_no_other_state(client: FlaskClient, state: object) -> None:
    assert client.get(f"/v1/state/{state}").status_code == 404
