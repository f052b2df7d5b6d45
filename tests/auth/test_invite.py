"""POST /v1/company/<company_id>/invitation."""

from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.mail import Mail
from app.models.one_time_token import OneTimeToken
from tests.auth.conftest import Mailbox
from tests.cast import Cast
from tests.rows import all_of, audited, count

DORA = {"email": "dora@acme.example", "role": "supporter"}


def path(cast: Cast) -> str:
    """Acme's invitations."""
    return f"/v1/company/{cast.acme}/invitation"


def test_mails_an_invitation(client: FlaskClient, database: Session, cast: Cast, mailbox: Mailbox) -> None:
    answer = client.post(path(cast), json=DORA, headers=cast.alice.headers)
    assert answer.status_code == 201
    assert (answer.json["email"], answer.json["role"]) == (DORA["email"], "supporter")
    (mail,) = mailbox.open(DORA["email"])
    assert mail["Subject"] == "You are invited to Frontdesk"
    assert "https://frontdesk.test/register?token=" in mail.get_content()
    assert audited(database, "user_invited").after == DORA


def test_keeps_the_token_to_the_mail(client: FlaskClient, cast: Cast, mailbox: Mailbox) -> None:
    answer = client.post(path(cast), json=DORA, headers=cast.alice.headers)
    assert mailbox.token(DORA["email"]) not in answer.text
    assert "token" not in answer.text


def test_invites_as_member_unless_told_otherwise(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(path(cast), json={"email": DORA["email"]}, headers=cast.alice.headers)
    assert answer.json["role"] == "member"


def test_takes_a_key_with_write_scope(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.post(path(cast), json=DORA, headers=cast.key(cast.alice, "write"))
    assert answer.status_code == 201
    (token,) = all_of(database, OneTimeToken)
    assert token.created_by == cast.alice.id


def test_does_not_let_a_key_with_write_scope_invite_an_admin(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(path(cast), json=DORA | {"role": "admin"}, headers=cast.key(cast.alice, "write"))
    assert answer.status_code == 403


def test_lets_a_super_admin_invite_to_any_company(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(path(cast), json=DORA, headers=cast.root.headers)
    assert answer.json["company_id"] == str(cast.acme)


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.post(path(cast), json=DORA).status_code == 401


def test_refuses_members_supporters_and_leads(client: FlaskClient, database: Session, cast: Cast) -> None:
    for person in (cast.bob, cast.sam, cast.vera):
        assert client.post(path(cast), json=DORA, headers=person.headers).status_code == 403
    assert count(database, Mail) == 0


def test_refuses_a_key_that_may_only_read(client: FlaskClient, cast: Cast) -> None:
    assert client.post(path(cast), json=DORA, headers=cast.key(cast.alice, "read")).status_code == 403


def test_hides_a_company_from_strangers(client: FlaskClient, database: Session, cast: Cast) -> None:
    assert client.post(path(cast), json=DORA, headers=cast.charlie.headers).status_code == 404
    assert count(database, OneTimeToken) == 0


def test_answers_404_to_a_super_admin_when_there_is_no_such_company(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(f"/v1/company/{uuid4()}/invitation", json=DORA, headers=cast.root.headers)
    assert answer.status_code == 404


def test_hides_a_deleted_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.delete(f"/v1/company/{cast.acme}", headers=cast.root.headers)
    assert client.post(path(cast), json=DORA, headers=cast.root.headers).status_code == 404
    assert count(database, Mail) == 0


@pytest.mark.parametrize("email", ["bob@acme.example", "charlie@globex.example"])
def test_refuses_an_email_that_signs_in_already(client: FlaskClient, cast: Cast, email: str) -> None:
    answer = client.post(path(cast), json={"email": email}, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "email_taken")


@pytest.mark.parametrize(
    "body", [{}, {"email": "dora"}, DORA | {"role": "super_admin"}, DORA | {"role": "boss"}, DORA | {"more": 1}]
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, body: dict[str, object]) -> None:
    answer = client.post(path(cast), json=body, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
