"""POST /v1/state."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.state import State
from tests.address.conftest import Land
from tests.cast import Cast
from tests.rows import audited, now_in

PATH = "/v1/state"


def test_adds_a_state(client: FlaskClient, cast: Cast, land: Land, database: Session) -> None:
    body = {"name": "New State", "country_id": land.country}
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert answer.status_code == 201
    assert answer.json == {**body, "id": answer.json["id"], "iso_code": None}
    assert answer.headers["Location"] == f"/v1/state/{answer.json['id']}"
    assert now_in(database, State, answer.json["id"]).added_by_company == cast.acme
    entry = audited(database, "place_created")
    assert (entry.entity_type, entry.entity_id, entry.after) == ("state", str(answer.json["id"]), body)


def test_refuses_a_name_that_the_country_has(client: FlaskClient, cast: Cast, land: Land) -> None:
    body = {"name": "TESTSTATE", "country_id": land.country}
    assert client.post(PATH, json=body, headers=cast.alice.headers).status_code == 409
    elsewhere = {**body, "country_id": land.add_country("Testland 2")}
    assert client.post(PATH, json=elsewhere, headers=cast.alice.headers).status_code == 201


def test_refuses_anonymous_calls_and_keys(client: FlaskClient, cast: Cast, land: Land) -> None:
    body = {"name": "New State", "country_id": land.country}
    assert client.post(PATH, json=body).status_code == 401
    assert client.post(PATH, json=body, headers=cast.key(cast.alice, "admin")).status_code == 401


def test_refuses_other_roles(client: FlaskClient, cast: Cast, land: Land) -> None:
    body = {"name": "New State", "country_id": land.country}
    for person in (cast.bob, cast.sam, cast.vera):
        assert client.post(PATH, json=body, headers=person.headers).status_code == 403


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"country_id": 2_147_483_647}, "country_id"),
        ({"country_id": 2_147_483_648}, "country_id"),
        ({"country_id": 0}, "country_id"),
        ({"country_id": "1"}, "country_id"),
        ({"country_id": True}, "country_id"),
        ({"country_id": None}, "country_id"),
        ({"iso_code": "QZ-NS"}, "iso_code"),
    ],
)
def test_refuses_bad_input(client: FlaskClient, cast: Cast, land: Land, changes: dict[str, Any], field: str) -> None:
    body = {"name": "New State", "country_id": land.country, **changes}
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
