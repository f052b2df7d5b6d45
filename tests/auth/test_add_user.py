"""POST /v1/auth/user."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models.user import User
from tests.cast import PASSWORD, Cast
from tests.rows import audited, change, count, now_in

PATH = "/v1/auth/user"


def dora(**changes: object) -> dict[str, Any]:
    """Dora, to be added."""
    body = {"email": "dora@acme.example", "username": "dora", "password": PASSWORD}
    return body | {"first_name": "Dora", "last_name": "Marsden"} | changes


def test_adds_a_member_to_the_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.post(PATH, json=dora(), headers=cast.alice.headers)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/user/{answer.json['id']}"
    assert (answer.json["role"], answer.json["company_id"]) == ("member", str(cast.acme))
    assert now_in(database, User, UUID(answer.json["id"])).username == "dora"
    entry = audited(database, "user_added")
    assert (entry.actor_id, entry.company_id, entry.risk_level) == (cast.alice.id, cast.acme, "medium")


def test_lets_the_new_user_sign_in(client: FlaskClient, cast: Cast) -> None:
    client.post(PATH, json=dora(), headers=cast.alice.headers)
    signed_in = client.post("/v1/auth/login", json={"email": "dora@acme.example", "password": PASSWORD})
    assert signed_in.status_code == 200


@pytest.mark.parametrize("role", ["member", "supporter", "admin"])
def test_gives_the_role_that_an_admin_wants(client: FlaskClient, cast: Cast, role: str) -> None:
    assert client.post(PATH, json=dora(role=role), headers=cast.alice.headers).json["role"] == role


def test_takes_a_key_with_write_scope(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.post(PATH, json=dora(role="supporter"), headers=cast.key(cast.alice, "write"))
    assert (answer.status_code, answer.json["role"]) == (201, "supporter")
    assert audited(database, "user_added").actor_kind == "api_key"


def test_lets_only_a_key_with_admin_scope_make_an_admin(client: FlaskClient, cast: Cast) -> None:
    body = dora(role="admin")
    assert client.post(PATH, json=body, headers=cast.key(cast.alice, "write")).status_code == 403
    assert client.post(PATH, json=body, headers=cast.key(cast.alice, "admin")).status_code == 201


def test_lets_a_narrowed_key_add_members_but_no_admins(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.alice, "admin", permissions={"users": ["admin"]})
    assert client.post(PATH, json=dora(role="admin"), headers=key).status_code == 403
    assert client.post(PATH, json=dora(role="member"), headers=key).status_code == 201


def test_lets_a_super_admin_add_to_the_company_they_name(client: FlaskClient, cast: Cast) -> None:
    unnamed = client.post(PATH, json=dora(), headers=cast.root.headers)
    assert (unnamed.status_code, unnamed.json["code"]) == (422, "company_required")
    answer = client.post(PATH, json=dora(company_id=str(cast.globex)), headers=cast.root.headers)
    assert answer.json["company_id"] == str(cast.globex)


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.post(PATH, json=dora()).status_code == 401


def test_refuses_members_supporters_and_leads(client: FlaskClient, database: Session, cast: Cast) -> None:
    for person in (cast.bob, cast.sam, cast.vera):
        assert client.post(PATH, json=dora(), headers=person.headers).status_code == 403
    assert count(database, User, User.username == "dora") == 0


def test_refuses_keys_that_may_not(client: FlaskClient, cast: Cast) -> None:
    reading = cast.key(cast.alice, "read")
    narrowed = cast.key(cast.alice, "admin", permissions={"users": ["read"]})
    of_a_member = cast.key(cast.bob, "write")
    for key in (reading, narrowed, of_a_member):
        assert client.post(PATH, json=dora(), headers=key).status_code == 403


def test_hides_another_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.post(PATH, json=dora(company_id=str(cast.globex)), headers=cast.alice.headers)
    assert answer.status_code == 404
    assert count(database, User, User.username == "dora") == 0


def test_refuses_an_email_that_is_taken(client: FlaskClient, cast: Cast) -> None:
    for email in ("bob@acme.example", "Charlie@globex.example"):
        answer = client.post(PATH, json=dora(email=email), headers=cast.alice.headers)
        assert (answer.status_code, answer.json["code"]) == (409, "email_taken")


def test_refuses_a_user_name_that_is_taken(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(PATH, json=dora(username="BOB"), headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "username_taken")


def test_takes_the_email_of_a_deleted_user(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, User, cast.bob.id, deleted_at=datetime.now(UTC))
    answer = client.post(PATH, json=dora(email=cast.bob.email, username="bob"), headers=cast.alice.headers)
    assert answer.status_code == 201


def test_answers_409_when_the_email_is_taken_in_the_same_moment(app: Flask, database: Session, cast: Cast) -> None:
    twin = User(company_id=cast.globex, role="member", password_hash="x", **_names("dora@acme.example"))
    database.add(twin)
    database.flush()  # not committed: the request can't see it, and waits for it at the unique index
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(lambda: app.test_client().post(PATH, json=dora(), headers=cast.alice.headers))
        _wait_until_somebody_waits(database)
        database.commit()
    answer = call.result()
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert answer.content_type == "application/problem+json"


def test_refuses_a_weak_password(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(PATH, json=dora(password="123"), headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (422, "weak_password")


@pytest.mark.parametrize(
    "changes", [{"role": "super_admin"}, {"role": "boss"}, {"email": "dora"}, {"username": ""}, {"status": "active"}]
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, changes: dict[str, str]) -> None:
    answer = client.post(PATH, json=dora(**changes), headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(changes))


def _names(email: str) -> dict[str, str]:
    return {"email": email, "username": "twin", "first_name": "Twin", "last_name": "Marsden"}


def _wait_until_somebody_waits(database: Session) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
    end = time.monotonic() + 5
    while not database.scalar(waiting):
        assert time.monotonic() < end, "the request did not wait for our row"
