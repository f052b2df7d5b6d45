"""POST /v1/address."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.address import Address
from app.models.company import Company
from tests.address.conftest import Land
from tests.cast import Cast
from tests.rows import all_of, audited, count, now_in

PATH = "/v1/address"


def _body(land: Land, **changes: Any) -> dict[str, Any]:
    places = {"city_id": land.city, "state_id": land.state, "country_id": land.country}
    return {"street_address": "Main Street 1", **places, **changes}


def test_adds_the_address_of_the_company(client: FlaskClient, cast: Cast, land: Land, database: Session) -> None:
    body = _body(land, lat=40.4, lan=-3.7, postal_code="28014", is_primary=True)
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert answer.status_code == 201
    assert body.items() <= answer.json.items()
    assert [answer.json[kind]["name"] for kind in ("city", "state", "country")] == ["Testcity", "Teststate", "Testland"]
    assert answer.headers["Location"] == PATH
    assert client.get(PATH, headers=cast.alice.headers).json == answer.json
    assert now_in(database, Company, cast.acme).address_id == UUID(answer.json["id"])
    entry = audited(database, "address_created")
    assert (entry.company_id, entry.entity_id, entry.after) == (cast.acme, answer.json["id"], body)


def test_makes_the_first_address_the_primary_one(
    client: FlaskClient, cast: Cast, land: Land, database: Session
) -> None:
    first = client.post(PATH, json=_body(land, is_primary=False), headers=cast.alice.headers)
    second = client.post(PATH, json=_body(land), headers=cast.alice.headers)
    assert (first.json["is_primary"], second.json["is_primary"]) == (True, False)
    assert now_in(database, Company, cast.acme).address_id == UUID(first.json["id"])


def test_keeps_one_primary_address(client: FlaskClient, cast: Cast, land: Land, database: Session) -> None:
    of_globex = land.add_address(cast.charlie, is_primary=True)
    for _ in range(2):
        latest = client.post(PATH, json=_body(land, is_primary=True), headers=cast.alice.headers)
    primary = all_of(database, Address, Address.is_primary)
    assert {address.id for address in primary} == {of_globex.id, UUID(latest.json["id"])}
    assert now_in(database, Company, cast.acme).address_id == UUID(latest.json["id"])


@pytest.mark.slow  # several connections at once, each with a request
def test_keeps_one_primary_address_when_several_come_at_once(
    app: Flask, cast: Cast, land: Land, database: Session
) -> None:
    def post(_: int) -> int:
        body = _body(land, is_primary=True)
        return app.test_client().post(PATH, json=body, headers=cast.alice.headers).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(post, range(8))) == [201] * 8
    assert count(database, Address, Address.company_id == cast.acme) == 8
    assert count(database, Address, Address.company_id == cast.acme, Address.is_primary) == 1


def test_adds_it_to_the_company_that_a_super_admin_names(client: FlaskClient, cast: Cast, land: Land) -> None:
    unnamed = client.post(PATH, json=_body(land), headers=cast.root.headers)
    assert (unnamed.status_code, unnamed.json["code"]) == (422, "company_required")
    of_globex = {"company_id": str(cast.globex)}
    assert client.post(PATH, json=_body(land), query_string=of_globex, headers=cast.root.headers).status_code == 201
    assert client.get(PATH, headers=cast.charlie.headers).status_code == 200


def test_refuses_a_city_outside_of_the_state(client: FlaskClient, cast: Cast, land: Land) -> None:
    body = _body(land, city_id=land.add_city("Elsewhere", state=land.add_state("State 2")))
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert answer.status_code == 422
    assert answer.json["errors"] == {"city_id": ["This city does not lie in that state."]}


def test_refuses_a_state_outside_of_the_country(client: FlaskClient, cast: Cast, land: Land) -> None:
    body = _body(land, country_id=land.add_country("Testland 2"))
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert answer.status_code == 422
    assert answer.json["errors"] == {"state_id": ["This state does not lie in that country."]}


def test_refuses_anonymous_calls_and_keys(client: FlaskClient, cast: Cast, land: Land) -> None:
    assert client.post(PATH, json=_body(land)).status_code == 401
    assert client.post(PATH, json=_body(land), headers=cast.key(cast.alice, "admin")).status_code == 401


def test_refuses_other_roles(client: FlaskClient, cast: Cast, land: Land) -> None:
    for person in (cast.bob, cast.sam, cast.vera):
        assert client.post(PATH, json=_body(land), headers=person.headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, cast: Cast, land: Land) -> None:
    of_globex = {"company_id": str(cast.globex)}
    answer = client.post(PATH, json=_body(land), query_string=of_globex, headers=cast.alice.headers)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("street_address", ""),
        ("street_address", "x" * 301),
        ("city_id", 2_147_483_647),
        ("state_id", 2_147_483_647),
        ("country_id", 2_147_483_647),
        ("city_id", 2_147_483_648),
        ("city_id", "1"),
        ("lat", 90.1),
        ("lat", -90.1),
        ("lan", 180.1),
        ("lan", -180.1),
        ("lat", "north"),
        ("lat", "nan"),
        ("lon", 5),
        ("postal_code", "x" * 21),
        ("is_primary", "perhaps"),
    ],
)
def test_refuses_bad_input(client: FlaskClient, cast: Cast, land: Land, field: str, value: object) -> None:
    answer = client.post(PATH, json=_body(land, **{field: value}), headers=cast.alice.headers)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


@pytest.mark.parametrize("field", ["street_address", "city_id", "state_id", "country_id"])
def test_refuses_an_address_without(client: FlaskClient, cast: Cast, land: Land, field: str) -> None:
    body = _body(land)
    del body[field]
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert list(answer.json["errors"]) == [field]
