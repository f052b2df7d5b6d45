"""PATCH /v1/user/<user_id>/status."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.audit_entry import AuditEntry
from app.models.user import User
from app.models.user_session import UserSession
from tests.cast import PASSWORD, Cast, Headers
from tests.rows import all_of, audited, change, count, now_in

AddUser = Callable[..., UUID]


def path(user_id: object) -> str:
    """A user's status."""
    return f"/v1/user/{user_id}/status"


def test_suspends_a_user_at_once(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = cast.key(cast.bob, "read")
    body = {"status": "suspended", "reason": "left the company"}
    answer = client.patch(path(cast.bob.id), json=body, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["status"]) == (200, "suspended")
    for headers in (cast.bob.headers, key):
        assert client.get("/v1/company", headers=headers).status_code == 401
    login = client.post("/v1/auth/login", json={"email": cast.bob.email, "password": PASSWORD})
    assert login.json["code"] == "user_not_active"
    session = now_in(database, UserSession, cast.bob.session_id)
    assert (session.revoked_at is not None, session.revoked_because) == (True, "user suspended")
    entry = audited(database, "user_status_changed")
    assert (entry.before, entry.after) == ({"status": "active"}, body)
    assert (entry.actor_id, entry.entity_id, entry.risk_level) == (cast.alice.id, str(cast.bob.id), "high")


def test_brings_back_the_user_and_the_keys_but_not_the_sessions(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.bob, "read")
    for status in ("inactive", "active"):
        client.patch(path(cast.bob.id), json={"status": status}, headers=cast.alice.headers)
    assert client.get("/v1/company", headers=key).status_code == 200
    assert client.get("/v1/company", headers=cast.bob.headers).json["code"] == "session_ended"
    assert client.post("/v1/auth/login", json={"email": cast.bob.email, "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("status", ["inactive", "suspended", "pending"])
def test_takes_every_status(client: FlaskClient, database: Session, cast: Cast, status: str) -> None:
    answer = client.patch(path(cast.bob.id), json={"status": status}, headers=cast.key(cast.alice, "admin"))
    assert (answer.status_code, now_in(database, User, cast.bob.id).status) == (200, status)


def test_writes_nothing_when_nothing_changes(client: FlaskClient, database: Session, cast: Cast) -> None:
    assert client.patch(path(cast.bob.id), json={"status": "active"}, headers=cast.alice.headers).status_code == 200
    assert count(database, AuditEntry) == 0
    assert client.get("/v1/company", headers=cast.bob.headers).status_code == 200


def test_nobody_changes_themselves(client: FlaskClient, cast: Cast, add_user: AddUser) -> None:
    add_user("dora", role="admin")
    for headers in (cast.alice.headers, cast.key(cast.alice, "admin")):
        answer = client.patch(path(cast.alice.id), json={"status": "inactive"}, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (403, "own_account")


def test_a_company_keeps_an_admin(client: FlaskClient, database: Session, cast: Cast, add_user: AddUser) -> None:
    dora = add_user("dora", role="admin", status="inactive")
    answer = client.patch(path(cast.alice.id), json={"status": "suspended"}, headers=cast.root.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "last_admin")
    assert client.get("/v1/company", headers=cast.alice.headers).status_code == 200
    assert client.patch(path(dora), json={"status": "active"}, headers=cast.root.headers).status_code == 200
    assert client.patch(path(cast.alice.id), json={"status": "suspended"}, headers=cast.root.headers).status_code == 200
    assert now_in(database, User, cast.alice.id).status == "suspended"


def test_an_admin_who_is_not_active_is_not_the_last_one(client: FlaskClient, cast: Cast, add_user: AddUser) -> None:
    dora = add_user("dora", role="admin", status="inactive")
    assert client.patch(path(dora), json={"status": "suspended"}, headers=cast.alice.headers).status_code == 200


def test_two_admins_who_suspend_one_another_leave_one(
    app: Flask, database: Session, cast: Cast, add_user: AddUser
) -> None:
    """Over and over, since what it looks for is a matter of moments."""
    change(database, User, cast.bob.id, role="admin")
    for _ in range(8):
        start = threading.Barrier(2)
        answers: list[int] = []

        def suspend(
            caller: Headers, other: UUID, start: threading.Barrier = start, answers: list[int] = answers
        ) -> None:
            start.wait()
            answers.append(
                app.test_client().patch(path(other), json={"status": "suspended"}, headers=caller).status_code
            )

        calls = [(cast.alice.headers, cast.bob.id), (cast.bob.headers, cast.alice.id)]
        threads = [threading.Thread(target=suspend, args=call) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        active = all_of(database, User, User.role == "admin", User.status == "active", User.company_id == cast.acme)
        # The second one finds that there is no other admin, or that it may not call any more.
        assert (len(active), sorted(answers)[0]) == (1, 200)
        assert sorted(answers)[1] in {401, 409}
        for person in (cast.alice, cast.bob):
            change(database, User, person.id, status="active")
            change(database, UserSession, person.session_id, revoked_at=None)


def test_the_platform_keeps_a_super_admin(
    client: FlaskClient, database: Session, cast: Cast, add_user: AddUser
) -> None:
    second = add_user("rita", company_id=None, role="super_admin")
    answer = client.patch(path(second), json={"status": "suspended"}, headers=cast.root.headers)
    assert answer.status_code == 200
    assert now_in(database, User, second).status == "suspended"


def test_a_super_admin_changes_users_of_any_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    for query in ("", f"?company_id={cast.acme}"):
        for status in ("suspended", "active"):
            answer = client.patch(path(cast.bob.id) + query, json={"status": status}, headers=cast.root.headers)
            assert answer.status_code == 200
    entries = all_of(database, AuditEntry, AuditEntry.event_type == "user_status_changed")
    assert {entry.company_id for entry in entries} == {cast.acme}


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.patch(path(cast.bob.id), json={"status": "inactive"}).status_code == 401


def test_refuses_those_who_administer_nothing(
    client: FlaskClient, cast: Cast, refused: Callable[[], list[Headers]]
) -> None:
    for headers in refused():
        assert client.patch(path(cast.sam.id), json={"status": "inactive"}, headers=headers).status_code == 403


def test_hides_strangers_and_super_admins(client: FlaskClient, database: Session, cast: Cast) -> None:
    for user_id in (cast.charlie.id, cast.root.id, uuid4()):
        answer = client.patch(path(user_id), json={"status": "inactive"}, headers=cast.alice.headers)
        assert answer.status_code == 404
    of_globex = f"{path(cast.bob.id)}?company_id={cast.globex}"
    assert client.patch(of_globex, json={"status": "inactive"}, headers=cast.root.headers).status_code == 404
    assert count(database, User, User.status != "active") == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "gone"},
        {"status": None},
        {"status": "inactive", "role": "admin"},
        {"status": "active", "reason": ""},
    ],
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, body: Any) -> None:
    answer = client.patch(path(cast.bob.id), json=body, headers=cast.alice.headers)
    assert (answer.status_code, len(answer.json["errors"])) == (422, 1)
