"""DELETE and POST /v1/company/bulk-delete."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.audit_entry import AuditEntry
from app.models.company import Company
from tests.cast import Cast
from tests.rows import count, now_in

PATH = "/v1/company/bulk-delete"
METHODS = pytest.mark.parametrize("method", ["DELETE", "POST"])


def ids(*companies: object) -> dict[str, list[str]]:
    """The body that names companies."""
    return {"company_ids": [str(company) for company in companies]}


def living(database: Session) -> int:
    """How many companies are not deleted."""
    return count(database, Company, Company.deleted_at.is_(None))


@METHODS
def test_deletes_several(client: FlaskClient, database: Session, cast: Cast, method: str) -> None:
    body = ids(cast.acme, cast.globex)
    answer = client.open(PATH, method=method, json=body, headers=cast.root.headers)
    assert (answer.status_code, answer.json) == (200, body)
    assert living(database) == 0
    assert count(database, AuditEntry, AuditEntry.event_type == "company_deleted") == 2


@METHODS
def test_deletes_none_when_one_does_not_exist(client: FlaskClient, database: Session, cast: Cast, method: str) -> None:
    body = ids(cast.acme, cast.globex, uuid4())
    assert client.open(PATH, method=method, json=body, headers=cast.root.headers).status_code == 404
    assert (living(database), count(database, AuditEntry)) == (2, 0)


def test_deletes_none_when_one_is_deleted_already(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.delete(f"/v1/company/{cast.globex}", headers=cast.root.headers)
    answer = client.delete(PATH, json=ids(cast.acme, cast.globex), headers=cast.root.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "already_deleted")
    assert now_in(database, Company, cast.acme).deleted_at is None


@METHODS
def test_hides_another_company_and_deletes_none(
    client: FlaskClient, database: Session, cast: Cast, method: str
) -> None:
    for body in (ids(cast.acme, cast.globex), ids(cast.globex)):
        assert client.open(PATH, method=method, json=body, headers=cast.alice.headers).status_code == 404
    assert living(database) == 2


def test_takes_an_admins_own_company_and_a_key_with_write_scope(
    client: FlaskClient, database: Session, cast: Cast
) -> None:
    own = client.delete(PATH, json=ids(cast.acme), headers=cast.alice.headers)
    by_key = client.post(PATH, json=ids(cast.globex), headers=cast.key(cast.charlie, "write"))
    assert (own.status_code, by_key.status_code, living(database)) == (200, 200, 0)


def test_takes_a_company_named_twice_once(client: FlaskClient, cast: Cast) -> None:
    answer = client.delete(PATH, json=ids(cast.acme, cast.acme), headers=cast.root.headers)
    assert (answer.status_code, answer.json) == (200, ids(cast.acme))


@METHODS
def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast, method: str) -> None:
    assert client.open(PATH, method=method, json=ids(cast.acme)).status_code == 401


@METHODS
def test_refuses_members_supporters_leads_and_reading_keys(
    client: FlaskClient, database: Session, cast: Cast, method: str
) -> None:
    for headers in (cast.bob.headers, cast.sam.headers, cast.vera.headers, cast.key(cast.alice, "read")):
        assert client.open(PATH, method=method, json=ids(cast.acme), headers=headers).status_code == 403
    assert living(database) == 2


@METHODS
@pytest.mark.parametrize(
    "body",
    [{}, {"company_ids": []}, {"company_ids": ["7"]}, {"company_ids": "x"}, {"company_ids": None}, ids(*range(101))]
    + [{"company_ids": [str(uuid4()) for _ in range(101)]}, {"company_ids": [], "more": 1}, []],
    ids=range(9),
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, method: str, body: Any) -> None:
    answer = client.open(PATH, method=method, json=body, headers=cast.root.headers)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
