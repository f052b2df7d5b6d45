"""POST /v1/auth/register, with an invitation."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.mail import Mail
from app.models.one_time_token import OneTimeToken
from app.models.user import User
from tests.auth.conftest import Mailbox
from tests.cast import PASSWORD, Cast
from tests.rows import change, count, now_in

PATH = "/v1/auth/register"
DORA = "dora@acme.example"

Invitation = Callable[..., dict[str, Any]]


@pytest.fixture
def invitation(client: FlaskClient, cast: Cast, mailbox: Mailbox) -> Invitation:
    """Invites Dora and makes her registration: `invitation(role="supporter")`."""

    def invite(role: str = "member") -> dict[str, Any]:
        body = {"email": DORA, "role": role}
        client.post(f"/v1/company/{cast.acme}/invitation", json=body, headers=cast.alice.headers)
        body = {"company_id": str(cast.acme), "invitation_token": mailbox.token(DORA), "email": DORA}
        return body | {"username": "dora", "password": PASSWORD, "first_name": "Dora", "last_name": "Marsden"}

    return invite


@pytest.mark.parametrize("role", ["member", "supporter", "admin"])
def test_carries_the_invited_role_over(client: FlaskClient, invitation: Invitation, cast: Cast, role: str) -> None:
    answer = client.post(PATH, json=invitation(role))
    assert answer.status_code == 201
    assert (answer.json["role"], answer.json["company_id"]) == (role, str(cast.acme))


def test_verifies_the_email(client: FlaskClient, database: Session, invitation: Invitation) -> None:
    answer = client.post(PATH, json=invitation())
    assert now_in(database, User, UUID(answer.json["id"])).email_verified_at is not None
    assert count(database, Mail, Mail.template == "email_verification") == 0


def test_accepts_the_email_in_other_case(client: FlaskClient, invitation: Invitation) -> None:
    assert client.post(PATH, json=invitation() | {"email": "Dora@ACME.example"}).status_code == 201


def test_refuses_another_email(client: FlaskClient, database: Session, invitation: Invitation) -> None:
    body = invitation()
    answer = client.post(PATH, json=body | {"email": "eve@acme.example"})
    assert (answer.status_code, answer.json["code"]) == (403, "registration_refused")
    assert count(database, User, User.email == "eve@acme.example") == 0
    assert client.post(PATH, json=body).status_code == 201  # the refusal did not use the invitation up


def test_refuses_another_company(client: FlaskClient, cast: Cast, invitation: Invitation) -> None:
    answer = client.post(PATH, json=invitation() | {"company_id": str(cast.globex)})
    assert (answer.status_code, answer.json["code"]) == (403, "registration_refused")


def test_refuses_an_invitation_the_second_time(client: FlaskClient, database: Session, invitation: Invitation) -> None:
    body = invitation()
    user_id = client.post(PATH, json=body).json["id"]
    change(database, User, UUID(user_id), deleted_at=datetime.now(UTC))  # so that the e-mail is free again
    again = client.post(PATH, json=body)
    assert (again.status_code, again.json["code"]) == (422, "invalid_token")


def test_makes_one_user_when_an_invitation_comes_twice_at_once(
    app: Flask, database: Session, invitation: Invitation
) -> None:
    body = invitation()
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda _: app.test_client().post(PATH, json=body).status_code, range(2))
    assert sorted(answers) == [201, 422]
    assert count(database, User, User.email == DORA) == 1


def test_refuses_an_expired_invitation(client: FlaskClient, database: Session, invitation: Invitation) -> None:
    body = invitation()
    database.query(OneTimeToken).update({"expires_at": datetime.now(UTC) - timedelta(seconds=1)})
    database.commit()
    answer = client.post(PATH, json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_token")


def test_refuses_a_taken_user_name(client: FlaskClient, invitation: Invitation) -> None:
    answer = client.post(PATH, json=invitation() | {"username": "Alice"})
    assert (answer.status_code, answer.json["code"]) == (409, "username_taken")


@pytest.mark.parametrize("changes", [{"status": "suspended"}, {"role": "member"}])
def test_refuses_an_invitation_whose_sender_is_no_admin_any_more(
    client: FlaskClient, database: Session, cast: Cast, invitation: Invitation, changes: dict[str, str]
) -> None:
    body = invitation("admin")
    change(database, User, cast.alice.id, **changes)
    answer = client.post(PATH, json=body)
    assert (answer.status_code, answer.json["code"]) == (403, "registration_refused")
