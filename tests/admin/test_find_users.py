"""GET /v1/admin/user and GET /v1/super-admin/company/<company_id>/user."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.login_throttle import LoginThrottle
from app.models.user import User
from tests.cast import Cast, Headers
from tests.rows import change

PATH = "/v1/admin/user"
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
EVERYBODY = {"alice", "bob", "sam"}

AddUser = Callable[..., UUID]


def names(client: FlaskClient, cast: Cast, **query: Any) -> list[str]:
    """The user names of Acme's people that fit, in the order of the answer."""
    answer = client.get(PATH, query_string=query, headers=cast.alice.headers)
    assert answer.status_code == 200, answer.text
    return [user["username"] for user in answer.json["items"]]


def test_lists_the_users_of_the_company(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, headers=cast.alice.headers)
    assert answer.status_code == 200
    assert {user["username"] for user in answer.json["items"]} == EVERYBODY
    assert answer.json["pagination"] == {"page": 1, "per_page": 20, "total": 3, "pages": 1}
    bob = next(user for user in answer.json["items"] if user["username"] == "bob")
    shown = ("email", "role", "email_verified", "two_factor_enabled", "failed_logins", "locked_until", "deleted_at")
    assert [bob[name] for name in shown] == [cast.bob.email, "member", False, False, 0, None, None]
    assert "password_hash" not in answer.text
    assert "argon2" not in answer.text


def test_answers_the_same_to_a_key_and_to_a_super_admin(client: FlaskClient, cast: Cast) -> None:
    own = client.get(PATH, headers=cast.alice.headers).json
    assert client.get(PATH, headers=cast.key(cast.alice, "admin")).json == own
    narrowed = cast.key(cast.alice, "admin", permissions={"users": ["admin"]})
    assert client.get(PATH, headers=narrowed).json == own
    assert client.get(f"{PATH}?company_id={cast.acme}", headers=cast.root.headers).json == own
    named = f"/v1/super-admin/company/{cast.acme}/user"
    for headers in (cast.root.headers, cast.key(cast.root, "admin")):
        assert client.get(named, headers=headers).json == own


def test_lists_everybody_for_a_super_admin_who_names_no_company(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, headers=cast.root.headers)
    assert {user["username"] for user in answer.json["items"]} == EVERYBODY | {"charlie", "root"}
    answer = client.get(PATH, query_string={"search": "CHARLIE@"}, headers=cast.root.headers)
    assert [user["username"] for user in answer.json["items"]] == ["charlie"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "suspended"}, {"dora"}),
        ({"status": "active"}, EVERYBODY),
        ({"role": "admin"}, {"alice", "dora"}),
        ({"role": "super_admin"}, set()),
        ({"email_verified": "true"}, {"dora"}),
        ({"email_verified": "false"}, EVERYBODY),
        ({"two_factor_enabled": "true"}, set()),
        ({"two_factor_enabled": "false"}, EVERYBODY | {"dora"}),
        ({"search": "DÓRA"}, {"dora"}),
        ({"search": "dora quick"}, {"dora"}),
        ({"search": "@acme"}, EVERYBODY | {"dora"}),
        ({"search": "%"}, set()),
        ({"created_after": "2026-06-15T12:00:00Z", "created_before": "2026-06-15T12:00:01Z"}, {"dora"}),
        ({"created_before": "2026-06-15T14:00:00+02:00"}, set()),
        ({"created_before": "2026-06-15T14:00:01+02:00"}, {"dora"}),
        ({"created_before": "2026-06-16T05:50:01+17:50"}, {"dora"}),
        ({"last_login_after": "2026-06-15T13:00:00"}, {"dora"}),
        ({"last_login_after": "2026-06-15T13:00:01"}, set()),
        ({"last_login_before": "2026-06-15T13:00:01"}, {"dora"}),
        ({"never_logged_in": "true"}, EVERYBODY),
        ({"never_logged_in": "false"}, {"dora"}),
        ({"timezone": "Europe/Madrid"}, {"dora"}),
        ({"language": "es"}, {"dora"}),
        ({"role": "admin", "language": "es", "never_logged_in": "true"}, set()),
    ],
)
def test_filters(client: FlaskClient, cast: Cast, add_user: AddUser, query: dict[str, str], found: set[str]) -> None:
    add_user(
        "dora",
        last_name="Quick",
        role="admin",
        status="suspended",
        email_verified_at=NOW,
        created_at=NOW,
        last_login_at=NOW + timedelta(hours=1),
        timezone="Europe/Madrid",
        language="es",
    )
    assert set(names(client, cast, **query)) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"locked": "true"}, {"bob"}),
        ({"locked": "false"}, {"alice", "sam"}),
        ({"high_login_attempts": "true"}, {"bob", "sam"}),
        ({"high_login_attempts": "false"}, {"alice"}),
        ({"high_login_attempts": "true", "locked": "false"}, {"sam"}),
    ],
)
def test_filters_by_failed_sign_ins(
    client: FlaskClient, database: Session, cast: Cast, query: dict[str, str], found: set[str]
) -> None:
    change(database, User, cast.bob.id, email="Bob@acme.example")  # failures are counted whatever the case
    until, past = datetime.now(UTC) + timedelta(minutes=5), datetime.now(UTC) - timedelta(minutes=5)
    database.add(LoginThrottle(email=cast.bob.email, failures=6, locked_until=until))
    database.add(LoginThrottle(email=cast.sam.email, failures=3, locked_until=past))
    database.add(LoginThrottle(email=cast.alice.email, failures=2))
    database.add(LoginThrottle(email="nobody@acme.example", failures=9, locked_until=until))
    database.commit()
    answer = client.get(PATH, query_string=query, headers=cast.alice.headers)
    assert {user["username"] for user in answer.json["items"]} == found
    for user in answer.json["items"]:
        assert user["failed_logins"] == {"bob": 6, "sam": 3, "alice": 2}[user["username"]]
        assert (user["locked_until"] is not None) == (user["username"] == "bob")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, EVERYBODY),
        ({"include_deleted": "true"}, EVERYBODY | {"dora"}),
        ({"only_deleted": "true"}, {"dora"}),
        ({"include_deleted": "false", "only_deleted": "true"}, {"dora"}),
    ],
)
def test_leaves_deleted_users_out_unless_told_otherwise(
    client: FlaskClient, cast: Cast, add_user: AddUser, query: dict[str, str], found: set[str]
) -> None:
    add_user("dora", deleted_at=NOW)
    assert set(names(client, cast, **query)) == found


