"""POST /v1/auth/register, as the first admin of a new company."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.company import Company
from app.models.mail import Mail
from app.models.one_time_token import OneTimeToken, TokenPurpose
from app.models.user import User
from app.security import signed_links
from tests.cast import PASSWORD, Cast
from tests.rows import all_of, audited, change, count, now_in

PATH = "/v1/auth/register"


@pytest.fixture
def founded(client: FlaskClient) -> dict[str, Any]:
    """A company that has just signed up."""
    return client.post("/v1/company", json={"name": "New", "email": "hello@new.example"}).json


def ada(founded: Mapping[str, Any], **changes: object) -> dict[str, Any]:
    """Ada's registration."""
    body = {"company_id": founded["id"], "setup_token": founded["setup_token"], "email": "ada@new.example"}
    return body | {"username": "ada", "password": PASSWORD, "first_name": "Ada", "last_name": "Byron"} | changes


def token_for(database: Session, company_id: UUID, **values: Any) -> str:
    """A setup token of a company, arranged."""
    values = {"purpose": TokenPurpose.COMPANY_SETUP, "expires_at": datetime.now(UTC) + timedelta(hours=1)} | values
    token = OneTimeToken(company_id=company_id, **values)
    database.add(token)
    database.commit()
    return signed_links.sign(token.id, TokenPurpose(token.purpose))


def test_makes_the_first_admin(client: FlaskClient, database: Session, founded: dict[str, Any]) -> None:
    answer = client.post(PATH, json=ada(founded))
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/user/{answer.json['id']}"
    assert (answer.json["role"], answer.json["company_id"]) == ("admin", founded["id"])
    assert answer.json["email_verified_at"] is None
    user = now_in(database, User, UUID(answer.json["id"]))
    assert user.password_hash.startswith("$argon2id$")
    assert PASSWORD not in answer.text


def test_lets_the_new_admin_sign_in(client: FlaskClient, founded: dict[str, Any]) -> None:
    client.post(PATH, json=ada(founded))
    signed_in = client.post("/v1/auth/login", json={"email": "ada@new.example", "password": PASSWORD})
    assert signed_in.json["company"]["id"] == founded["id"]


def test_leaves_an_audit_entry(client: FlaskClient, database: Session, founded: dict[str, Any]) -> None:
    user_id = client.post(PATH, json=ada(founded)).json["id"]
    entry = audited(database, "user_registered")
    assert (entry.entity_id, str(entry.company_id), entry.risk_level) == (user_id, founded["id"], "high")
    assert entry.after == {"email": "ada@new.example", "username": "ada", "role": "admin"}


def test_queues_a_verification_mail(client: FlaskClient, database: Session, founded: dict[str, Any]) -> None:
    client.post(PATH, json=ada(founded))
    (mail,) = all_of(database, Mail)
    assert (mail.template, mail.recipient, mail.status) == ("email_verification", "ada@new.example", "queued")


@pytest.mark.parametrize("token", [{"setup_token": "x"}, {"invitation_token": "x"}, {"setup_token": "a.b"}])
def test_refuses_a_token_that_is_not_ours(
    client: FlaskClient, database: Session, founded: dict[str, Any], token: dict[str, str]
) -> None:
    body = ada(founded)
    del body["setup_token"]
    answer = client.post(PATH, json=body | token)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_token")
    assert count(database, User) == 0


def test_names_what_is_needed_when_there_is_no_token(client: FlaskClient, founded: dict[str, Any]) -> None:
    body = ada(founded)
    del body["setup_token"]
    answer = client.post(PATH, json=body)
    assert (answer.status_code, answer.json["code"]) == (403, "registration_refused")


def test_refuses_the_setup_token_the_second_time(client: FlaskClient, founded: dict[str, Any]) -> None:
    client.post(PATH, json=ada(founded))
    again = client.post(PATH, json=ada(founded, email="eve@new.example", username="eve"))
    assert (again.status_code, again.json["code"]) == (422, "invalid_token")


def test_makes_one_admin_when_two_register_at_once(
    app: Flask, database: Session, client: FlaskClient, founded: dict[str, Any]
) -> None:
    bodies = [ada(founded, email=f"{name}@new.example", username=name) for name in ("ada", "eve")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda body: app.test_client().post(PATH, json=body).status_code, bodies))
    assert sorted(answers) == [201, 422]
    assert count(database, User) == 1


