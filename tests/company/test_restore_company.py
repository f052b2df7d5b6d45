"""PATCH /v1/company/<company_id>/restore."""

from datetime import UTC, datetime
from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.company import Company
from app.models.lead import Lead
from app.models.user import User
from tests.cast import Cast
from tests.rows import all_of, audited, change, now_in


def path(cast: Cast) -> str:
    """Acme's way back."""
    return f"/v1/company/{cast.acme}/restore"


def delete(client: FlaskClient, cast: Cast) -> None:
    """Acme with everything that belongs to it."""
    body = {"delete_related": True}
    client.delete(f"/v1/company/{cast.acme}/cascade-delete", json=body, headers=cast.root.headers)


def test_brings_a_company_back(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.delete(f"/v1/company/{cast.acme}", headers=cast.alice.headers)
    answer = client.patch(path(cast), headers=cast.root.headers)
    assert (answer.status_code, answer.json["deleted_at"]) == (200, None)
    assert now_in(database, Company, cast.acme).deleted_at is None
    assert client.get("/v1/company", headers=cast.alice.headers).status_code == 200
    assert audited(database, "company_restored").risk_level == "high"


def test_brings_back_what_was_deleted_with_it(client: FlaskClient, database: Session, cast: Cast) -> None:
    delete(client, cast)
    assert client.patch(path(cast), headers=cast.root.headers).status_code == 200
    for model, identity in ((User, cast.bob.id), (Lead, cast.vera.id)):
        row = now_in(database, model, identity)
        assert (row.deleted_at, row.deletion_id) == (None, None)
    assert client.get("/v1/company", headers=cast.bob.headers).status_code == 200


def test_leaves_deleted_what_was_deleted_before(client: FlaskClient, database: Session, cast: Cast) -> None:
    before = datetime.now(UTC)
    change(database, Lead, cast.vera.id, deleted_at=before, deletion_id=uuid4())
    change(database, User, cast.bob.id, deleted_at=before)
    delete(client, cast)
    client.patch(path(cast), headers=cast.root.headers)
    assert now_in(database, Lead, cast.vera.id).deleted_at == before
    assert now_in(database, User, cast.bob.id).deleted_at == before
    assert now_in(database, User, cast.alice.id).deleted_at is None


def test_leaves_other_companies_deleted(client: FlaskClient, database: Session, cast: Cast) -> None:
    for company_id in (cast.acme, cast.globex):
        body = {"delete_related": True}
        client.post(f"/v1/company/{company_id}/cascade-delete", json=body, headers=cast.root.headers)
    client.patch(path(cast), headers=cast.root.headers)
    assert now_in(database, Company, cast.globex).deleted_at is not None
    assert now_in(database, User, cast.charlie.id).deleted_at is not None


def test_brings_back_again_what_was_deleted_again(client: FlaskClient, database: Session, cast: Cast) -> None:
    for _ in range(2):
        delete(client, cast)
        assert client.patch(path(cast), headers=cast.root.headers).status_code == 200
    assert all(user.deleted_at is None for user in all_of(database, User))


def test_refuses_when_somebody_took_an_email_meanwhile(client: FlaskClient, database: Session, cast: Cast) -> None:
    delete(client, cast)
    twin = {"email": cast.bob.email, "username": "twin", "first_name": "Bob", "last_name": "Too"}
    database.add(User(company_id=cast.globex, role="member", password_hash="x", **twin))
    database.commit()
    answer = client.patch(path(cast), headers=cast.root.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert cast.bob.email in answer.json["detail"]
    assert now_in(database, Company, cast.acme).deleted_at is not None


def test_refuses_when_the_company_is_not_deleted(client: FlaskClient, cast: Cast) -> None:
    for headers in (cast.alice.headers, cast.key(cast.alice, "write"), cast.root.headers):
        answer = client.patch(path(cast), headers=headers)
        assert (answer.status_code, answer.json["code"]) == (409, "not_deleted")


def test_refuses_credentials_of_the_deleted_company(client: FlaskClient, cast: Cast) -> None:
    client.delete(f"/v1/company/{cast.acme}", headers=cast.alice.headers)
    answer = client.patch(path(cast), headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (403, "tenant_suspended")


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.patch(path(cast)).status_code == 401


def test_refuses_members_supporters_leads_and_reading_keys(client: FlaskClient, cast: Cast) -> None:
    for headers in (cast.bob.headers, cast.sam.headers, cast.vera.headers, cast.key(cast.alice, "read")):
        assert client.patch(path(cast), headers=headers).status_code == 403


def test_hides_another_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    delete(client, cast)
    assert client.patch(path(cast), headers=cast.charlie.headers).status_code == 404
    assert now_in(database, Company, cast.acme).deleted_at is not None


def test_answers_404_when_there_is_none(client: FlaskClient, cast: Cast) -> None:
    assert client.patch(f"/v1/company/{uuid4()}/restore", headers=cast.root.headers).status_code == 404