def test_sorts(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, User, cast.bob.id, last_login_at=NOW, first_name="Zoe")
    change(database, User, cast.sam.id, last_login_at=NOW + timedelta(days=1), first_name="Yan")
    assert names(client, cast) == ["sam", "bob", "alice"]
    assert names(client, cast, sort_order="asc") == ["alice", "bob", "sam"]
    assert names(client, cast, sort_by="email", sort_order="asc") == ["alice", "bob", "sam"]
    assert names(client, cast, sort_by="first_name") == ["bob", "sam", "alice"]
    assert names(client, cast, sort_by="last_login_at") == ["sam", "bob", "alice"]
    assert names(client, cast, sort_by="last_login_at", sort_order="asc") == ["bob", "sam", "alice"]


def test_pages(client: FlaskClient, cast: Cast) -> None:
    seen = [name for page in (1, 2, 3, 4) for name in names(client, cast, page=page, per_page=1, sort_by="role")]
    assert sorted(seen) == ["alice", "bob", "sam"]


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    for path in (PATH, f"/v1/super-admin/company/{cast.acme}/user"):
        assert client.get(path).status_code == 401


def test_refuses_those_who_administer_nothing(
    client: FlaskClient, cast: Cast, refused: Callable[[], list[Headers]]
) -> None:
    for headers in refused():
        assert client.get(PATH, headers=headers).status_code == 403


def test_lists_by_company_for_super_admins_alone(client: FlaskClient, cast: Cast) -> None:
    path = f"/v1/super-admin/company/{cast.acme}/user"
    for headers in (
        cast.alice.headers,
        cast.key(cast.alice, "admin"),
        cast.charlie.headers,
        cast.key(cast.root, "read"),
    ):
        assert client.get(path, headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, cast: Cast) -> None:
    assert client.get(f"{PATH}?company_id={cast.globex}", headers=cast.alice.headers).status_code == 404
    path = f"/v1/super-admin/company/{uuid4()}/user"
    assert client.get(path, headers=cast.root.headers).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        {"page": 0},
        {"per_page": 101},
        {"status": "asleep"},
        {"role": "owner"},
        {"email_verified": "perhaps"},
        {"search": ""},
        {"created_after": "yesterday"},
        {"created_after": "0001-01-01T00:00:00+05:00"},
        {"last_login_before": "2026-13-01"},
        {"locked": "2"},
        {"sort_by": "password_hash"},
        {"sort_order": "up"},
    ],
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, query: dict[str, Any]) -> None:
    for path, person in ((PATH, cast.alice), (f"/v1/super-admin/company/{cast.acme}/user", cast.root)):
        answer = client.get(path, query_string=query, headers=person.headers)
        assert (answer.status_code, list(answer.json["errors"])) == (422, list(query))