def test_refuses_a_token_of_another_company(client: FlaskClient, database: Session, founded: dict[str, Any]) -> None:
    other = client.post("/v1/company", json={"name": "Other", "email": "hello@other.example"}).json
    answer = client.post(PATH, json=ada(founded, company_id=other["id"]))
    assert (answer.status_code, answer.json["code"]) == (403, "registration_refused")
    assert count(database, User) == 0
    assert client.post(PATH, json=ada(founded)).status_code == 201  # the refusal did not use the token up


def test_refuses_when_the_company_has_users(client: FlaskClient, database: Session, cast: Cast) -> None:
    body = ada({"id": str(cast.acme), "setup_token": token_for(database, cast.acme)})
    answer = client.post(PATH, json=body)
    assert (answer.status_code, answer.json["code"]) == (403, "registration_refused")


def test_refuses_when_the_only_user_was_deleted(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, User, cast.charlie.id, deleted_at=datetime.now(UTC))
    body = ada({"id": str(cast.globex), "setup_token": token_for(database, cast.globex)})
    assert client.post(PATH, json=body).status_code == 403


def test_refuses_an_expired_token(client: FlaskClient, database: Session, founded: dict[str, Any]) -> None:
    (token,) = all_of(database, OneTimeToken)
    change(database, OneTimeToken, token.id, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert client.post(PATH, json=ada(founded)).json["code"] == "invalid_token"


def test_refuses_a_token_made_for_something_else(
    client: FlaskClient, database: Session, founded: dict[str, Any]
) -> None:
    other = token_for(database, UUID(founded["id"]), purpose=TokenPurpose.PASSWORD_RESET)
    assert client.post(PATH, json=ada(founded, setup_token=other)).json["code"] == "invalid_token"


def test_refuses_a_tampered_token(client: FlaskClient, founded: dict[str, Any]) -> None:
    payload, _, signature = founded["setup_token"].rpartition(".")
    body = ada(founded, setup_token=f"{payload}.{signature[::-1]}")
    assert client.post(PATH, json=body).json["code"] == "invalid_token"


def test_hides_a_deleted_company(client: FlaskClient, database: Session, founded: dict[str, Any]) -> None:
    change(database, Company, UUID(founded["id"]), deleted_at=datetime.now(UTC))
    assert client.post(PATH, json=ada(founded)).status_code == 404


@pytest.mark.parametrize("email", ["alice@acme.example", "ALICE@Acme.example"])
def test_refuses_an_email_of_another_company(
    client: FlaskClient, cast: Cast, founded: dict[str, Any], email: str
) -> None:
    answer = client.post(PATH, json=ada(founded, email=email))
    assert (answer.status_code, answer.json["code"]) == (409, "email_taken")


def test_takes_the_user_name_of_another_company(client: FlaskClient, cast: Cast, founded: dict[str, Any]) -> None:
    assert client.post(PATH, json=ada(founded, username="alice")).status_code == 201


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "ada@new.example", "ADA@NEW.EXAMPLE"])
def test_refuses_a_weak_password(client: FlaskClient, founded: dict[str, Any], password: str) -> None:
    answer = client.post(PATH, json=ada(founded, password=password))
    assert (answer.status_code, answer.json["code"]) == (422, "weak_password")
    assert list(answer.json["errors"]) == ["password"]
    assert client.post(PATH, json=ada(founded)).status_code == 201  # the refusal did not use the token up


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "no address"), ("email", "a" * 250 + "@new.example"), ("username", ""), ("first_name", "x" * 101)]
    + [("company_id", "7"), ("role", "super_admin"), ("password", "x" * 201), ("last_name", None)],
)
def test_refuses_bad_values(client: FlaskClient, founded: dict[str, Any], field: str, value: object) -> None:
    answer = client.post(PATH, json=ada(founded, **{field: value}))
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert list(answer.json["errors"]) == [field]


def test_names_missing_fields(client: FlaskClient) -> None:
    answer = client.post(PATH, json={})
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"company_id", "email", "username", "password", "first_name", "last_name"}
