"""DELETE and POST /v1/company/<company_id>/cascade-delete."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.company import Company
from app.models.lead import Lead
from app.models.user import User
from tests.cast import Cast
from tests.rows import all_of, audited, count, now_in

METHODS = pytest.mark.parametrize("method", ["DELETE", "POST"])


def path(cast: Cast) -> str:
    """Acme's end."""
    return f"/v1/company/{cast.acme}/cascade-delete"


@METHODS
def test_deletes_everything_that_belongs_to_it(client: FlaskClient, database: Session, cast: Cast, method: str) -> None:
    answer = client.open(path(cast), method=method, json={"delete_related": True}, headers=cast.root.headers)
    assert answer.status_code == 200
    assert (answer.json["company_id"], answer.json["deleted"]) == (str(cast.acme), {"leads": 1, "users": 3})
    assert (answer.json["status"], answer.json["total"], answer.json["progress"]) == ("deleted", 4, 1.0)
    acme = now_in(database, Company, cast.acme)
    assert answer.json["deletion_id"] == str(acme.deletion_id)
    rows = [*all_of(database, User, User.company_id == cast.acme), *all_of(database, Lead)]
    assert {row.deletion_id for row in rows} == {acme.deletion_id} != {None}
    assert audited(database, "company_deleted").risk_level == "critical"


def test_does_not_count_what_was_deleted_before(
    client: FlaskClient, database: Session, cast: Cast, add_lead: Callable[..., UUID]
) -> None:
    before = datetime.now(UTC)
    lead_id = add_lead(cast.acme, deleted_at=before)
    answer = client.delete(path(cast), json={"delete_related": True}, headers=cast.root.headers)
    assert answer.json["deleted"]["leads"] == 1
    lead = now_in(database, Lead, lead_id)
    assert (lead.deleted_at, lead.deletion_id) == (before, None)


@METHODS
@pytest.mark.parametrize("body", [None, {}, {"delete_related": False}])
def test_deletes_the_company_alone_unless_told_otherwise(
    client: FlaskClient, database: Session, cast: Cast, method: str, body: Any
) -> None:
    options = {} if body is None else {"json": body}
    answer = client.open(path(cast), method=method, headers=cast.root.headers, **options)
    assert (answer.status_code, answer.json["deleted"], answer.json["cascades"]) == (200, {}, False)
    assert now_in(database, Company, cast.acme).deleted_at is not None
    assert count(database, User, User.deleted_at.is_not(None)) == 0


def test_leaves_other_companies_and_super_admins_alone(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.delete(path(cast), json={"delete_related": True}, headers=cast.root.headers)
    assert now_in(database, Company, cast.globex).deleted_at is None
    for person in (cast.charlie, cast.root):
        assert now_in(database, User, person.id).deleted_at is None


def test_turns_users_and_keys_away_at_once(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.alice, "admin")
    client.delete(path(cast), json={"delete_related": True}, headers=cast.root.headers)
    for headers in (cast.alice.headers, cast.vera.headers, key):
        assert client.get("/v1/company", headers=headers).status_code == 401


def test_refuses_the_second_time(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.delete(path(cast), headers=cast.root.headers)
    answer = client.delete(path(cast), json={"delete_related": True}, headers=cast.root.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "already_deleted")
    assert count(database, User, User.deleted_at.is_not(None)) == 0


@METHODS
def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast, method: str) -> None:
    assert client.open(path(cast), method=method).status_code == 401


@METHODS
def test_refuses_everybody_but_super_admins(client: FlaskClient, database: Session, cast: Cast, method: str) -> None:
    for person in (cast.alice, cast.bob, cast.vera, cast.charlie):
        assert client.open(path(cast), method=method, headers=person.headers).status_code == 403
    assert client.open(path(cast), method=method, headers=cast.key(cast.root, "admin")).status_code == 401
    assert now_in(database, Company, cast.acme).deleted_at is None


def test_answers_404_when_there_is_none(client: FlaskClient, cast: Cast) -> None:
    assert client.delete(f"/v1/company/{uuid4()}/cascade-delete", headers=cast.root.headers).status_code == 404


@METHODS
@pytest.mark.parametrize("body", [{"delete_related": "perhaps"}, {"delete_related": None}, {"more": True}])
def test_refuses_bad_values(client: FlaskClient, database: Session, cast: Cast, method: str, body: Any) -> None:
    answer = client.open(path(cast), method=method, json=body, headers=cast.root.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(body))
    assert now_in(database, Company, cast.acme).deleted_at is None
