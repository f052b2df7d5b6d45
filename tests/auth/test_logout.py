"""POST /v1/auth/logout."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.user_session import UserSession
from tests.cast import PASSWORD, Cast
from tests.rows import audited, now_in

PATH = "/v1/auth/logout"


def test_ends_the_session_at_once(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.post(PATH, headers=cast.bob.headers)
    assert (answer.status_code, answer.data) == (204, b"")
    after = client.get("/v1/auth/validate", headers=cast.bob.headers)
    assert (after.status_code, after.json["code"]) == (401, "session_ended")
    session = now_in(database, UserSession, cast.bob.session_id)
    assert (session.revoked_at is not None, session.revoked_because) == (True, "signed out")
    assert audited(database, "logged_out").actor_id == cast.bob.id


def test_ends_the_refresh_token_too(client: FlaskClient, cast: Cast) -> None:
    signed_in = client.post("/v1/auth/login", json={"email": cast.bob.email, "password": PASSWORD}).json
    client.post(PATH, headers={"Authorization": f"Bearer {signed_in['access_token']}"})
    answer = client.post("/v1/auth/refresh", headers={"Authorization": f"Bearer {signed_in['refresh_token']}"})
    assert (answer.status_code, answer.json["code"]) == (401, "session_ended")


def test_refuses_the_second_time(client: FlaskClient, cast: Cast) -> None:
    client.post(PATH, headers=cast.bob.headers)
    assert client.post(PATH, headers=cast.bob.headers).status_code == 401


@pytest.mark.parametrize("query", ["", "?company_id="])
def test_ends_a_super_admins_session_whatever_company_they_name(client: FlaskClient, cast: Cast, query: str) -> None:
    path = PATH + (query + str(cast.acme) if query else "")
    assert client.post(path, headers=cast.root.headers).status_code == 204
    assert client.get("/v1/auth/validate", headers=cast.root.headers).status_code == 401


def test_leaves_others_alone(client: FlaskClient, cast: Cast) -> None:
    client.post(PATH, headers=cast.bob.headers)
    assert client.get("/v1/auth/validate", headers=cast.alice.headers).status_code == 200


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    assert client.post(PATH).status_code == 401


def test_refuses_api_keys(client: FlaskClient, cast: Cast) -> None:
    assert client.post(PATH, headers=cast.key(cast.alice, "admin")).status_code == 401


def test_refuses_a_lead(client: FlaskClient, cast: Cast) -> None:
    assert client.post(PATH, headers=cast.vera.headers).status_code == 403
