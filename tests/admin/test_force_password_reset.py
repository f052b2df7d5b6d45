"""POST /v1/user/<user_id>/force-password-reset."""

from collections.abc import Callable
from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.mail import Mail
from app.models.user_session import UserSession
from tests.auth.conftest import Mailbox
from tests.cast import PASSWORD, Cast, Headers
from tests.rows import audited, count, now_in

NEW = "a whole new battery"


def path(user_id: object) -> str:
    """A user's end of a password."""
    return f"/v1/user/{user_id}/force-password-reset"


def test_takes_the_password_away_and_mails_a_link(
    client: FlaskClient, database: Session, cast: Cast, mailbox: Mailbox
) -> None:
    answer = client.post(path(cast.bob.id), headers=cast.alice.headers)
    assert (answer.status_code, answer.json["sessions_ended"]) == (202, 1)
    assert (answer.json["user_id"], answer.json["email"]) == (str(cast.bob.id), cast.bob.email)
    old = client.post("/v1/auth/login", json={"email": cast.bob.email, "password": PASSWORD})
    assert old.json["code"] == "invalid_credentials"
    assert client.get("/v1/company", headers=cast.bob.headers).json["code"] == "session_ended"
    (mail,) = mailbox.open(cast.bob.email)
    assert mail["Subject"] == "You need a new password"
    body = {"token": mailbox.token(cast.bob.email), "password": NEW}
    assert client.post("/v1/auth/reset-password", json=body).status_code == 200
    assert client.post("/v1/auth/login", json={"email": cast.bob.email, "password": NEW}).status_code == 200
    entry = audited(database, "password_reset_forced")
    assert (entry.actor_id, entry.entity_id, entry.after) == (cast.alice.id, str(cast.bob.id), {"sessions_ended": 1})


def test_makes_earlier_links_useless(client: FlaskClient, cast: Cast, mailbox: Mailbox) -> None:
    client.post("/v1/auth/forgot-password", json={"email": cast.bob.email})
    earlier = mailbox.token(cast.bob.email)
    client.post(path(cast.bob.id), headers=cast.key(cast.alice, "admin"))
    body = {"token": earlier, "password": NEW}
    assert client.post("/v1/auth/reset-password", json=body).status_code in {400, 422, 403, 401, 404, 409}


def test_ends_what_a_super_admin_does_as_somebody_else(client: FlaskClient, database: Session, cast: Cast) -> None:
    token = client.post(f"/v1/user/{cast.bob.id}/impersonate", headers=cast.root.headers).json["access_token"]
    answer = client.post(path(cast.root.id), headers=cast.root.headers)
    assert (answer.status_code, answer.json["sessions_ended"]) == (202, 2)
    assert client.get("/v1/company", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert client.get("/v1/company", headers=cast.bob.headers).status_code == 200
    assert now_in(database, UserSession, cast.root.session_id).revoked_because == "password reset forced"


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.post(path(cast.bob.id)).status_code == 401


def test_refuses_those_who_administer_nothing(
    client: FlaskClient, cast: Cast, refused: Callable[[], list[Headers]]
) -> None:
    for headers in refused():
        assert client.post(path(cast.sam.id), headers=headers).status_code == 403


def test_hides_strangers_and_super_admins(client: FlaskClient, database: Session, cast: Cast) -> None:
    for user_id in (cast.charlie.id, cast.root.id, uuid4()):
        assert client.post(path(user_id), headers=cast.alice.headers).status_code == 404
    assert count(database, Mail) == 0
    assert client.get("/v1/company", headers=cast.charlie.headers).status_code == 200
