"""GET /v1/address."""

from flask.testing import FlaskClient

from tests.address.conftest import Land
from tests.cast import Cast

PATH = "/v1/address"


def test_answers_the_primary_address_to_the_whole_team(client: FlaskClient, cast: Cast, land: Land) -> None:
    land.add_address(cast.alice)
    primary = land.add_address(cast.alice, is_primary=True, street_address="Main Street 1")
    land.add_address(cast.charlie, is_primary=True)
    for person in (cast.alice, cast.sam, cast.bob):
        answer = client.get(PATH, headers=person.headers)
        assert answer.status_code == 200
        assert answer.json["id"] == str(primary.id)
    assert answer.json["city"] == {
        "id": land.city,
        "name": "Testcity",
        "state_id": land.state,
        "postal_code_prefix": "99",
    }
    assert answer.json["state"]["iso_code"] == "QZ-TS"
    assert answer.json["country"] == {"id": land.country, "name": "Testland", "iso_code": "QZ"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_knows_none_before_there_is_one(client: FlaskClient, cast: Cast, land: Land) -> None:
    land.add_address(cast.charlie, is_primary=True)
    answer = client.get(PATH, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (404, "resource_not_found")


def test_refuses_anonymous_calls_and_keys(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers=cast.key(cast.alice, "read")).status_code == 401


def test_refuses_a_lead(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.vera.headers).status_code == 403


def test_hides_another_company(client: FlaskClient, cast: Cast, land: Land) -> None:
    land.add_address(cast.charlie, is_primary=True)
    of_globex = {"company_id": str(cast.globex)}
    assert client.get(PATH, query_string=of_globex, headers=cast.alice.headers).status_code == 404
    assert client.get(PATH, query_string=of_globex, headers=cast.root.headers).status_code == 200


def test_asks_a_super_admin_which_company(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.root.headers).json["code"] == "company_required"
    for wrong in ("x", "0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01"):
        answer = client.get(PATH, query_string={"company_id": wrong}, headers=cast.root.headers)
        assert answer.status_code == 404
