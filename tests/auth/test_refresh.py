"""POST /v1/auth/refresh."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.company import Company
from app.models.user_session import UserSession
from tests.cast import PASSWORD, Cast
from tests.rows import all_of, audited, change, now_in

PATH = "/v1/auth/refresh"

Tokens = dict[str, str]


def bearer(token: str) -> dict[str, str]:
    """Headers with a token."""
    return {"Authorization": f"Bearer {token}"}


def session_of(token: str) -> UUID:
    """The session that a token names."""
    return UUID(jwt.decode(token, options={"verify_signature": False})["sid"])


@pytest.fixture
def bob(client: FlaskClient, cast: Cast) -> Tokens:
    """Bob's tokens of a new session."""
    return client.post("/v1/auth/login", json={"email": cast.bob.email, "password": PASSWORD}).json


def test_rotates_the_tokens(client: FlaskClient, database: Session, bob: Tokens) -> None:
    answer = client.post(PATH, headers=bearer(bob["refresh_token"]))
    assert answer.status_code == 200
    assert answer.json["refresh_token"] != bob["refresh_token"]
    assert answer.json["access_token"] != bob["access_token"]
    assert answer.json["user"]["email"] == "bob@acme.example"
    session = now_in(database, UserSession, session_of(bob["access_token"]))
    assert session.refreshed_at is not None


def test_goes_on_with_the_new_tokens(client: FlaskClient, bob: Tokens) -> None:
    second = client.post(PATH, headers=bearer(bob["refresh_token"])).json
    third = client.post(PATH, headers=bearer(second["refresh_token"])).json
    for tokens in (second, third):
        assert client.get("/v1/auth/validate", headers=bearer(tokens["access_token"])).status_code == 200


def test_lengthens_the_session(client: FlaskClient, database: Session, bob: Tokens) -> None:
    session_id = session_of(bob["access_token"])
    change(database, UserSession, session_id, expires_at=datetime.now(UTC) + timedelta(hours=1))
    client.post(PATH, headers=bearer(bob["refresh_token"]))
    left = now_in(database, UserSession, session_id).expires_at - datetime.now(UTC)
    assert left > timedelta(days=29)


def test_ends_the_session_when_a_used_token_comes_again(client: FlaskClient, database: Session, bob: Tokens) -> None:
    fresh = client.post(PATH, headers=bearer(bob["refresh_token"])).json
    again = client.post(PATH, headers=bearer(bob["refresh_token"]))
    assert (again.status_code, again.json["code"]) == (401, "refresh_token_reused")
    for tokens in (bob, fresh):
        dead = client.get("/v1/auth/validate", headers=bearer(tokens["access_token"]))
        assert (dead.status_code, dead.json["code"]) == (401, "session_ended")
    assert client.post(PATH, headers=bearer(fresh["refresh_token"])).json["code"] == "session_ended"
    session = now_in(database, UserSession, session_of(bob["access_token"]))
    assert session.revoked_because == "refresh token reused"


def test_audits_a_token_that_comes_again(client: FlaskClient, database: Session, cast: Cast, bob: Tokens) -> None:
    for _ in range(2):
        client.post(PATH, headers=bearer(bob["refresh_token"]))
    entry = audited(database, "refresh_token_reused")
    assert (entry.company_id, entry.actor_id, entry.risk_level) == (cast.acme, cast.bob.id, "critical")


def test_ends_only_the_session_whose_token_came_again(client: FlaskClient, cast: Cast, bob: Tokens) -> None:
    for _ in range(2):
        client.post(PATH, headers=bearer(bob["refresh_token"]))
    assert client.get("/v1/auth/validate", headers=cast.bob.headers).status_code == 200


def test_gives_tokens_to_one_of_two_who_come_at_once(app: Flask, bob: Tokens) -> None:
    def refresh(_: int) -> int:
        return app.test_client().post(PATH, headers=bearer(bob["refresh_token"])).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(refresh, range(2))) == [200, 401]


def test_refuses_an_access_token(client: FlaskClient, bob: Tokens) -> None:
    answer = client.post(PATH, headers=bearer(bob["access_token"]))
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_is_the_only_place_that_takes_a_refresh_token(client: FlaskClient, bob: Tokens) -> None:
    answer = client.get("/v1/auth/user/me", headers=bearer(bob["refresh_token"]))
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_refuses_a_lead(client: FlaskClient, cast: Cast) -> None:
    assert client.post(PATH, headers=cast.vera.headers).status_code == 401


def test_refuses_anonymous_calls_and_api_keys(client: FlaskClient, cast: Cast) -> None:
    assert client.post(PATH).status_code == 401
    assert client.post(PATH, headers=cast.key(cast.alice, "admin")).status_code == 401


@pytest.mark.parametrize("column", ["expires_at", "revoked_at"])
def test_refuses_a_session_that_is_over(client: FlaskClient, database: Session, bob: Tokens, column: str) -> None:
    change(database, UserSession, session_of(bob["access_token"]), **{column: datetime.now(UTC)})
    assert client.post(PATH, headers=bearer(bob["refresh_token"])).json["code"] == "session_ended"


def test_refuses_a_suspended_user(client: FlaskClient, bob: Tokens, set_user: Callable[..., None]) -> None:
    set_user(status="suspended")
    answer = client.post(PATH, headers=bearer(bob["refresh_token"]))
    assert (answer.status_code, answer.json["code"]) == (401, "user_not_active")


def test_refuses_a_suspended_company(client: FlaskClient, database: Session, cast: Cast, bob: Tokens) -> None:
    change(database, Company, cast.acme, status="suspended")
    answer = client.post(PATH, headers=bearer(bob["refresh_token"]))
    assert (answer.status_code, answer.json["code"]) == (403, "tenant_suspended")


def test_serves_super_admins(client: FlaskClient, cast: Cast) -> None:
    tokens = client.post("/v1/auth/login", json={"email": cast.root.email, "password": PASSWORD}).json
    answer = client.post(PATH, headers=bearer(tokens["refresh_token"]))
    assert (answer.status_code, answer.json["company"]) == (200, None)


def test_never_repeats_its_answer_to_somebody_else(client: FlaskClient, cast: Cast, bob: Tokens) -> None:
    key = {"Idempotency-Key": "refresh-1"}
    client.post(PATH, headers=bearer(bob["refresh_token"]) | key)
    alice = client.post("/v1/auth/login", json={"email": cast.alice.email, "password": PASSWORD}).json
    hers = client.post(PATH, headers=bearer(alice["refresh_token"]) | key)
    assert hers.json["user"]["email"] == cast.alice.email
    assert client.post(PATH, headers=key).status_code == 401


def test_repeats_its_answer_to_a_client_that_did_not_hear_it(
    client: FlaskClient, database: Session, bob: Tokens
) -> None:
    headers = bearer(bob["refresh_token"]) | {"Idempotency-Key": "refresh-1"}
    first, second = (client.post(PATH, headers=headers) for _ in range(2))
    assert first.json == second.json
    assert all(session.revoked_at is None for session in all_of(database, UserSession))
