"""GET /v1/admin/user/<user_id>."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.login_throttle import LoginThrottle
from app.models.user_session import UserSession
from tests.cast import Cast, Headers
from tests.rows import change

AddUser = Callable[..., UUID]


def test_answers_what_the_user_can_sign_in_with(client: FlaskClient, database: Session, cast: Cast) -> None:
    cast.key(cast.bob, "read")
    cast.key(cast.bob, "read", revoked_at=datetime.now(UTC))
    cast.key(cast.bob, "read", expires_at=datetime.now(UTC) - timedelta(days=1))
    until = datetime.now(UTC) + timedelta(minutes=5)
    database.add(LoginThrottle(email=cast.bob.email, failures=7, locked_until=until))
    database.commit()
    answer = client.get(f"/v1/admin/user/{cast.bob.id}", headers=cast.alice.headers)
    assert answer.status_code == 200
    assert (answer.json["email"], answer.json["failed_logins"]) == (cast.bob.email, 7)
    assert (answer.json["active_sessions"], answer.json["active_api_keys"]) == (1, 1)
    assert answer.json["locked_until"] is not None
    assert "argon2" not in answer.text


def test_counts_no_ended_sessions(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, UserSession, cast.bob.session_id, revoked_at=datetime.now(UTC))
    answer = client.get(f"/v1/admin/user/{cast.bob.id}", headers=cast.key(cast.alice, "admin"))
    assert answer.json["active_sessions"] == 0


def test_shows_deleted_users(client: FlaskClient, cast: Cast, add_user: AddUser) -> None:
    user_id = add_user("dora", deleted_at=datetime.now(UTC))
    answer = client.get(f"/v1/admin/user/{user_id}", headers=cast.alice.headers)
    assert (answer.status_code, answer.json["deleted_at"] is not None) == (200, True)


def test_shows_super_admins_every_user(client: FlaskClient, cast: Cast) -> None:
    for person in (cast.alice, cast.charlie, cast.root):
        answer = client.get(f"/v1/admin/user/{person.id}", headers=cast.root.headers)
        assert (answer.json["id"], answer.json["active_sessions"]) == (str(person.id), 1)


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.get(f"/v1/admin/user/{cast.bob.id}").status_code == 401


def test_refuses_those_who_administer_nothing(
    client: FlaskClient, cast: Cast, refused: Callable[[], list[Headers]]
) -> None:
    for headers in refused():
        assert client.get(f"/v1/admin/user/{cast.bob.id}", headers=headers).status_code == 403


def test_hides_strangers_and_super_admins(client: FlaskClient, cast: Cast) -> None:
    for user_id in (cast.charlie.id, cast.root.id, uuid4(), "7"):
        assert client.get(f"/v1/admin/user/{user_id}", headers=cast.alice.headers).status_code == 404
    of_globex = f"/v1/admin/user/{cast.alice.id}?company_id={cast.globex}"
    assert client.get(of_globex, headers=cast.root.headers).status_code == 404
