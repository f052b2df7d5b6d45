"""POST /v1/auth/reset-password."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.login_throttle import LoginThrottle
from app.models.one_time_token import OneTimeToken
from app.models.user import User
from app.models.user_session import UserSession
from tests.auth.conftest import Mailbox
from tests.cast import PASSWORD, Cast
from tests.rows import all_of, audited, change, count, now_in

PATH = "/v1/auth/reset-password"
NEW = "a brand new password"


@pytest.fixture
def token(client: FlaskClient, cast: Cast, mailbox: Mailbox) -> str:
    """The token of Bob's reset mail."""
    client.post("/v1/auth/forgot-password", json={"email": cast.bob.email})
    return mailbox.token(cast.bob.email)


def log_in(client: FlaskClient, password: str) -> int:
    """Bob signs in; answers the status."""
    return client.post("/v1/auth/login", json={"email": "bob@acme.example", "password": password}).status_code


def test_sets_the_new_password(client: FlaskClient, database: Session, cast: Cast, token: str) -> None:
    before = now_in(database, User, cast.bob.id).password_changed_at
    answer = client.post(PATH, json={"token": token, "password": NEW})
    assert (answer.status_code, answer.json["id"]) == (200, str(cast.bob.id))
    assert now_in(database, User, cast.bob.id).password_changed_at != before
    assert (log_in(client, PASSWORD), log_in(client, NEW)) == (401, 200)
    assert audited(database, "password_reset").risk_level == "high"


def test_ends_every_session(client: FlaskClient, database: Session, cast: Cast, token: str) -> None:
    log_in(client, PASSWORD)
    client.post(PATH, json={"token": token, "password": NEW})
    assert client.get("/v1/auth/validate", headers=cast.bob.headers).json["code"] == "session_ended"
    sessions = all_of(database, UserSession, UserSession.user_id == cast.bob.id)
    assert [session.revoked_because for session in sessions] == ["password reset"] * 2
    assert client.get("/v1/auth/validate", headers=cast.alice.headers).status_code == 200


def test_lifts_a_lock(client: FlaskClient, database: Session, cast: Cast, token: str) -> None:
    for _ in range(5):
        log_in(client, "wrong wrong")
    assert log_in(client, PASSWORD) == 429
    client.post(PATH, json={"token": token, "password": NEW})
    assert count(database, LoginThrottle) == 0
    assert log_in(client, NEW) == 200


def test_verifies_the_email(client: FlaskClient, token: str) -> None:
    answer = client.post(PATH, json={"token": token, "password": NEW})
    assert answer.json["email_verified_at"] is not None


def test_refuses_a_token_the_second_time(client: FlaskClient, token: str) -> None:
    client.post(PATH, json={"token": token, "password": NEW})
    again = client.post(PATH, json={"token": token, "password": "yet another password"})
    assert (again.status_code, again.json["code"]) == (422, "invalid_token")
    assert log_in(client, NEW) == 200


def test_takes_one_of_two_passwords_that_come_at_once(app: Flask, token: str) -> None:
    def reset(password: str) -> int:
        return app.test_client().post(PATH, json={"token": token, "password": password}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(reset, [NEW, "the other password"])) == [200, 422]


def test_keeps_the_token_when_the_password_is_weak(client: FlaskClient, token: str) -> None:
    weak = client.post(PATH, json={"token": token, "password": "short"})
    assert (weak.status_code, weak.json["code"]) == (422, "weak_password")
    assert client.post(PATH, json={"token": token, "password": NEW}).status_code == 200


def test_refuses_an_expired_token(client: FlaskClient, database: Session, token: str) -> None:
    (row,) = all_of(database, OneTimeToken)
    change(database, OneTimeToken, row.id, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert client.post(PATH, json={"token": token, "password": NEW}).json["code"] == "invalid_token"
    assert log_in(client, PASSWORD) == 200


def test_refuses_a_verification_token(client: FlaskClient, cast: Cast, mailbox: Mailbox) -> None:
    client.post("/v1/send", json={"email": cast.bob.email})
    answer = client.post(PATH, json={"token": mailbox.token(cast.bob.email), "password": NEW})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_token")


def test_lets_no_suspended_user_in(client: FlaskClient, token: str, set_user: Callable[..., None]) -> None:
    set_user(status="suspended")
    client.post(PATH, json={"token": token, "password": NEW})
    assert log_in(client, NEW) == 401


def test_serves_super_admins(client: FlaskClient, cast: Cast, mailbox: Mailbox) -> None:
    client.post("/v1/auth/forgot-password", json={"email": cast.root.email})
    body = {"token": mailbox.token(cast.root.email), "password": NEW}
    assert client.post(PATH, json=body).json["role"] == "super_admin"


@pytest.mark.parametrize("body", [{}, {"token": "x"}, {"password": NEW}, {"token": "x", "password": "", "more": 1}])
def test_refuses_bad_values(client: FlaskClient, body: dict[str, object]) -> None:
    answer = client.post(PATH, json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
