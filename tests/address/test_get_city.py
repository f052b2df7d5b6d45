"""GET /v1/city/<city_id>."""

import pytest
from flask.testing import FlaskClient

from tests.address.conftest import Land


def test_answers_the_city_with_its_state_and_country(client: FlaskClient, land: Land) -> None:
    answer = client.get(f"/v1/city/{land.city}")
    assert answer.status_code == 200
    assert answer.json == {
        "id": land.city,
        "name": "Testcity",
        "state_id": land.state,
        "postal_code_prefix": "99",
        "state": {"id": land.state, "name": "Teststate", "iso_code": "QZ-TS", "country_id": land.country},
        "country": {"id": land.country, "name": "Testland", "iso_code": "QZ"},
    }


@pytest.mark.parametrize("city", [0, 2_147_483_647, 2_147_483_648, "x"])
def test_knows_no_other_city(client: FlaskClient, city: object) -> None:
    assert client.get(f"/v1/city/{city}").status_code == 404
