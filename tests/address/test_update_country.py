"""PATCH /v1/country/<country_id>."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.audit_entry import AuditEntry
from app.models.country import Country
from tests.address.conftest import Land
from tests.cast import Cast
from tests.rows import audited, count, now_in


def test_changes_what_the_company_added(client: FlaskClient, cast: Cast, land: Land, database: Session) -> None:
    mine = land.add_country("Testland 2", by=cast.alice)
    answer = client.patch(f"/v1/country/{mine}", json={"iso_code": "qy"}, headers=cast.alice.headers)
    assert answer.status_code == 200
    assert answer.json == {"id": mine, "name": "Testland 2", "iso_code": "QY"}
    entry = audited(database, "place_changed")
    assert (entry.company_id, entry.before, entry.after) == (cast.acme, {"iso_code": None}, {"iso_code": "QY"})


def test_lets_a_super_admin_change_reference_data(
    client: FlaskClient, cast: Cast, land: Land, database: Session
) -> None:
    land.add_address(cast.charlie)
    path = f"/v1/country/{land.country}"
    answer = client.patch(path, json={"name": "Republic of Testland", "iso_code": None}, headers=cast.root.headers)
    assert answer.status_code == 200
    country = now_in(database, Country, land.country)
    assert (country.name, country.iso_code) == ("Republic of Testland", None)


def test_keeps_admins_off_what_others_added_without_saying_who(client: FlaskClient, cast: Cast, land: Land) -> None:
    of_globex = land.add_country("Testland of Globex", by=cast.charlie)
    refusals = []
    for country in (land.country, of_globex):
        answer = client.patch(f"/v1/country/{country}", json={"name": "Mine"}, headers=cast.alice.headers)
        assert answer.status_code == 403
        refusals.append({**answer.json, "request_id": None})
    assert refusals[0] == refusals[1]
    assert refusals[0]["code"] == "place_not_yours"


def test_keeps_a_country_that_others_rely_on(client: FlaskClient, cast: Cast, land: Land) -> None:
    addressed, divided = (land.add_country(f"Testland {number}", by=cast.alice) for number in (2, 3))
    land.add_address(cast.charlie, country_id=addressed)
    land.add_state("Of Globex", country=divided, by=cast.charlie)
    for country in (addressed, divided):
        answer = client.patch(f"/v1/country/{country}", json={"name": "Changed"}, headers=cast.alice.headers)
        assert (answer.status_code, answer.json["code"]) == (409, "place_in_use")


def test_changes_a_country_that_only_the_company_uses(client: FlaskClient, cast: Cast, land: Land) -> None:
    mine = land.add_country("Testland 2", by=cast.alice)
    land.add_state("Of Acme", country=mine, by=cast.alice)
    land.add_address(cast.alice, country_id=mine)
    answer = client.patch(f"/v1/country/{mine}", json={"name": "Changed"}, headers=cast.alice.headers)
    assert answer.status_code == 200


def test_writes_nothing_when_nothing_changes(client: FlaskClient, cast: Cast, land: Land, database: Session) -> None:
    for body in ({}, {"name": "Testland", "iso_code": "QZ"}):
        assert client.patch(f"/v1/country/{land.country}", json=body, headers=cast.root.headers).status_code == 200
    assert count(database, AuditEntry, AuditEntry.event_type == "place_changed") == 0


@pytest.mark.parametrize("body", [{"name": "TESTLAND 2"}, {"iso_code": "QY"}])
def test_refuses_a_name_or_code_that_is_there(
    client: FlaskClient, cast: Cast, land: Land, body: dict[str, str]
) -> None:
    land.add_country("Testland 2", iso_code="QY")
    answer = client.patch(f"/v1/country/{land.country}", json=body, headers=cast.root.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "place_exists")


def test_lets_a_country_change_the_case_of_its_own_name(client: FlaskClient, cast: Cast, land: Land) -> None:
    answer = client.patch(f"/v1/country/{land.country}", json={"name": "TestLand"}, headers=cast.root.headers)
    assert answer.json["name"] == "TestLand"


def test_refuses_anonymous_calls_and_keys(client: FlaskClient, cast: Cast, land: Land) -> None:
    path = f"/v1/country/{land.country}"
    assert client.patch(path, json={"name": "Changed"}).status_code == 401
    assert client.patch(path, json={"name": "Changed"}, headers=cast.key(cast.alice, "admin")).status_code == 401


def test_refuses_other_roles(client: FlaskClient, cast: Cast, land: Land) -> None:
    for person in (cast.bob, cast.sam, cast.vera):
        answer = client.patch(f"/v1/country/{land.country}", json={"name": "Changed"}, headers=person.headers)
        assert answer.status_code == 403


@pytest.mark.parametrize("country", [0, 2_147_483_647, 2_147_483_648])
def test_knows_no_other_country(client: FlaskClient, cast: Cast, country: int) -> None:
    answer = client.patch(f"/v1/country/{country}", json={"name": "Changed"}, headers=cast.root.headers)
    assert answer.status_code == 404


@pytest.mark.parametrize("body", [{"name": ""}, {"name": None}, {"iso_code": "E"}, {"id": 5}])
def test_refuses_bad_input(client: FlaskClient, cast: Cast, land: Land, body: dict[str, Any]) -> None:
    answer = client.patch(f"/v1/country/{land.country}", json=body, headers=cast.root.headers)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == list(body)
