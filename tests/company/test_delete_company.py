"""DELETE /v1/company/<company_id>."""

from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.company import Company
from app.models.user import User
from tests.cast import PASSWORD, Cast
from tests.rows import audited, now_in


def path(cast: Cast) -> str:
    """Acme."""
    return f"/v1/company/{cast.acme}"


def test_deletes_the_admins_own_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.delete(path(cast), headers=cast.alice.headers)
    assert (answer.status_code, answer.data) == (204, b"")
    assert now_in(database, Company, cast.acme).deleted_at is not None
    assert now_in(database, User, cast.bob.id).deleted_at is None
    entry = audited(database, "company_deleted")
    assert (entry.company_id, entry.actor_id, entry.risk_level) == (cast.acme, cast.alice.id, "critical")


def test_turns_everybody_of_it_away_at_once(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.alice, "admin")
    client.delete(path(cast), headers=cast.alice.headers)
    for headers in (cast.alice.headers, cast.bob.headers, cast.vera.headers, key):
        answer = client.get("/v1/company", headers=headers)
        assert (answer.status_code, answer.json["code"]) == (403, "tenant_suspended")
    login = client.post("/v1/auth/login", json={"email": cast.bob.email, "password": PASSWORD})
    assert login.json["code"] == "tenant_suspended"


def test_leaves_other_companies_alone(client: FlaskClient, cast: Cast) -> None:
    client.delete(path(cast), headers=cast.alice.headers)
    assert client.get("/v1/company", headers=cast.charlie.headers).status_code == 200


def test_takes_a_key_with_write_scope(client: FlaskClient, database: Session, cast: Cast) -> None:
    assert client.delete(path(cast), headers=cast.key(cast.alice, "write")).status_code == 204
    assert audited(database, "company_deleted").actor_kind == "api_key"


def test_lets_a_super_admin_delete_any_company(client: FlaskClient, cast: Cast) -> None:
    for company_id in (cast.acme, cast.globex):
        assert client.delete(f"/v1/company/{company_id}", headers=cast.root.headers).status_code == 204


def test_refuses_the_second_time(client: FlaskClient, cast: Cast) -> None:
    client.delete(path(cast), headers=cast.root.headers)
    answer = client.delete(path(cast), headers=cast.root.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "already_deleted")


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.delete(path(cast)).status_code == 401


def test_refuses_members_supporters_and_leads(client: FlaskClient, database: Session, cast: Cast) -> None:
    for person in (cast.bob, cast.sam, cast.vera):
        assert client.delete(path(cast), headers=person.headers).status_code == 403
    assert now_in(database, Company, cast.acme).deleted_at is None


def test_refuses_keys_that_may_not(client: FlaskClient, cast: Cast) -> None:
    keys = [cast.key(cast.alice, "read"), cast.key(cast.bob, "write")]
    keys.append(cast.key(cast.alice, "admin", permissions={"companies": ["read"]}))
    for key in keys:
        assert client.delete(path(cast), headers=key).status_code == 403


def test_hides_another_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    for headers in (cast.charlie.headers, cast.key(cast.charlie, "admin")):
        assert client.delete(path(cast), headers=headers).status_code == 404
    assert now_in(database, Company, cast.acme).deleted_at is None


def test_answers_404_when_there_is_none(client: FlaskClient, cast: Cast) -> None:
    assert client.delete(f"/v1/company/{uuid4()}", headers=cast.root.headers).status_code == 404


@pytest.mark.parametrize("company_id", ["7", "bulk", "null"])
def test_knows_no_company_by_what_is_no_id(client: FlaskClient, cast: Cast, company_id: str) -> None:
    assert client.delete(f"/v1/company/{company_id}", headers=cast.root.headers).status_code in {404, 405}
