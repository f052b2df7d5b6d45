"""GET /v1/user/<user_id>."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.user import User
from tests.cast import Cast
from tests.rows import change


def test_answers_a_colleague_without_secrets(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(f"/v1/user/{cast.bob.id}", headers=cast.alice.headers)
    assert answer.status_code == 200
    assert (answer.json["email"], answer.json["role"]) == (cast.bob.email, "member")
    assert "password" not in answer.text
    assert "argon2" not in answer.text


def test_answers_the_same_to_a_key(client: FlaskClient, cast: Cast) -> None:
    path = f"/v1/user/{cast.bob.id}"
    by_key = client.get(path, headers=cast.key(cast.alice, "read"))
    assert by_key.json == client.get(path, headers=cast.alice.headers).json


def test_shows_super_admins_every_user(client: FlaskClient, cast: Cast) -> None:
    for person in (cast.alice, cast.charlie, cast.root):
        answer = client.get(f"/v1/user/{person.id}", headers=cast.root.headers)
        assert answer.json["id"] == str(person.id)


def test_keeps_to_the_company_that_a_super_admin_names(client: FlaskClient, cast: Cast) -> None:
    path = f"/v1/user/{cast.alice.id}?company_id="
    assert client.get(path + str(cast.acme), headers=cast.root.headers).status_code == 200
    assert client.get(path + str(cast.globex), headers=cast.root.headers).status_code == 404


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.get(f"/v1/user/{cast.bob.id}").status_code == 401


def test_refuses_members_supporters_and_leads(client: FlaskClient, cast: Cast) -> None:
    for person in (cast.bob, cast.sam, cast.vera):
        assert client.get(f"/v1/user/{cast.bob.id}", headers=person.headers).status_code == 403


def test_refuses_keys_that_may_not(client: FlaskClient, cast: Cast) -> None:
    of_a_member = cast.key(cast.bob, "read")
    narrowed = cast.key(cast.alice, "admin", permissions={"leads": ["admin"]})
    for key in (of_a_member, narrowed):
        assert client.get(f"/v1/user/{cast.bob.id}", headers=key).status_code == 403


def test_hides_a_stranger_like_somebody_who_does_not_exist(client: FlaskClient, cast: Cast) -> None:
    stranger = client.get(f"/v1/user/{cast.charlie.id}", headers=cast.alice.headers)
    nobody = client.get(f"/v1/user/{uuid4()}", headers=cast.alice.headers)
    assert stranger.status_code == nobody.status_code == 404
    assert {**stranger.json, "request_id": None} == {**nobody.json, "request_id": None}


def test_hides_a_super_admin(client: FlaskClient, cast: Cast) -> None:
    assert client.get(f"/v1/user/{cast.root.id}", headers=cast.alice.headers).status_code == 404


def test_hides_a_deleted_user(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, User, cast.bob.id, deleted_at=datetime.now(UTC))
    assert client.get(f"/v1/user/{cast.bob.id}", headers=cast.alice.headers).status_code == 404


@pytest.mark.parametrize("user_id", ["7", "me", "0198c0de"])
def test_answers_404_for_what_is_no_id(client: FlaskClient, cast: Cast, user_id: str) -> None:
    answer = client.get(f"/v1/user/{user_id}", headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (404, "resource_not_found")
