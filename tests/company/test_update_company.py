"""PUT /v1/company/<company_id>."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.address import Address
from app.models.company import Company
from tests.cast import Cast
from tests.rows import audited, now_in


def path(cast: Cast) -> str:
    """Acme."""
    return f"/v1/company/{cast.acme}"


def test_changes_the_given_fields_only(client: FlaskClient, database: Session, cast: Cast) -> None:
    body = {"name": "Acme & Sons", "phone": "+34 911 234 567"}
    answer = client.put(path(cast), json=body, headers=cast.alice.headers)
    assert answer.status_code == 200
    assert (answer.json["name"], answer.json["phone"]) == ("Acme & Sons", "+34911234567")
    acme = now_in(database, Company, cast.acme)
    assert (acme.name, acme.phone, acme.email) == ("Acme & Sons", "+34911234567", "hello@acme.example")
    assert acme.updated_at > acme.created_at


def test_audits_before_and_after(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.put(path(cast), json={"name": "New"}, headers={**cast.alice.headers, "X-Request-ID": "r-1"})
    entry = audited(database, "company_changed")
    assert (entry.before, entry.after) == ({"name": "Acme"}, {"name": "New"})
    assert (entry.actor_id, entry.company_id, entry.request_id) == (cast.alice.id, cast.acme, "r-1")


def test_takes_a_key_with_admin_scope(client: FlaskClient, cast: Cast) -> None:
    answer = client.put(path(cast), json={"name": "New"}, headers=cast.key(cast.alice, "admin"))
    assert (answer.status_code, answer.json["name"]) == (200, "New")


def test_lets_a_super_admin_change_any_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    assert client.put(path(cast), json={"name": "New"}, headers=cast.root.headers).status_code == 200
    assert now_in(database, Company, cast.acme).name == "New"


def test_sets_and_removes_an_address_of_the_company(
    client: FlaskClient, cast: Cast, address_of: Callable[[UUID], UUID]
) -> None:
    address_id = str(address_of(cast.acme))
    for value in (address_id, None):
        answer = client.put(path(cast), json={"address_id": value}, headers=cast.alice.headers)
        assert (answer.status_code, answer.json["address_id"]) == (200, value)


def test_makes_the_chosen_address_the_primary_one(
    client: FlaskClient, database: Session, cast: Cast, address_of: Callable[[UUID], UUID]
) -> None:
    first, second = address_of(cast.acme), address_of(cast.acme)
    for chosen, other in ((first, second), (second, first)):
        client.put(path(cast), json={"address_id": str(chosen)}, headers=cast.alice.headers)
        assert now_in(database, Address, chosen).is_primary
        assert not now_in(database, Address, other).is_primary


def test_refuses_the_address_of_another_company(
    client: FlaskClient, database: Session, cast: Cast, address_of: Callable[[UUID], UUID]
) -> None:
    for address_id in (address_of(cast.globex), uuid4()):
        answer = client.put(path(cast), json={"address_id": str(address_id)}, headers=cast.alice.headers)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["address_id"])
    assert now_in(database, Company, cast.acme).address_id is None


def test_removes_what_is_null(client: FlaskClient, cast: Cast) -> None:
    filled = {"phone": "+34911234567", "logo": "https://acme.example/logo.png"}
    client.put(path(cast), json=filled, headers=cast.alice.headers)
    answer = client.put(path(cast), json={"phone": None, "logo": None}, headers=cast.alice.headers)
    assert (answer.json["phone"], answer.json["logo"]) == (None, None)


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.put(path(cast), json={"name": "New"}).status_code == 401


def test_refuses_members_supporters_and_leads(client: FlaskClient, database: Session, cast: Cast) -> None:
    for person in (cast.bob, cast.sam, cast.vera):
        assert client.put(path(cast), json={"name": "New"}, headers=person.headers).status_code == 403
    assert now_in(database, Company, cast.acme).name == "Acme"


def test_refuses_keys_that_may_not(client: FlaskClient, cast: Cast) -> None:
    keys = [cast.key(cast.alice, "write"), cast.key(cast.bob, "admin")]
    keys.append(cast.key(cast.alice, "admin", permissions={"companies": ["write"]}))
    for key in keys:
        assert client.put(path(cast), json={"name": "New"}, headers=key).status_code == 403


def test_hides_another_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    for headers in (cast.charlie.headers, cast.key(cast.charlie, "admin")):
        assert client.put(path(cast), json={"name": "New"}, headers=headers).status_code == 404
    assert now_in(database, Company, cast.acme).name == "Acme"


def test_hides_a_deleted_company(client: FlaskClient, cast: Cast) -> None:
    client.delete(path(cast), headers=cast.root.headers)
    assert client.put(path(cast), json={"name": "New"}, headers=cast.root.headers).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{"name": ""}, {"name": None}, {"email": None}, {"email": "acme"}, {"phone": "911"}, {"logo": "ftp://a.b/c"}]
    + [{"address_id": "7"}, {"status": "active"}, {"rate_limits": {}}, {"deleted_at": None}, {"id": str(uuid4())}],
)
def test_refuses_bad_values(client: FlaskClient, database: Session, cast: Cast, body: dict[str, Any]) -> None:
    answer = client.put(path(cast), json=body, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(body))
