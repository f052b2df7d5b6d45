"""POST /v1/user/<user_id>/impersonate, and what can't be done meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.api_key import ApiKey
from app.models.company import Company
from app.models.user import User
from app.models.user_session import UserSession
from app.security import tokens
from tests.cast import Cast, Headers
from tests.guards import walk
from tests.rows import all_of, audited, change, count, now_in

AddUser = Callable[..., UUID]


def path(user_id: object) -> str:
    """Acting as a user."""
    return f"/v1/user/{user_id}/impersonate"


@pytest.fixture
def as_alice(client: FlaskClient, cast: Cast) -> Headers:
    """Headers of Root, who acts as Alice."""
    token = client.post(path(cast.alice.id), headers=cast.root.headers).json["access_token"]
    return {"Authorization": f"Bearer {token}"}


def test_acts_as_the_user_for_a_quarter_of_an_hour(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.post(path(cast.bob.id), headers=cast.root.headers)
    assert answer.status_code == 201
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 900)
    assert (answer.json["user"]["id"], answer.json["company"]["id"]) == (str(cast.bob.id), str(cast.acme))
    assert "refresh_token" not in answer.json
    claims = jwt.decode(answer.json["access_token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 900
    session = now_in(database, UserSession, claims["sid"])
    assert session.expires_at - session.created_at <= timedelta(minutes=15, seconds=1)
    entry = audited(database, "impersonation_started")
    assert (entry.company_id, entry.actor_id, entry.entity_id) == (cast.acme, cast.root.id, str(cast.bob.id))
    assert entry.risk_level == "critical"


def test_says_so_everywhere(client: FlaskClient, database: Session, cast: Cast, as_alice: Headers) -> None:
    me = client.get("/v1/auth/user/me", headers=as_alice).json
    assert (me["user"]["id"], me["impersonator_id"]) == (str(cast.alice.id), str(cast.root.id))
    assert client.get("/v1/auth/validate", headers=as_alice).json["impersonator_id"] == str(cast.root.id)
    client.put(f"/v1/company/{cast.acme}", json={"name": "Acme & Sons"}, headers=as_alice)
    entry = audited(database, "company_changed")
    assert (entry.actor_id, entry.impersonator_id) == (cast.alice.id, cast.root.id)
    client.post("/v1/auth/logout", headers=as_alice)
    assert audited(database, "logged_out").impersonator_id == cast.root.id


def test_ends_with_its_session(client: FlaskClient, cast: Cast, as_alice: Headers) -> None:
    assert client.post("/v1/auth/logout", headers=as_alice).status_code == 204
    assert client.get("/v1/company", headers=as_alice).json["code"] == "session_ended"
    assert client.get("/v1/company", headers=cast.alice.headers).status_code == 200


def test_ends_when_the_super_admin_does(
    app: Flask, client: FlaskClient, database: Session, cast: Cast, as_alice: Headers, add_user: AddUser
) -> None:
    rita = add_user("rita", company_id=None, role="super_admin")
    change(database, UserSession, cast.bob.session_id, impersonator_id=rita)
    change(database, UserSession, cast.sam.session_id, user_id=rita, company_id=None)
    with app.app_context():
        by_rita = {"Authorization": f"Bearer {tokens.issue_access(rita, cast.sam.session_id or uuid4())}"}
    answer = client.patch(f"/v1/user/{cast.root.id}/status", json={"status": "suspended"}, headers=by_rita)
    assert answer.status_code == 200
    assert client.get("/v1/company", headers=as_alice).json["code"] == "session_ended"
    assert client.get("/v1/company", headers=cast.bob.headers).status_code == 200


def test_is_as_limited_as_the_user(client: FlaskClient, cast: Cast) -> None:
    token = client.post(path(cast.bob.id), headers=cast.root.headers).json["access_token"]
    as_bob = {"Authorization": f"Bearer {token}"}
    assert client.get("/v1/admin/user", headers=as_bob).status_code == 403
    assert client.get("/v1/super-admin/company", headers=as_bob).status_code == 403
    assert client.get("/v1/company", headers=as_bob, query_string={"company_id": cast.globex}).status_code == 404


def test_cannot_be_chained_nor_refreshed(
    app: Flask, client: FlaskClient, database: Session, cast: Cast, as_alice: Headers
) -> None:
    assert client.post(path(cast.bob.id), headers=as_alice).json["code"] == "not_while_impersonating"
    # As if a super admin could be acted as, and as if there were a refresh token.
    change(database, UserSession, cast.root.session_id, impersonator_id=cast.root.id)
    chained = client.post(path(cast.bob.id), headers=cast.root.headers)
    assert (chained.status_code, chained.json["code"]) == (403, "not_while_impersonating")
    session = now_in(database, UserSession, cast.root.session_id)
    with app.app_context():
        forged = tokens.issue_refresh(cast.root.id, session.id, session.refresh_id)
    refreshed = client.post("/v1/auth/refresh", headers={"Authorization": f"Bearer {forged}"})
    assert (refreshed.status_code, refreshed.json["code"]) == (401, "session_ended")


LASTING = {
    "POST /v1/auth/api-keys",
    "DELETE /v1/auth/api-keys/<uuid:api_key_id>",
    "POST /v1/auth/user",
    "POST /v1/company/<uuid:company_id>/invitation",
    "POST /v1/agent/<uuid:agent_id>/identity-secret",
    "DELETE /v1/agent/<uuid:agent_id>/identity-secret",
    "PATCH /v1/user/<uuid:user_id>/status",
    "PATCH /v1/user/<uuid:user_id>/role",
    "POST /v1/user/<uuid:user_id>/force-password-reset",
    "POST /v1/user/<uuid:user_id>/impersonate",
    "PATCH /v1/config",
    "POST /v1/webhook",
    "PUT /v1/webhook/<uuid:webhook_id>",
    "POST /v1/webhook/<uuid:webhook_id>/secret",
}


def test_makes_nothing_that_would_outlive_it(app: Flask, client: FlaskClient, as_alice: Headers) -> None:
    routes = [route for route in walk.guarded_routes(app) if not route.access.impersonated]
    assert {str(route) for route in routes} == LASTING
    assert walk.not_refused(client, routes, as_alice, 403, "not_while_impersonating") == []


@pytest.mark.parametrize("status", ["inactive", "suspended", "pending"])
def test_refuses_users_who_could_not_sign_in(
    client: FlaskClient, cast: Cast, set_bob: Callable[..., None], status: str
) -> None:
    set_bob(status=status)
    answer = client.post(path(cast.bob.id), headers=cast.root.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "user_not_active")


def test_refuses_users_of_closed_companies(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, Company, cast.acme, status="suspended")
    assert client.post(path(cast.bob.id), headers=cast.root.headers).status_code == 409
    change(database, Company, cast.acme, status="active", deleted_at=datetime.now(UTC))
    assert client.post(path(cast.bob.id), headers=cast.root.headers).status_code == 409


def test_refuses_super_admins_as_whom_to_act(
    client: FlaskClient, database: Session, cast: Cast, add_user: AddUser
) -> None:
    second = add_user("rita", company_id=None, role="super_admin")
    for user_id in (second, cast.root.id):
        answer = client.post(path(user_id), headers=cast.root.headers)
        assert (answer.status_code, answer.json["code"]) == (403, "cannot_impersonate")
    assert count(database, UserSession, UserSession.impersonator_id.is_not(None)) == 0


def test_takes_a_key_of_a_super_admin(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(path(cast.bob.id), headers=cast.key(cast.root, "admin"))
    assert (answer.status_code, answer.json["impersonator_id"]) == (201, str(cast.root.id))


def test_refuses_a_key_that_is_narrowed(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = cast.key(cast.root, "admin", permissions={"users": ["admin"]})
    answer = client.post(path(cast.alice.id), headers=key)
    assert (answer.status_code, answer.json["code"]) == (403, "cannot_impersonate")
    assert count(database, UserSession, UserSession.impersonator_id.is_not(None)) == 0


def test_ends_with_the_key_that_it_was_begun_with(
    client: FlaskClient, database: Session, cast: Cast, as_alice: Headers
) -> None:
    key = cast.key(cast.root, "admin")
    token = client.post(path(cast.bob.id), headers=key).json["access_token"]
    as_bob = {"Authorization": f"Bearer {token}"}
    assert client.get("/v1/company", headers=as_bob).status_code == 200
    (row,) = all_of(database, ApiKey, ApiKey.key == key["X-API-Key"])
    assert client.delete(f"/v1/auth/api-keys/{row.id}", headers=cast.root.headers).status_code == 204
    assert client.get("/v1/company", headers=as_bob).json["code"] == "session_ended"
    assert client.get("/v1/company", headers=as_alice).status_code == 200


def test_ends_when_the_super_admin_signs_out(client: FlaskClient, cast: Cast, as_alice: Headers) -> None:
    by_key = client.post(path(cast.bob.id), headers=cast.key(cast.root, "admin")).json["access_token"]
    assert client.post("/v1/auth/logout", headers=cast.root.headers).status_code == 204
    assert client.get("/v1/company", headers=as_alice).json["code"] == "session_ended"
    assert client.get("/v1/company", headers={"Authorization": f"Bearer {by_key}"}).status_code == 200


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.post(path(cast.bob.id)).status_code == 401


def test_refuses_everybody_but_super_admins(
    client: FlaskClient, cast: Cast, refused: Callable[[], list[Headers]]
) -> None:
    for headers in (cast.alice.headers, cast.key(cast.alice, "admin"), cast.key(cast.root, "write"), *refused()):
        assert client.post(path(cast.bob.id), headers=headers).status_code == 403


def test_hides_what_is_not_there(client: FlaskClient, database: Session, cast: Cast) -> None:
    for address in (path(uuid4()), path("me"), f"{path(cast.bob.id)}?company_id={cast.globex}"):
        assert client.post(address, headers=cast.root.headers).status_code == 404
    change(database, User, cast.bob.id, deleted_at=datetime.now(UTC))
    assert client.post(path(cast.bob.id), headers=cast.root.headers).status_code == 404
