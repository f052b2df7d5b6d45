"""POST /v1/auth/api-keys."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models.api_key import ApiKey
from tests.cast import Cast
from tests.rows import all_of, audited, count, now_in

PATH = "/v1/auth/api-keys"


def credentials(answer: Any) -> dict[str, str]:
    """Headers with a key that was just made."""
    return {"X-API-Key": answer.json["key"], "X-API-Secret": answer.json["secret"]}


def test_makes_a_key_that_works(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(PATH, json={"name": "Web shop", "scopes": ["read"]}, headers=cast.alice.headers)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{PATH}/{answer.json['id']}"
    assert (answer.json["name"], answer.json["scopes"], answer.json["created_by"]) == (
        "Web shop",
        ["read"],
        str(cast.alice.id),
    )
    assert client.get("/v1/company", headers=credentials(answer)).json["id"] == str(cast.acme)


def test_gives_read_scope_for_good_unless_told_otherwise(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(PATH, json={}, headers=cast.alice.headers)
    assert (answer.json["name"], answer.json["scopes"]) == ("API key", ["read"])
    assert [answer.json[name] for name in ("permissions", "expires_at", "last_used_at")] == [None] * 3


def test_keeps_no_secret(client: FlaskClient, database: Session, cast: Cast) -> None:
    secret = client.post(PATH, json={}, headers=cast.alice.headers).json["secret"]
    (row,) = database.execute(text("SELECT row_to_json(k)::text FROM api_keys k")).scalars()
    entries = " ".join(database.execute(text("SELECT row_to_json(a)::text FROM audit_entries a")).scalars())
    assert secret.startswith("fds_")
    assert len(secret) >= 4 + 43  # 256 bits in base64
    for part in (secret, secret.removeprefix("fds_")):
        assert part not in row
        assert part not in entries


def test_shows_the_secret_this_once(client: FlaskClient, cast: Cast) -> None:
    secret = client.post(PATH, json={}, headers=cast.alice.headers).json["secret"]
    listed = client.get(PATH, headers=cast.alice.headers)
    assert secret not in listed.text
    assert "secret" not in listed.text


def test_makes_different_keys(client: FlaskClient, cast: Cast) -> None:
    made = [client.post(PATH, json={}, headers=cast.alice.headers).json for _ in range(2)]
    assert made[0]["key"] != made[1]["key"]
    assert made[0]["secret"] != made[1]["secret"]


def test_audits_the_making(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.post(PATH, json={"name": "All", "scopes": ["admin", "read"]}, headers=cast.alice.headers)
    entry = audited(database, "api_key_created")
    assert (entry.entity_id, entry.actor_id, entry.company_id) == (answer.json["id"], cast.alice.id, cast.acme)
    assert (entry.risk_level, entry.after and entry.after["scopes"]) == ("high", ["read", "admin"])


@pytest.mark.parametrize("scopes", [["admin"], ["read", "admin"]])
def test_gives_no_scope_that_the_maker_lacks(
    client: FlaskClient, database: Session, cast: Cast, scopes: list[str]
) -> None:
    for person in (cast.bob, cast.sam):
        answer = client.post(PATH, json={"scopes": scopes}, headers=person.headers)
        assert (answer.status_code, answer.json["code"]) == (403, "insufficient_permissions")
    assert count(database, ApiKey) == 0


def test_lets_a_member_make_a_writing_key(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(PATH, json={"scopes": ["write", "read"]}, headers=cast.bob.headers)
    assert (answer.status_code, answer.json["scopes"]) == (201, ["read", "write"])


def test_keeps_what_narrows_the_key(client: FlaskClient, database: Session, cast: Cast) -> None:
    permissions = {"companies": ["read"], "agents": ["read", "write"]}
    answer = client.post(PATH, json={"permissions": permissions}, headers=cast.alice.headers)
    assert answer.json["permissions"] == permissions
    assert now_in(database, ApiKey, UUID(answer.json["id"])).permissions == permissions
    assert client.get("/v1/company", headers=credentials(answer)).status_code == 200
    assert client.get("/v1/user/profile", headers=credentials(answer)).status_code == 403


def test_narrows_to_nothing_when_told_so(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(PATH, json={"permissions": {}}, headers=cast.alice.headers)
    assert answer.json["permissions"] == {}
    assert client.get("/v1/company", headers=credentials(answer)).status_code == 403


def test_ends_the_key_when_it_is_told_to(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.post(PATH, json={"expires_in_days": 90}, headers=cast.alice.headers)
    (key,) = all_of(database, ApiKey)
    assert key.expires_at is not None
    assert abs(key.expires_at - datetime.now(UTC) - timedelta(days=90)) < timedelta(minutes=1)


def test_knows_no_longer_life_than_the_installation_allows(
    client: FlaskClient, cast: Cast, with_settings: Callable[..., None]
) -> None:
    with_settings(api_key_max_days=30)
    allowed, refused = (
        client.post(PATH, json={"expires_in_days": days}, headers=cast.alice.headers).status_code for days in (30, 31)
    )
    assert (allowed, refused) == (201, 422)


def test_makes_a_key_of_the_platform_for_a_super_admin(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.post(PATH, json={"scopes": ["admin"]}, headers=cast.root.headers)
    assert now_in(database, ApiKey, UUID(answer.json["id"])).company_id is None
    path = f"/v1/company?company_id={cast.acme}"
    assert client.get(path, headers=credentials(answer)).json["id"] == str(cast.acme)


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    assert client.post(PATH, json={}).status_code == 401


def test_refuses_api_keys(client: FlaskClient, database: Session, cast: Cast) -> None:
    assert client.post(PATH, json={}, headers=cast.key(cast.alice, "admin")).status_code == 401
    assert count(database, ApiKey) == 1


def test_refuses_a_lead(client: FlaskClient, cast: Cast) -> None:
    assert client.post(PATH, json={}, headers=cast.vera.headers).status_code == 403


@pytest.mark.parametrize(
    "body",
    [{"name": ""}, {"name": "x" * 101}, {"scopes": []}, {"scopes": ["root"]}, {"scopes": "read"}, {"scopes": None}]
    + [{"permissions": {"moon": ["read"]}}, {"permissions": {"agents": ["fly"]}}, {"permissions": ["agents"]}]
    + [{"expires_in_days": days} for days in (0, -1, 1.5, "90", 10**12)]
    + [{"company_id": "7"}, {"created_by": "7"}, {"key": "fdk_mine"}, {"secret": "mine"}],
)
def test_refuses_bad_values(client: FlaskClient, database: Session, cast: Cast, body: dict[str, Any]) -> None:
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(body))
    assert count(database, ApiKey) == 0
