"""POST /v1/verify."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.one_time_token import OneTimeToken
from app.models.user import User
from tests.auth.conftest import Mailbox
from tests.cast import Cast
from tests.rows import all_of, audited, change, now_in

PATH = "/v1/verify"


@pytest.fixture
def token(client: FlaskClient, cast: Cast, mailbox: Mailbox) -> str:
    """The token of Bob's verification mail."""
    client.post("/v1/send", json={"email": cast.bob.email})
    return mailbox.token(cast.bob.email)


def test_verifies_the_email(client: FlaskClient, database: Session, cast: Cast, token: str) -> None:
    answer = client.post(PATH, json={"token": token})
    assert answer.status_code == 200
    assert answer.json["email_verified_at"].endswith("Z")
    assert now_in(database, User, cast.bob.id).email_verified_at is not None
    assert audited(database, "email_verified").company_id == cast.acme


def test_refuses_a_token_the_second_time(client: FlaskClient, token: str) -> None:
    client.post(PATH, json={"token": token})
    again = client.post(PATH, json={"token": token})
    assert (again.status_code, again.json["code"]) == (422, "invalid_token")


def test_refuses_an_expired_token(client: FlaskClient, database: Session, token: str) -> None:
    (row,) = all_of(database, OneTimeToken)
    change(database, OneTimeToken, row.id, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert client.post(PATH, json={"token": token}).json["code"] == "invalid_token"


def test_refuses_a_password_reset_token(client: FlaskClient, cast: Cast, mailbox: Mailbox) -> None:
    client.post("/v1/auth/forgot-password", json={"email": cast.bob.email})
    answer = client.post(PATH, json={"token": mailbox.token(cast.bob.email)})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_token")


def test_refuses_the_token_of_a_deleted_user(client: FlaskClient, token: str, set_user: Callable[..., None]) -> None:
    set_user(deleted_at=datetime.now(UTC))
    assert client.post(PATH, json={"token": token}).json["code"] == "invalid_token"


@pytest.mark.parametrize("token", ["x", "a.b", "IjAx.AAAA", "é", "." * 500])
def test_refuses_what_we_did_not_sign(client: FlaskClient, cast: Cast, token: str) -> None:
    answer = client.post(PATH, json={"token": token})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_token")


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": 7}, {"token": "x" * 501}, {"token": "x", "email": "y"}])
def test_refuses_bad_values(client: FlaskClient, body: dict[str, object]) -> None:
    answer = client.post(PATH, json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
