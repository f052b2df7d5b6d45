"""What an API key is worth, shown at GET /v1/company and others."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core import crypto
from app.core.transaction import transaction
from app.models.api_key import ApiKey
from app.models.company import Company
from app.models.user import User
from app.security import api_keys
from app.services import authentication
from tests.cast import Cast, Headers
from tests.conftest import SECRET_KEY
from tests.rows import all_of, change

PATH = "/v1/company"
NEWER = "the next key of 32 characters or more"


def refusal(client: FlaskClient, headers: Headers, path: str = PATH) -> tuple[int, str]:
    """Status and code of a refused call."""
    answer = client.get(path, headers=headers)
    return answer.status_code, answer.json.get("code", "")


def test_refuses_a_wrong_secret_and_an_unknown_key_alike(client: FlaskClient, cast: Cast) -> None:
    key, other = cast.key(cast.alice, "read"), api_keys.generate()
    wrong = client.get(PATH, headers={**key, "X-API-Secret": other.secret})
    unknown = client.get(PATH, headers={"X-API-Key": other.key, "X-API-Secret": other.secret})
    assert wrong.status_code == unknown.status_code == 401
    assert {**wrong.json, "request_id": None} == {**unknown.json, "request_id": None}


def test_refuses_the_secret_of_another_key(client: FlaskClient, cast: Cast) -> None:
    first, second = cast.key(cast.alice, "read"), cast.key(cast.alice, "read")
    mixed = {**first, "X-API-Secret": second["X-API-Secret"]}
    assert refusal(client, mixed) == (401, "authentication_failed")


def test_refuses_the_stored_hash_as_secret(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = cast.key(cast.alice, "read")
    (row,) = all_of(database, ApiKey)
    assert refusal(client, {**key, "X-API-Secret": row.secret_hash})[0] == 401


@pytest.mark.parametrize("missing", ["X-API-Key", "X-API-Secret"])
def test_refuses_half_a_key(client: FlaskClient, cast: Cast, missing: str) -> None:
    half = {name: value for name, value in cast.key(cast.alice, "read").items() if name != missing}
    answer = client.get(PATH, headers=half)
    assert answer.status_code == 401
    assert "belong together" in answer.json["detail"]


@pytest.mark.parametrize("strange", ["é", "x" * 5000, "'; DROP TABLE users; --", "%00"])
def test_refuses_strange_values(client: FlaskClient, cast: Cast, strange: str) -> None:
    key = cast.key(cast.alice, "read")
    for name in key:
        assert refusal(client, {**key, name: strange}) == (401, "authentication_failed")


def test_refuses_an_expired_key(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.alice, "read", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert refusal(client, key) == (401, "api_key_expired")


def test_refuses_a_revoked_key(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.alice, "read", revoked_at=datetime.now(UTC))
    assert refusal(client, key) == (401, "api_key_revoked")


def test_does_not_say_what_became_of_a_key_whose_secret_is_wrong(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.alice, "read", revoked_at=datetime.now(UTC))
    assert refusal(client, {**key, "X-API-Secret": "fds_x"}) == (401, "authentication_failed")


@pytest.mark.parametrize("values", [{"status": "suspended"}, {"status": "inactive"}, {"deleted_at": datetime.now(UTC)}])
def test_stops_with_its_maker(client: FlaskClient, database: Session, cast: Cast, values: dict[str, object]) -> None:
    key = cast.key(cast.alice, "read")
    assert client.get(PATH, headers=key).status_code == 200
    change(database, User, cast.alice.id, **values)
    assert refusal(client, key)[0] == 401


@pytest.mark.parametrize("values", [{"status": "suspended"}, {"deleted_at": datetime.now(UTC)}])
def test_stops_with_its_company(client: FlaskClient, database: Session, cast: Cast, values: dict[str, object]) -> None:
    key = cast.key(cast.alice, "read")
    change(database, Company, cast.acme, **values)
    assert refusal(client, key) == (403, "tenant_suspended")


def test_can_do_what_its_lesser_scopes_allow(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.alice, "admin")
    assert client.get(PATH, headers=key).status_code == 200
    assert client.put("/v1/user/profile", json={}, headers=key).status_code == 200


def test_can_do_no_more_than_its_maker_today(client: FlaskClient, database: Session, cast: Cast) -> None:
    key, path = cast.key(cast.alice, "admin"), f"{PATH}/{cast.acme}"
    assert client.put(path, json={"name": "New"}, headers=key).status_code == 200
    change(database, User, cast.alice.id, role="member")
    assert client.put(path, json={"name": "Newer"}, headers=key).status_code == 403
    assert client.get(PATH, headers=key).status_code == 200


def test_has_no_scope_that_its_maker_lost(app: Flask, database: Session, cast: Cast) -> None:
    key = cast.key(cast.alice, "admin")
    change(database, User, cast.alice.id, role="member")
    with app.app_context(), transaction():
        principal = authentication.by_api_key(key["X-API-Key"], key["X-API-Secret"])
    assert principal.scopes == {"read", "write"}


def test_can_not_do_what_its_maker_can_not(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.bob, "admin")  # a scope that no endpoint would have given
    assert client.put(f"{PATH}/{cast.acme}", json={"name": "New"}, headers=key).status_code == 403
    assert client.get(f"/v1/user/{cast.alice.id}", headers=key).status_code == 403
    assert client.delete(f"{PATH}/{cast.acme}", headers=key).status_code == 403


@pytest.mark.parametrize(
    ("permissions", "reads", "changes"),
    [
        (None, 200, 200),
        ({"profile": ["read"]}, 200, 403),
        ({"profile": ["write"]}, 200, 200),
        ({"profile": ["admin"]}, 200, 200),
        ({"profile": []}, 403, 403),
        ({"companies": ["admin"]}, 403, 403),
        ({}, 403, 403),
    ],
)
def test_is_narrowed_by_its_permissions(
    client: FlaskClient, cast: Cast, permissions: dict[str, list[str]] | None, reads: int, changes: int
) -> None:
    key = cast.key(cast.alice, "write", permissions=permissions)
    assert client.get("/v1/user/profile", headers=key).status_code == reads
    assert client.put("/v1/user/profile", json={}, headers=key).status_code == changes


def test_is_not_widened_by_its_permissions(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.alice, "read", permissions={"profile": ["admin"]})
    assert client.put("/v1/user/profile", json={}, headers=key).status_code == 403


def test_acts_for_its_own_company_alone(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.alice, "admin")
    assert client.get(PATH, headers=key).json["id"] == str(cast.acme)
    assert refusal(client, key, f"{PATH}?company_id={cast.globex}") == (404, "resource_not_found")


def test_stays_in_its_company_though_a_super_admin_made_it(client: FlaskClient, cast: Cast) -> None:
    made = client.post(
        f"/v1/auth/api-keys?company_id={cast.acme}",
        json={"name": "CRM", "scopes": ["admin"]},
        headers=cast.root.headers,
    ).json
    key = {"X-API-Key": made["key"], "X-API-Secret": made["secret"]}
    assert client.get(PATH, headers=key).json["id"] == str(cast.acme)
    assert client.get("/v1/admin/user", headers=key).status_code == 200
    assert refusal(client, key, f"{PATH}?company_id={cast.globex}") == (404, "resource_not_found")
    impersonated = client.post(f"/v1/user/{cast.charlie.id}/impersonate", headers=key)
    assert impersonated.status_code == 403


@pytest.fixture
def rotated(app: Flask) -> Iterator[Callable[..., None]]:
    """Changes `SECRET_KEYS`: `rotated(NEWER, SECRET_KEY)`."""
    yield lambda *keys: crypto.configure(keys)
    crypto.configure((SECRET_KEY,))


def test_works_on_when_secret_keys_are_rotated(client: FlaskClient, cast: Cast, rotated: Callable[..., None]) -> None:
    key, unused = cast.key(cast.alice, "read"), cast.key(cast.alice, "read")
    rotated(NEWER, SECRET_KEY)
    assert client.get(PATH, headers=key).status_code == 200
    rotated(NEWER)  # the old one goes: keys that were used meanwhile have moved on
    assert client.get(PATH, headers=key).status_code == 200
    assert refusal(client, unused) == (401, "authentication_failed")


def test_moves_a_key_of_the_platform_on_alike(client: FlaskClient, cast: Cast, rotated: Callable[..., None]) -> None:
    key = cast.key(cast.root, "read")
    for keys in ((NEWER, SECRET_KEY), (NEWER,)):
        rotated(*keys)
        assert client.get("/v1/user/profile", headers=key).status_code == 200


def test_does_not_move_on_for_a_wrong_secret(
    client: FlaskClient, database: Session, cast: Cast, rotated: Callable[..., None]
) -> None:
    key = cast.key(cast.alice, "read")
    (before,) = all_of(database, ApiKey)
    stored = before.secret_hash
    rotated(NEWER, SECRET_KEY)
    client.get(PATH, headers={**key, "X-API-Secret": "fds_x"})
    (after,) = all_of(database, ApiKey)
    assert after.secret_hash == stored
