"""POST /v1/auth/login."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import argon2
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core.clock import now
from app.models.audit_entry import AuditEntry
from app.models.company import Company
from app.models.login_throttle import LoginThrottle
from app.models.user import User
from app.models.user_session import UserSession
from tests.cast import PASSWORD, Cast
from tests.rows import all_of, audited, change, count, now_in

PATH = "/v1/auth/login"
BOB = {"email": "bob@acme.example", "password": PASSWORD}
WRONG = BOB | {"password": "wrong wrong wrong"}

SetUser = Callable[..., None]


def test_opens_a_session(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.post(PATH, json=BOB, headers={"User-Agent": "a browser"})
    assert answer.status_code == 200
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 900)
    assert answer.json["user"]["id"] == str(cast.bob.id)
    assert answer.json["company"]["id"] == str(cast.acme)
    (session,) = all_of(database, UserSession, UserSession.user_agent == "a browser")
    assert (session.user_id, session.company_id, session.ip) == (cast.bob.id, cast.acme, "127.0.0.1")


def test_gives_a_token_that_works(client: FlaskClient, cast: Cast) -> None:
    token = client.post(PATH, json=BOB).json["access_token"]
    me = client.get("/v1/auth/user/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json["user"]["id"] == str(cast.bob.id)


def test_notes_the_moment_and_an_audit_entry(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.post(PATH, json=BOB)
    assert now_in(database, User, cast.bob.id).last_login_at is not None
    entry = audited(database, "login_succeeded")
    assert (entry.actor_id, entry.company_id, entry.ip) == (cast.bob.id, cast.acme, "127.0.0.1")


def test_takes_the_email_in_any_case(client: FlaskClient, cast: Cast) -> None:
    assert client.post(PATH, json=BOB | {"email": "BOB@ACME.example"}).status_code == 200


def test_lets_a_super_admin_in_without_a_company(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(PATH, json=BOB | {"email": cast.root.email})
    assert (answer.status_code, answer.json["company"]) == (200, None)
    assert answer.json["user"]["role"] == "super_admin"


def test_keeps_secrets_out_of_the_answer(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(PATH, json=BOB)
    assert "argon2" not in answer.text
    assert PASSWORD not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_answers_the_same_for_a_wrong_password_and_an_unknown_email(client: FlaskClient, cast: Cast) -> None:
    wrong = client.post(PATH, json=WRONG)
    unknown = client.post(PATH, json=WRONG | {"email": "nobody@acme.example"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json["code"] == "invalid_credentials"
    assert {**wrong.json, "request_id": None} == {**unknown.json, "request_id": None}
    assert set(wrong.headers.keys()) == set(unknown.headers.keys())


def test_keeps_a_failure_although_it_is_refused(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.post(PATH, json=WRONG)
    assert now_in(database, LoginThrottle, BOB["email"]).failures == 1
    entry = audited(database, "login_failed")
    assert (entry.company_id, entry.entity_id) == (cast.acme, str(cast.bob.id))
    assert entry.after == {"email": BOB["email"], "failures": 1}


def test_opens_no_session_for_a_wrong_password(client: FlaskClient, database: Session, cast: Cast) -> None:
    before = count(database, UserSession)
    client.post(PATH, json=WRONG)
    assert count(database, UserSession) == before
    assert now_in(database, User, cast.bob.id).last_login_at is None


@pytest.mark.parametrize("status", ["suspended", "inactive", "pending"])
def test_refuses_a_user_who_is_not_active(client: FlaskClient, cast: Cast, set_user: SetUser, status: str) -> None:
    set_user(status=status)
    answer = client.post(PATH, json=BOB)
    assert (answer.status_code, answer.json["code"]) == (401, "user_not_active")
    assert client.post(PATH, json=WRONG).json["code"] == "invalid_credentials"


def test_knows_no_deleted_user(client: FlaskClient, cast: Cast, set_user: SetUser) -> None:
    set_user(deleted_at=now())
    assert client.post(PATH, json=BOB).json["code"] == "invalid_credentials"


def test_refuses_users_of_a_suspended_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, Company, cast.acme, status="suspended")
    answer = client.post(PATH, json=BOB)
    assert (answer.status_code, answer.json["code"]) == (403, "tenant_suspended")


def test_refuses_users_of_a_deleted_company(client: FlaskClient, cast: Cast) -> None:
    client.delete(f"/v1/company/{cast.acme}", headers=cast.root.headers)
    assert client.post(PATH, json=BOB).json["code"] == "tenant_suspended"


def test_wants_a_verified_email_when_the_installation_says_so(
    client: FlaskClient, cast: Cast, set_user: SetUser, with_settings: Callable[..., None]
) -> None:
    with_settings(require_verified_email=True)
    answer = client.post(PATH, json=BOB)
    assert (answer.status_code, answer.json["code"]) == (401, "email_not_verified")
    set_user(email_verified_at=now())
    assert client.post(PATH, json=BOB).status_code == 200


def test_hashes_the_password_anew_when_the_parameters_changed(
    client: FlaskClient, database: Session, cast: Cast, set_user: SetUser
) -> None:
    old = argon2.PasswordHasher(time_cost=2, memory_cost=32, parallelism=1).hash(PASSWORD)
    set_user(password_hash=old)
    assert client.post(PATH, json=BOB).status_code == 200
    assert now_in(database, User, cast.bob.id).password_hash.startswith("$argon2id$v=19$m=64,t=1")
    assert client.post(PATH, json=BOB).status_code == 200


def test_refuses_a_stored_hash_that_is_none(client: FlaskClient, cast: Cast, set_user: SetUser) -> None:
    set_user(password_hash="")
    assert client.post(PATH, json=BOB).json["code"] == "invalid_credentials"


def test_slows_guessing_down_by_address(client: FlaskClient, cast: Cast, with_settings: Callable[..., None]) -> None:
    with_settings(rate_limit_authentication=2)
    # Five calls: a new minute may begin in between, and counts anew.
    answers = [client.post(PATH, json=WRONG | {"email": f"{n}@acme.example"}) for n in range(5)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json["code"] == "rate_limit_exceeded"
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert refused.headers["X-RateLimit-Remaining"] == "0"


@pytest.mark.parametrize(
    "body", [{}, {"email": "bob"}, BOB | {"password": ""}, BOB | {"password": 7}, BOB | {"otp": "1"}, [], "text", None]
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, body: Any) -> None:
    answer = client.post(PATH, json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")


def test_refuses_what_is_no_json(client: FlaskClient) -> None:
    broken = client.post(PATH, data=b'{"email": ', content_type="application/json")
    assert (broken.status_code, broken.json["code"]) == (400, "bad_request")
    form = client.post(PATH, data=BOB)
    assert (form.status_code, form.json["code"]) == (415, "unsupported_media_type")


def test_audits_an_unknown_email_without_a_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.post(PATH, json=WRONG | {"email": "nobody@acme.example"})
    (entry,) = all_of(database, AuditEntry, AuditEntry.event_type == "login_failed")
    assert (entry.company_id, entry.entity_id, entry.actor_id) == (None, None, None)


def test_keeps_sessions_apart(client: FlaskClient, cast: Cast) -> None:
    first, second = (client.post(PATH, json=BOB).json["access_token"] for _ in range(2))
    client.post("/v1/auth/logout", headers={"Authorization": f"Bearer {first}"})
    answer = client.get("/v1/auth/validate", headers={"Authorization": f"Bearer {second}"})
    assert answer.status_code == 200
    assert UUID(answer.json["session_id"])


def test_an_entry_outlives_the_refusal_of_a_right_password(
    client: FlaskClient, database: Session, cast: Cast, set_user: Callable[..., None]
) -> None:
    set_user(status="suspended")
    answer = client.post("/v1/auth/login", json={"email": cast.bob.email, "password": PASSWORD})
    assert (answer.status_code, answer.json["code"]) == (401, "user_not_active")
    entry = audited(database, "login_failed")
    assert (entry.entity_id, entry.after) == (str(cast.bob.id), {"email": cast.bob.email, "refusal": "user_not_active"})
