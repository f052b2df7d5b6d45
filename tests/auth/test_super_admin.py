"""GET /v1/auth/super-admin."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.mail import Mail
from app.models.user import User
from tests.cast import Cast
from tests.rows import audited, count

PATH = "/v1/auth/super-admin"
PASSWORD = "root-of-everything"
EMAIL = "root@frontdesk.example"


def test_makes_the_super_admin_of_the_environment(client: FlaskClient, database: Session) -> None:
    answer = client.get(PATH)
    assert answer.status_code == 200
    assert answer.json == {"status": "ready"}
    root = database.scalars(select(User)).one()
    assert (root.email, root.role, root.company_id) == (EMAIL, "super_admin", None)
    entry = audited(database, "super_admin_seeded")
    assert (entry.company_id, entry.risk_level) == (None, "high")


def test_changes_nothing_the_second_time(client: FlaskClient, database: Session) -> None:
    assert client.get(PATH).json == client.get(PATH).json
    assert count(database, User) == 1


def test_answers_both_when_two_ask_at_once(app: Flask, database: Session) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: app.test_client().get(PATH), range(2)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert count(database, User) == 1


def test_lets_the_super_admin_sign_in_without_a_verification(
    client: FlaskClient, database: Session, with_settings: Callable[..., None]
) -> None:
    with_settings(require_verified_email=True)
    client.get(PATH)
    assert client.post("/v1/auth/login", json={"email": EMAIL, "password": PASSWORD}).status_code == 200
    assert count(database, Mail) == 0


def test_tells_nobody_who_it_is(client: FlaskClient, database: Session) -> None:
    answer = client.get(PATH)
    assert not any(word in answer.text for word in (PASSWORD, EMAIL, "argon2"))


def test_keeps_a_password_that_was_changed(client: FlaskClient, with_settings: Callable[..., None]) -> None:
    client.get(PATH)
    with_settings(super_admin_password="another password")
    client.get(PATH)
    assert client.post("/v1/auth/login", json={"email": EMAIL, "password": PASSWORD}).status_code == 200


def test_makes_another_when_the_environment_names_another(
    client: FlaskClient, database: Session, with_settings: Callable[..., None]
) -> None:
    client.get(PATH)
    with_settings(super_admin_email="second@frontdesk.example")
    assert client.get(PATH).status_code == 200
    assert count(database, User, User.email == "second@frontdesk.example") == 1
    assert count(database, User, User.role == "super_admin") == 2


@pytest.mark.parametrize("missing", ["super_admin_email", "super_admin_password"])
def test_answers_404_when_the_environment_names_none(
    client: FlaskClient, database: Session, with_settings: Callable[..., None], missing: str
) -> None:
    with_settings(**{missing: ""})
    assert client.get(PATH).status_code == 404
    assert count(database, User) == 0


def test_never_promotes_a_user_of_a_company(
    client: FlaskClient, cast: Cast, with_settings: Callable[..., None]
) -> None:
    with_settings(super_admin_email=cast.alice.email)
    answer = client.get(PATH)
    assert (answer.status_code, answer.json["code"]) == (409, "email_taken")
    assert client.get("/v1/auth/validate", headers=cast.alice.headers).json["role"] == "admin"


def test_refuses_a_weak_password(client: FlaskClient, database: Session, with_settings: Callable[..., None]) -> None:
    with_settings(super_admin_password="123")
    assert client.get(PATH).json["code"] == "weak_password"
    assert count(database, User) == 0
