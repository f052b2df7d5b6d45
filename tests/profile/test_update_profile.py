"""PUT /v1/user/profile."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.audit_entry import AuditEntry
from app.models.user import User
from tests.cast import Cast
from tests.rows import audited, count, now_in

PATH = "/v1/user/profile"
EVERYTHING = {
    "first_name": "Robert",
    "last_name": "Bowman",
    "timezone": "Europe/Madrid",
    "language": "pt-BR",
    "preferences": {"theme": "dark", "columns": [1, 2.5, None], "nested": {"on": True}},
}


def nested(depth: int) -> str:
    """Preferences in preferences in preferences."""
    return '{"a": ' * (depth - 1) + "{}" + "}" * (depth - 1)


def test_changes_everything_of_ones_own(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.put(PATH, json=EVERYTHING, headers=cast.bob.headers)
    assert answer.status_code == 200
    assert {name: answer.json[name] for name in EVERYTHING} == EVERYTHING
    bob = now_in(database, User, cast.bob.id)
    assert {name: getattr(bob, name) for name in EVERYTHING} == EVERYTHING


def test_leaves_the_rest_as_it_is(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.put(PATH, json={"last_name": "Bowman"}, headers=cast.bob.headers)
    bob = now_in(database, User, cast.bob.id)
    assert (bob.first_name, bob.last_name, bob.role) == ("Bob", "Bowman", "member")
    assert now_in(database, User, cast.alice.id).last_name == "Tester"


def test_replaces_preferences_as_a_whole(client: FlaskClient, cast: Cast) -> None:
    for preferences in ({"theme": "dark"}, {"rows": 20}, {}):
        answer = client.put(PATH, json={"preferences": preferences}, headers=cast.bob.headers)
        assert answer.json["preferences"] == preferences


def test_audits_before_and_after(client: FlaskClient, database: Session, cast: Cast) -> None:
    changes = {"first_name": "Robert", "preferences": {"api_token": "s3cret", "theme": "dark"}}
    client.put(PATH, json=changes, headers=cast.bob.headers)
    entry = audited(database, "profile_changed")
    assert (entry.company_id, entry.actor_id) == (cast.acme, cast.bob.id)
    assert entry.before == {"first_name": "Bob", "preferences": {}}
    assert entry.after == {"first_name": "Robert", "preferences": {"api_token": "***", "theme": "dark"}}


@pytest.mark.parametrize("body", [{}, {"first_name": "Bob"}])
def test_audits_nothing_when_nothing_changes(
    client: FlaskClient, database: Session, cast: Cast, body: dict[str, str]
) -> None:
    assert client.put(PATH, json=body, headers=cast.bob.headers).status_code == 200
    assert count(database, AuditEntry) == 0


def test_changes_the_makers_profile_with_a_key(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.put(PATH, json={"first_name": "Robert"}, headers=cast.key(cast.bob, "write"))
    assert answer.status_code == 200
    assert now_in(database, User, cast.bob.id).first_name == "Robert"
    assert audited(database, "profile_changed").actor_kind == "api_key"


def test_changes_a_super_admins_whatever_company_they_name(client: FlaskClient, database: Session, cast: Cast) -> None:
    for path, name in ((PATH, "One"), (f"{PATH}?company_id={cast.acme}", "Two")):
        assert client.put(path, json={"first_name": name}, headers=cast.root.headers).status_code == 200
        assert now_in(database, User, cast.root.id).first_name == name
    assert count(database, AuditEntry, AuditEntry.company_id.is_(None)) == 2


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    assert client.put(PATH, json=EVERYTHING).status_code == 401


def test_refuses_a_lead(client: FlaskClient, cast: Cast) -> None:
    assert client.put(PATH, json=EVERYTHING, headers=cast.vera.headers).status_code == 403


def test_refuses_keys_that_may_not(client: FlaskClient, database: Session, cast: Cast) -> None:
    for key in (cast.key(cast.bob, "read"), cast.key(cast.bob, "write", permissions={"profile": ["read"]})):
        assert client.put(PATH, json=EVERYTHING, headers=key).status_code == 403
    assert now_in(database, User, cast.bob.id).first_name == "Bob"


@pytest.mark.parametrize(
    "body",
    [{"first_name": ""}, {"first_name": None}, {"last_name": "x" * 101}, {"timezone": "Moon/Base"}, {"timezone": ""}]
    + [{"timezone": "../etc/passwd"}, {"language": "english please"}, {"language": "en\n"}, {"preferences": []}]
    + [{"preferences": None}, {"preferences": {"x" * 101: 1}}, {"preferences": {"x": "y" * 16_384}}]
    + [{"email": "new@acme.example"}, {"role": "admin"}, {"password": "something new"}, {"company_id": "7"}],
)
def test_refuses_bad_values(client: FlaskClient, database: Session, cast: Cast, body: dict[str, Any]) -> None:
    answer = client.put(PATH, json=body, headers=cast.bob.headers)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert list(answer.json["errors"]) == list(body)
    assert count(database, AuditEntry) == 0


@pytest.mark.parametrize("depth", [64, 252, 254, 300, 1000, 3000])
def test_refuses_preferences_that_are_nested_too_deep(client: FlaskClient, cast: Cast, depth: int) -> None:
    body = f'{{"preferences": {nested(depth)}}}'
    answer = client.put(PATH, data=body, content_type="application/json", headers=cast.bob.headers)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_request")
    assert client.get(PATH, headers=cast.bob.headers).json["preferences"] == {}


def test_answers_preferences_that_are_nested_as_deep_as_allowed(client: FlaskClient, cast: Cast) -> None:
    body = f'{{"preferences": {nested(30)}}}'
    answer = client.put(PATH, data=body, content_type="application/json", headers=cast.bob.headers)
    assert json.dumps(answer.json["preferences"]) == nested(30)
    assert client.get("/v1/auth/user/me", headers=cast.bob.headers).status_code == 200


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", '"\\ud800"', "01", "'x'"])
def test_refuses_what_json_does_not_know(client: FlaskClient, cast: Cast, value: str) -> None:
    body = f'{{"preferences": {{"a": {value}}}}}'
    answer = client.put(PATH, data=body, content_type="application/json", headers=cast.bob.headers)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_request")


def test_refuses_the_character_that_can_not_be_stored(client: FlaskClient, database: Session, cast: Cast) -> None:
    for body in ({"first_name": "B\x00b"}, {"preferences": {"a": ["\x00"]}}, {"preferences": {"\x00": 1}}):
        answer = client.put(PATH, json=body, headers=cast.bob.headers)
        assert (answer.status_code, answer.json["code"]) == (400, "bad_request")
    assert now_in(database, User, cast.bob.id).preferences == {}


@pytest.mark.parametrize("name", ["Zoë", "李小龍", "O'Brien; DROP TABLE users; --", "<b>Bob</b>", "👩‍🚀"])
def test_takes_names_as_people_write_them(client: FlaskClient, database: Session, cast: Cast, name: str) -> None:
    assert client.put(PATH, json={"first_name": name}, headers=cast.bob.headers).json["first_name"] == name
    assert now_in(database, User, cast.bob.id).first_name == name
