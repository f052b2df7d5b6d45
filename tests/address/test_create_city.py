"""POST /v1/city."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.city import City
from tests.address.conftest import Land
from tests.cast import Cast
from tests.rows import audited, count, now_in

PATH = "/v1/city"


def test_adds_a_city(client: FlaskClient, cast: Cast, land: Land, database: Session) -> None:
    body = {"name": "Alcalá", "state_id": land.state, "postal_code_prefix": "288"}
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert answer.status_code == 201
    assert answer.json == {**body, "id": answer.json["id"]}
    assert answer.headers["Location"] == f"/v1/city/{answer.json['id']}"
    assert now_in(database, City, answer.json["id"]).added_by_company == cast.acme
    entry = audited(database, "place_created")
    assert (entry.entity_type, entry.after) == ("city", body)


def test_adds_it_once_under_one_idempotency_key(client: FlaskClient, cast: Cast, land: Land, database: Session) -> None:
    body, headers = {"name": "Alcalá", "state_id": land.state}, {**cast.alice.headers, "Idempotency-Key": "a-city"}
    answers = [client.post(PATH, json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert count(database, City, City.name == "Alcalá", City.state_id == land.state) == 1


def test_refuses_a_name_that_the_state_has(client: FlaskClient, cast: Cast, land: Land) -> None:
    land.add_city("Alcalá")
    # Another Unicode form of the same letters.
    body = {"name": "ALCALA\u0301", "state_id": land.state}
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "place_exists")


def test_refuses_anonymous_calls_and_keys(client: FlaskClient, cast: Cast, land: Land) -> None:
    body = {"name": "New City", "state_id": land.state}
    assert client.post(PATH, json=body).status_code == 401
    assert client.post(PATH, json=body, headers=cast.key(cast.alice, "admin")).status_code == 401


def test_refuses_other_roles(client: FlaskClient, cast: Cast, land: Land) -> None:
    body = {"name": "New City", "state_id": land.state}
    for person in (cast.bob, cast.sam, cast.vera):
        assert client.post(PATH, json=body, headers=person.headers).status_code == 403


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": None}, "name"),
        ({"state_id": 2_147_483_647}, "state_id"),
        ({"state_id": 1.5}, "state_id"),
        ({"postal_code_prefix": "x" * 21}, "postal_code_prefix"),
        ({"postal_code_prefix": 28}, "postal_code_prefix"),
        ({"added_by_company": "0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01"}, "added_by_company"),
    ],
)
def test_refuses_bad_input(client: FlaskClient, cast: Cast, land: Land, changes: dict[str, Any], field: str) -> None:
    body = {"name": "New City", "state_id": land.state, **changes}
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
