"""POST /v1/auth/forgot-password."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.audit_entry import AuditEntry
from app.models.mail import Mail
from tests.auth.conftest import Mailbox
from tests.cast import PASSWORD, Cast
from tests.rows import all_of, audited, count

PATH = "/v1/auth/forgot-password"
BOB = {"email": "bob@acme.example"}


def test_mails_a_reset_link(client: FlaskClient, database: Session, cast: Cast, mailbox: Mailbox) -> None:
    assert client.post(PATH, json=BOB).status_code == 202
    (mail,) = mailbox.open(cast.bob.email)
    assert mail["Subject"] == "Choose a new password"
    assert f"https://frontdesk.test/reset-password?token={mailbox.token(cast.bob.email)}" in mail.get_content()
    entry = audited(database, "password_reset_asked")
    assert (entry.company_id, entry.entity_id, entry.actor_id) == (cast.acme, str(cast.bob.id), None)


def test_answers_the_same_for_an_unknown_email_and_mails_nobody(
    client: FlaskClient, database: Session, cast: Cast, mailbox: Mailbox
) -> None:
    unknown = client.post(PATH, json={"email": "nobody@acme.example"})
    assert mailbox.open("nobody@acme.example") == []
    assert count(database, AuditEntry) == 0
    known = client.post(PATH, json=BOB)
    assert (unknown.status_code, unknown.json) == (known.status_code, known.json)


def test_keeps_the_token_out_of_the_database(
    client: FlaskClient, database: Session, cast: Cast, mailbox: Mailbox
) -> None:
    client.post(PATH, json=BOB)
    token = mailbox.token(cast.bob.email)
    (mail,) = all_of(database, Mail)
    assert all(token not in str(value) for value in vars(mail).values())


def test_leaves_password_and_sessions_as_they_are(client: FlaskClient, cast: Cast) -> None:
    client.post(PATH, json=BOB)
    assert client.get("/v1/auth/validate", headers=cast.bob.headers).status_code == 200
    assert client.post("/v1/auth/login", json=BOB | {"password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"email": "bob"}, {"email": 7}, BOB | {"more": 1}])
def test_refuses_bad_values(client: FlaskClient, body: dict[str, object]) -> None:
    answer = client.post(PATH, json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
