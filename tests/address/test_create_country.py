"""POST /v1/country."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.country import Country
from tests.address.conftest import Land
from tests.cast import Cast
from tests.rows import audited, now_in

PATH = "/v1/country"


def test_adds_a_country(client: FlaskClient, cast: Cast, database: Session) -> None:
    answer = client.post(PATH, json={"name": "  New \t Testland ", "iso_code": "qy"}, headers=cast.alice.headers)
    assert answer.status_code == 201
    made = answer.json
    assert made == {"id": made["id"], "name": "New Testland", "iso_code": "QY"}
    assert answer.headers["Location"] == f"/v1/country/{made['id']}"
    assert now_in(database, Country, made["id"]).added_by_company == cast.acme
    assert client.get(answer.headers["Location"]).json == {**made, "states": []}


def test_writes_an_audit_entry_of_the_company(client: FlaskClient, cast: Cast, database: Session) -> None:
    client.post(PATH, json={"name": "New Testland"}, headers=cast.alice.headers)
    entry = audited(database, "place_created")
    assert (entry.company_id, entry.actor_id, entry.entity_type) == (cast.acme, cast.alice.id, "country")
    assert entry.after == {"name": "New Testland"}


def test_adds_a_country_of_the_platform_for_a_super_admin(client: FlaskClient, cast: Cast, database: Session) -> None:
    answer = client.post(PATH, json={"name": "New Testland"}, headers=cast.root.headers)
    assert answer.status_code == 201
    assert now_in(database, Country, answer.json["id"]).added_by_company is None


@pytest.mark.parametrize("body", [{"name": "tESTland"}, {"name": "Elsewhere", "iso_code": "QZ"}])
def test_refuses_a_name_or_code_that_is_there(
    client: FlaskClient, cast: Cast, land: Land, body: dict[str, str]
) -> None:
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert answer.status_code == 409
    assert answer.json["code"] == "place_exists"


def test_refuses_anonymous_calls_and_keys(client: FlaskClient, cast: Cast) -> None:
    assert client.post(PATH, json={"name": "New Testland"}).status_code == 401
    key = cast.key(cast.alice, "admin")
    assert client.post(PATH, json={"name": "New Testland"}, headers=key).status_code == 401


def test_refuses_other_roles(client: FlaskClient, cast: Cast) -> None:
    for person in (cast.bob, cast.sam, cast.vera):
        assert client.post(PATH, json={"name": "New Testland"}, headers=person.headers).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": 5}, "name"),
        ({"name": "New Testland", "iso_code": "ESP"}, "iso_code"),
        ({"name": "New Testland", "iso_code": "ß"}, "iso_code"),
        ({"name": "New Testland", "iso_code": "E1"}, "iso_code"),
        ({"name": "New Testland", "iso_code": "ES\n"}, "iso_code"),
        ({"name": "New Testland", "continent": "Europe"}, "continent"),
    ],
)
def test_refuses_bad_input(client: FlaskClient, cast: Cast, body: dict[str, Any], field: str) -> None:
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
