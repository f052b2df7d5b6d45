"""The Idempotency-Key header, shown at routes that make something."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models.api_key import ApiKey
from app.models.audit_entry import AuditEntry
from app.models.company import Company
from app.models.idempotency_record import IdempotencyRecord
from app.models.user import User
from tests.cast import PASSWORD, Cast
from tests.company.pictures import form, picture
from tests.rows import all_of, change, count

PATH = "/v1/auth/api-keys"
ONCE = {"Idempotency-Key": "order-4711"}


def dora(cast: Cast, **changes: str) -> dict[str, str]:
    """Dora, to be added."""
    body = {"email": "dora@acme.example", "username": "dora", "password": PASSWORD}
    return body | {"first_name": "Dora", "last_name": "Marsden"} | changes


def test_gives_the_same_answer_again(client: FlaskClient, database: Session, cast: Cast) -> None:
    headers = {**cast.alice.headers, **ONCE}
    first, second = (client.post(PATH, json={"name": "Shop"}, headers=headers) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json == second.json
    assert first.json["secret"].startswith("fds_")
    assert (second.headers["Location"], second.content_type) == (first.headers["Location"], first.content_type)
    assert (first.headers.get("Idempotent-Replay"), second.headers["Idempotent-Replay"]) == (None, "true")
    assert (count(database, ApiKey), count(database, AuditEntry)) == (1, 1)


def test_keeps_the_answer_encrypted(client: FlaskClient, database: Session, cast: Cast) -> None:
    secret = client.post(PATH, json={}, headers={**cast.alice.headers, **ONCE}).json["secret"]
    (row,) = database.execute(text("SELECT row_to_json(r)::text FROM idempotency_records r")).scalars()
    assert secret not in row
    assert secret.removeprefix("fds_") not in row


def test_refuses_another_body(client: FlaskClient, database: Session, cast: Cast) -> None:
    headers = {**cast.alice.headers, **ONCE}
    client.post(PATH, json={"name": "Shop"}, headers=headers)
    other = client.post(PATH, json={"name": "Other"}, headers=headers)
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")
    assert count(database, ApiKey) == 1


def test_refuses_another_route(client: FlaskClient, database: Session, cast: Cast) -> None:
    headers = {**cast.alice.headers, **ONCE}
    client.post(PATH, json={}, headers=headers)
    other = client.post("/v1/auth/user", json=dora(cast), headers=headers)
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")
    assert count(database, User, User.username == "dora") == 0


def test_keeps_callers_apart(client: FlaskClient, database: Session, cast: Cast) -> None:
    callers = [cast.alice, cast.bob, cast.charlie, cast.root]
    answers = [client.post(PATH, json={}, headers={**person.headers, **ONCE}) for person in callers]
    assert len({answer.json["secret"] for answer in answers}) == 4
    assert count(database, ApiKey) == 4


def test_knows_a_caller_by_another_token(client: FlaskClient, database: Session, cast: Cast) -> None:
    first = client.post(PATH, json={}, headers={**cast.alice.headers, **ONCE})
    login = client.post("/v1/auth/login", json={"email": cast.alice.email, "password": PASSWORD}).json
    headers = {"Authorization": f"Bearer {login['access_token']}", **ONCE}
    assert client.post(PATH, json={}, headers=headers).json == first.json
    assert count(database, ApiKey) == 1


def test_keeps_companies_apart_that_a_super_admin_names(client: FlaskClient, database: Session, cast: Cast) -> None:
    for company_id in (cast.acme, cast.globex):
        path, body = f"/v1/company/{company_id}/invitation?company_id={company_id}", {"email": "dora@acme.example"}
        answers = [client.post(path, json=body, headers={**cast.root.headers, **ONCE}) for _ in range(2)]
        assert answers[0].json == answers[1].json
        assert answers[0].json["company_id"] == str(company_id)
    assert count(database, IdempotencyRecord) == 2


def test_makes_one_row_when_two_requests_come_at_once(app: Flask, database: Session, cast: Cast) -> None:
    def create(_: int) -> Any:
        return app.test_client().post(PATH, json={}, headers={**cast.alice.headers, **ONCE})

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(create, range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["secret"] for answer in answers}) == 1
    assert count(database, ApiKey) == 1


def test_makes_one_company_when_two_sign_ups_come_at_once(app: Flask, database: Session) -> None:
    body = {"name": "New", "email": "hello@new.example"}

    def sign_up(_: int) -> Any:
        return app.test_client().post("/v1/company", json=body, headers=ONCE)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(sign_up, range(2)))
    assert len({answer.json["setup_token"] for answer in answers}) == 1
    assert count(database, Company) == 1


def test_does_not_remember_refusals(client: FlaskClient, database: Session, cast: Cast) -> None:
    headers = {**cast.alice.headers, **ONCE}
    taken = client.post("/v1/auth/user", json=dora(cast, email=cast.bob.email), headers=headers)
    assert (taken.status_code, count(database, IdempotencyRecord)) == (409, 0)
    assert client.post("/v1/auth/user", json=dora(cast), headers=headers).status_code == 201


def test_does_not_remember_bad_values(client: FlaskClient, cast: Cast) -> None:
    headers = {**cast.alice.headers, **ONCE}
    assert client.post(PATH, json={"scopes": ["root"]}, headers=headers).status_code == 422
    assert client.post(PATH, json={"scopes": ["read"]}, headers=headers).status_code == 201


def test_does_not_remember_a_failed_login(client: FlaskClient, cast: Cast) -> None:
    body = {"email": cast.bob.email, "password": "wrong wrong"}
    assert client.post("/v1/auth/login", json=body, headers=ONCE).status_code == 401
    answer = client.post("/v1/auth/login", json=body | {"password": PASSWORD}, headers=ONCE)
    assert (answer.status_code, "Idempotent-Replay" in answer.headers) == (200, False)


def test_forgets_after_a_day(client: FlaskClient, database: Session, cast: Cast) -> None:
    headers = {**cast.alice.headers, **ONCE}
    first = client.post(PATH, json={}, headers=headers)
    (record,) = all_of(database, IdempotencyRecord)
    assert abs(record.expires_at - datetime.now(UTC) - timedelta(hours=24)) < timedelta(minutes=1)
    change(database, IdempotencyRecord, record.id, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    second = client.post(PATH, json={"name": "Another"}, headers=headers)
    assert (second.status_code, second.json["id"] != first.json["id"]) == (201, True)


def test_knows_the_same_form_by_another_boundary(client: FlaskClient, database: Session) -> None:
    answers = [client.post("/v1/company", data=form(picture()), headers=ONCE) for _ in range(2)]
    assert answers[0].json == answers[1].json
    other = client.post("/v1/company", data=form(picture("GIF")), headers=ONCE)
    assert (other.status_code, count(database, Company)) == (409, 1)


def test_is_for_posts_only(client: FlaskClient, database: Session, cast: Cast) -> None:
    headers = {**cast.alice.headers, **ONCE}
    for name in ("Ada", "Bea"):
        body = {"first_name": name}
        assert client.put("/v1/user/profile", json=body, headers=headers).json["first_name"] == name
    assert count(database, IdempotencyRecord) == 0


def test_asks_for_a_credential_first(client: FlaskClient, cast: Cast) -> None:
    client.post(PATH, json={}, headers={**cast.alice.headers, **ONCE})
    assert client.post(PATH, json={}, headers=ONCE).status_code == 401
    client.post("/v1/auth/logout", headers=cast.alice.headers)
    assert client.post(PATH, json={}, headers={**cast.alice.headers, **ONCE}).status_code == 401


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "\x7f"])
def test_refuses_a_bad_key(client: FlaskClient, database: Session, cast: Cast, key: str) -> None:
    answer = client.post(PATH, json={}, headers={**cast.alice.headers, "Idempotency-Key": key})
    assert (answer.status_code, answer.json["code"]) == (400, "bad_request")
    assert count(database, ApiKey) == 0
