"""PATCH /v1/company/bulk-restore."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.company import Company
from app.models.user import User
from tests.cast import Cast
from tests.rows import count, now_in

PATH = "/v1/company/bulk-restore"


def ids(*companies: object) -> dict[str, list[str]]:
    """The body that names companies."""
    return {"company_ids": [str(company) for company in companies]}


@pytest.fixture
def deleted(client: FlaskClient, cast: Cast) -> None:
    """Both companies, each with its users."""
    for company_id in (cast.acme, cast.globex):
        body = {"delete_related": True}
        client.delete(f"/v1/company/{company_id}/cascade-delete", json=body, headers=cast.root.headers)


def test_restores_several(client: FlaskClient, database: Session, cast: Cast, deleted: None) -> None:
    body = ids(cast.acme, cast.globex)
    answer = client.patch(PATH, json=body, headers=cast.root.headers)
    assert (answer.status_code, answer.json) == (200, body)
    assert count(database, Company, Company.deleted_at.is_not(None)) == 0
    assert count(database, User, User.deleted_at.is_not(None)) == 0


def test_restores_none_when_one_does_not_exist(
    client: FlaskClient, database: Session, cast: Cast, deleted: None
) -> None:
    answer = client.patch(PATH, json=ids(cast.acme, uuid4()), headers=cast.root.headers)
    assert answer.status_code == 404
    assert now_in(database, Company, cast.acme).deleted_at is not None
    assert now_in(database, User, cast.bob.id).deleted_at is not None


def test_restores_none_when_one_is_not_deleted(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.delete(f"/v1/company/{cast.acme}", headers=cast.root.headers)
    answer = client.patch(PATH, json=ids(cast.acme, cast.globex), headers=cast.root.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "not_deleted")
    assert now_in(database, Company, cast.acme).deleted_at is not None


def test_hides_another_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.delete(f"/v1/company/{cast.globex}", headers=cast.root.headers)
    for headers in (cast.alice.headers, cast.key(cast.alice, "write")):
        assert client.patch(PATH, json=ids(cast.globex), headers=headers).status_code == 404
    assert now_in(database, Company, cast.globex).deleted_at is not None


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.patch(PATH, json=ids(cast.acme)).status_code == 401


def test_refuses_members_supporters_leads_and_reading_keys(client: FlaskClient, cast: Cast) -> None:
    for headers in (cast.bob.headers, cast.sam.headers, cast.vera.headers, cast.key(cast.alice, "read")):
        assert client.patch(PATH, json=ids(cast.acme), headers=headers).status_code == 403


@pytest.mark.parametrize("body", [{}, {"company_ids": []}, {"company_ids": ["7"]}, {"company_ids": [None]}, []])
def test_refuses_bad_values(client: FlaskClient, cast: Cast, body: Any) -> None:
    answer = client.patch(PATH, json=body, headers=cast.root.headers)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
