"""POST /v1/send."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core.clock import now
from app.models.mail import Mail
from app.models.one_time_token import OneTimeToken
from tests.auth.conftest import Mailbox
from tests.cast import Cast
from tests.rows import count

PATH = "/v1/send"
BOB = {"email": "bob@acme.example"}
NOBODY = "nobody@acme.example"


def test_mails_a_verification_link(client: FlaskClient, cast: Cast, mailbox: Mailbox) -> None:
    assert client.post(PATH, json=BOB).status_code == 202
    (mail,) = mailbox.open(cast.bob.email)
    assert mail["Subject"] == "Confirm your e-mail address"
    assert mail["From"] == "Frontdesk <no-reply@frontdesk.example>"
    assert f"https://frontdesk.test/verify?token={mailbox.token(cast.bob.email)}" in mail.get_content()


def test_answers_the_same_for_an_unknown_email_and_mails_nobody(
    client: FlaskClient, database: Session, cast: Cast, mailbox: Mailbox
) -> None:
    """The same rows, too: whether there is such a user is found out later, so that the time tells nothing."""
    unknown = client.post(PATH, json={"email": NOBODY})
    known = client.post(PATH, json=BOB)
    assert (unknown.status_code, unknown.json) == (known.status_code, known.json)
    assert (count(database, Mail), count(database, OneTimeToken)) == (2, 0)
    assert (len(mailbox.open(NOBODY)), len(mailbox.open(cast.bob.email))) == (0, 1)
    assert count(database, Mail, Mail.status == "dropped") == 1


def test_mails_nobody_who_is_verified(
    client: FlaskClient, cast: Cast, mailbox: Mailbox, set_user: Callable[..., None]
) -> None:
    set_user(email_verified_at=now())
    assert client.post(PATH, json=BOB).status_code == 202
    assert mailbox.open(cast.bob.email) == []


def test_mails_nobody_who_was_deleted(
    client: FlaskClient, cast: Cast, mailbox: Mailbox, set_user: Callable[..., None]
) -> None:
    set_user(deleted_at=now())
    assert client.post(PATH, json=BOB).status_code == 202
    assert mailbox.open(cast.bob.email) == []


def test_makes_earlier_links_useless(client: FlaskClient, cast: Cast, mailbox: Mailbox) -> None:
    tokens = []
    for _ in range(2):
        client.post(PATH, json=BOB)
        tokens.append(mailbox.token(cast.bob.email))
    assert client.post("/v1/verify", json={"token": tokens[0]}).json["code"] == "invalid_token"
    assert client.post("/v1/verify", json={"token": tokens[1]}).status_code == 200


def test_mails_a_super_admin(client: FlaskClient, cast: Cast, mailbox: Mailbox) -> None:
    client.post(PATH, json={"email": cast.root.email})
    assert client.post("/v1/verify", json={"token": mailbox.token(cast.root.email)}).json["id"] == str(cast.root.id)


def test_mails_once_for_one_idempotency_key(client: FlaskClient, database: Session, cast: Cast) -> None:
    answers = [client.post(PATH, json=BOB, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert count(database, Mail) == 1


@pytest.mark.parametrize("body", [{}, {"email": "bob"}, {"email": None}, BOB | {"more": 1}])
def test_refuses_bad_values(client: FlaskClient, body: dict[str, object]) -> None:
    answer = client.post(PATH, json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
