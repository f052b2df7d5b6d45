"""GET /v1/auth/api-keys/<api_key_id>/advice."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.models.api_key import ApiKey
from app.services import usage
from tests.cast import Cast
from tests.dashboard import refusals
from tests.dashboard.calls import YESTERDAY, add_calls, key_of


def advice(client: FlaskClient, headers: Mapping[str, str], key: UUID, status: int = 200) -> Any:
    """What is said about a key."""
    answer = client.get(f"/v1/auth/api-keys/{key}/advice", headers=headers)
    assert answer.status_code == status
    return answer.json


def test_names_the_narrower_key(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = key_of(database, cast.key(cast.alice, "admin"))
    database.execute(update(ApiKey).where(ApiKey.id == key).values(last_used_at=YESTERDAY))
    add_calls(database, cast, 4, key=key)
    add_calls(database, cast, 2, key=key, scope="write", resource="conversations")
    add_calls(database, cast, 3, key=key, scope=None, resource=None)
    # It tried to administer, and never could.
    add_calls(database, cast, 2, key=key, scope="admin", resource="users", status=403)
    shown = advice(client, cast.alice.headers, key)
    assert shown["granted"] == {"scopes": ["admin"], "permissions": None}
    assert shown["used"][0] == {"scope": "read", "resource": "leads", "requests": 4, "refused": 0}
    assert {"scope": None, "resource": None, "requests": 3, "refused": 0} in shown["used"]
    assert shown["suggested"] == {"scopes": ["write"], "permissions": {"conversations": ["write"], "leads": ["read"]}}
    assert shown["errors"] == [{"status": 403, "code": None, "requests": 2}]
    assert [sentence.split(":")[0] for sentence in shown["advice"]] == [
        "What this key did needs less than it was given",
        "This key never expires",
    ]


def test_the_narrower_key_would_do(app: Flask, client: FlaskClient, database: Session, cast: Cast) -> None:
    """What is suggested is recorded, made and tried for real."""
    wide = cast.key(cast.alice, "admin")
    calls = ("/v1/user/profile", "/v1/agent", "/v1/company")
    assert [client.get(path, headers=wide).status_code for path in calls] == [200, 200, 200]
    with app.app_context():
        usage.flush()
    suggested = advice(client, cast.alice.headers, key_of(database, wide))["suggested"]
    narrow = cast.key(cast.alice, *suggested["scopes"], permissions=suggested["permissions"])
    assert [client.get(path, headers=narrow).status_code for path in calls] == [200, 200, 200]
    assert client.get("/v1/document", headers=narrow).status_code == 403
    assert client.post("/v1/agent", json={}, headers=narrow).status_code == 403
    with app.app_context():
        usage.flush()
    assert advice(client, cast.alice.headers, key_of(database, narrow))["suggested"] is None


def test_the_narrower_key_still_exports(app: Flask, client: FlaskClient, database: Session, cast: Cast) -> None:
    body = {"type": "leads", "format": "json"}
    for permissions in (None, {"analytics": ["read"], "leads": ["write"], "settings": ["read"]}):
        key = cast.key(cast.alice, "write", permissions=permissions)
        assert client.post("/v1/analytic/export", json=body, headers=key).status_code == 200
        with app.app_context():
            usage.flush()
        suggested = advice(client, cast.alice.headers, key_of(database, key))["suggested"]
        wanted = {"analytics", "leads"} | ({"agents", "conversations"} if permissions is None else set())
        assert (suggested["scopes"], set(suggested["permissions"])) == (["read"], wanted)
        narrow = cast.key(cast.alice, *suggested["scopes"], permissions=suggested["permissions"])
        assert client.post("/v1/analytic/export", json=body, headers=narrow).status_code == 200


def test_says_when_a_key_is_not_used(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = key_of(database, cast.key(cast.alice, "read"))
    fresh = advice(client, cast.alice.headers, key)
    assert (fresh["requests"], fresh["suggested"]) == (0, None)
    assert [sentence.split(":")[0] for sentence in fresh["advice"]] == ["This key never expires"]
    database.execute(update(ApiKey).where(ApiKey.id == key).values(created_at=YESTERDAY - timedelta(days=30)))
    database.commit()
    assert advice(client, cast.alice.headers, key)["advice"][0].startswith("Nobody has used this key")


def test_members_see_their_own_keys_alone(client: FlaskClient, database: Session, cast: Cast) -> None:
    own, others = (key_of(database, cast.key(maker, "read")) for maker in (cast.bob, cast.alice))
    advice(client, cast.bob.headers, own)
    advice(client, cast.bob.headers, others, 404)


def test_refuses(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = key_of(database, cast.key(cast.alice, "read"))
    path = f"/v1/auth/api-keys/{key}/advice"
    assert client.get(path).status_code == 401
    assert client.get(path, headers=cast.key(cast.alice, "admin")).status_code == 401
    assert client.get(path, headers=cast.vera.headers).status_code == 403
    for stranger in (key_of(database, cast.key(cast.charlie, "read")), uuid4()):
        advice(client, cast.alice.headers, stranger, 404)
    for name, value in refusals.DAYS.items():
        refusals.wrong(client.get(path, query_string={name: value}, headers=cast.alice.headers).json, name)
