"""PATCH /v1/state/<state_id>."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.state import State
from tests.address.conftest import Land
from tests.cast import Cast
from tests.rows import audited, now_in


def test_changes_what_the_company_added(client: FlaskClient, cast: Cast, land: Land, database: Session) -> None:
    mine, elsewhere = land.add_state("State 2", by=cast.alice), land.add_country("Testland 2")
    body = {"name": "State 3", "country_id": elsewhere}
    answer = client.patch(f"/v1/state/{mine}", json=body, headers=cast.alice.headers)
    assert answer.status_code == 200
    assert answer.json == {"id": mine, "iso_code": None, **body}
    entry = audited(database, "place_changed")
    assert (entry.before, entry.after) == ({"name": "State 2", "country_id": land.country}, body)


def test_lets_a_super_admin_rename_reference_data(
    client: FlaskClient, cast: Cast, land: Land, database: Session
) -> None:
    land.add_address(cast.charlie)
    answer = client.patch(f"/v1/state/{land.state}", json={"name": "Renamed"}, headers=cast.root.headers)
    assert answer.status_code == 200
    assert now_in(database, State, land.state).name == "Renamed"


def test_lets_nobody_move_a_state_that_addresses_lie_in(client: FlaskClient, cast: Cast, land: Land) -> None:
    mine, elsewhere = land.add_state("State 2", by=cast.alice), land.add_country("Testland 2")
    land.add_address(cast.alice, state_id=mine)
    for person in (cast.alice, cast.root):
        answer = client.patch(f"/v1/state/{mine}", json={"country_id": elsewhere}, headers=person.headers)
        assert (answer.status_code, answer.json["code"]) == (409, "place_in_use")


def test_keeps_admins_off_what_others_added(client: FlaskClient, cast: Cast, land: Land) -> None:
    of_globex = land.add_state("Of Globex", by=cast.charlie)
    for state in (land.state, of_globex):
        answer = client.patch(f"/v1/state/{state}", json={"name": "Mine"}, headers=cast.alice.headers)
        assert (answer.status_code, answer.json["code"]) == (403, "place_not_yours")


def test_keeps_a_state_that_others_rely_on(client: FlaskClient, cast: Cast, land: Land) -> None:
    mine = land.add_state("State 2", by=cast.alice)
    land.add_city("Of Globex", state=mine, by=cast.charlie)
    answer = client.patch(f"/v1/state/{mine}", json={"name": "Changed"}, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "place_in_use")


def test_refuses_a_name_that_the_country_has(client: FlaskClient, cast: Cast, land: Land) -> None:
    elsewhere = land.add_country("Testland 2")
    namesake = land.add_state("teststate", country=elsewhere)
    answer = client.patch(f"/v1/state/{namesake}", json={"country_id": land.country}, headers=cast.root.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "place_exists")


def test_refuses_anonymous_calls_and_keys(client: FlaskClient, cast: Cast, land: Land) -> None:
    path = f"/v1/state/{land.state}"
    assert client.patch(path, json={"name": "Changed"}).status_code == 401
    assert client.patch(path, json={"name": "Changed"}, headers=cast.key(cast.alice, "admin")).status_code == 401


def test_refuses_other_roles(client: FlaskClient, cast: Cast, land: Land) -> None:
    for person in (cast.bob, cast.sam, cast.vera):
        answer = client.patch(f"/v1/state/{land.state}", json={"name": "Changed"}, headers=person.headers)
        assert answer.status_code == 403


@pytest.mark.parametrize("state", [0, 2_147_483_647, 2_147_483_648])
def test_knows_no_other_state(client: FlaskClient, cast: Cast, state: int) -> None:
    answer = client.patch(f"/v1/state/{state}", json={"name": "Changed"}, headers=cast.root.headers)
    assert answer.status_code == 404


@pytest.mark.parametrize("body", [{"name": ""}, {"country_id": 2_147_483_647}, {"country_id": -1}, {"iso_code": "X"}])
def test_refuses_bad_input(client: FlaskClient, cast: Cast, land: Land, body: dict[str, Any]) -> None:
    answer = client.patch(f"/v1/state/{land.state}", json=body, headers=cast.root.headers)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == list(body)
