"""PATCH /v1/city/<city_id>."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.city import City
from tests.address.conftest import Land
from tests.cast import Cast
from tests.rows import audited, now_in


def test_changes_what_the_company_added(client: FlaskClient, cast: Cast, land: Land, database: Session) -> None:
    mine, elsewhere = land.add_city("City 2", by=cast.alice), land.add_state("State 2")
    body = {"name": "City 3", "state_id": elsewhere, "postal_code_prefix": "12"}
    answer = client.patch(f"/v1/city/{mine}", json=body, headers=cast.alice.headers)
    assert answer.status_code == 200
    assert answer.json == {"id": mine, **body}
    entry = audited(database, "place_changed")
    assert (entry.entity_type, entry.after) == ("city", body)


def test_lets_a_super_admin_change_reference_data(
    client: FlaskClient, cast: Cast, land: Land, database: Session
) -> None:
    answer = client.patch(f"/v1/city/{land.city}", json={"postal_code_prefix": None}, headers=cast.root.headers)
    assert answer.status_code == 200
    assert now_in(database, City, land.city).postal_code_prefix is None


def test_lets_nobody_move_a_city_that_addresses_lie_in(client: FlaskClient, cast: Cast, land: Land) -> None:
    mine, elsewhere = land.add_city("City 2", by=cast.alice), land.add_state("State 2")
    land.add_address(cast.alice, city_id=mine)
    for person in (cast.alice, cast.root):
        answer = client.patch(f"/v1/city/{mine}", json={"state_id": elsewhere}, headers=person.headers)
        assert (answer.status_code, answer.json["code"]) == (409, "place_in_use")


def test_keeps_admins_off_what_others_added(client: FlaskClient, cast: Cast, land: Land) -> None:
    of_globex = land.add_city("Of Globex", by=cast.charlie)
    for city in (land.city, of_globex):
        answer = client.patch(f"/v1/city/{city}", json={"name": "Mine"}, headers=cast.alice.headers)
        assert (answer.status_code, answer.json["code"]) == (403, "place_not_yours")


def test_keeps_a_city_that_others_live_in(client: FlaskClient, cast: Cast, land: Land) -> None:
    mine = land.add_city("City 2", by=cast.alice)
    land.add_address(cast.charlie, city_id=mine)
    answer = client.patch(f"/v1/city/{mine}", json={"name": "Changed"}, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "place_in_use")
    assert str(cast.globex) not in answer.text


def test_refuses_a_name_that_the_state_has(client: FlaskClient, cast: Cast, land: Land) -> None:
    mine = land.add_city("City 2", by=cast.alice)
    answer = client.patch(f"/v1/city/{mine}", json={"name": "TestCity"}, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "place_exists")


def test_refuses_anonymous_calls_and_keys(client: FlaskClient, cast: Cast, land: Land) -> None:
    path = f"/v1/city/{land.city}"
    assert client.patch(path, json={"name": "Changed"}).status_code == 401
    assert client.patch(path, json={"name": "Changed"}, headers=cast.key(cast.alice, "admin")).status_code == 401


def test_refuses_other_roles(client: FlaskClient, cast: Cast, land: Land) -> None:
    for person in (cast.bob, cast.sam, cast.vera):
        answer = client.patch(f"/v1/city/{land.city}", json={"name": "Changed"}, headers=person.headers)
        assert answer.status_code == 403


@pytest.mark.parametrize("city", [0, 2_147_483_647, 2_147_483_648])
def test_knows_no_other_city(client: FlaskClient, cast: Cast, city: int) -> None:
    answer = client.patch(f"/v1/city/{city}", json={"name": "Changed"}, headers=cast.root.headers)
    assert answer.status_code == 404


@pytest.mark.parametrize("body", [{"name": " "}, {"state_id": 2_147_483_647}, {"state_id": None}, {"country_id": 1}])
def test_refuses_bad_input(client: FlaskClient, cast: Cast, land: Land, body: dict[str, Any]) -> None:
    answer = client.patch(f"/v1/city/{land.city}", json=body, headers=cast.root.headers)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == list(body)
