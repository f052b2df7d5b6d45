"""What the tests of account mails share."""

import email
from collections.abc import Callable
from email import policy
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.config import Settings
from app.models.mail import Mail, MailStatus
from app.models.user import User
from app.services import mail_delivery
from tests.cast import Cast
from tests.rows import all_of, change


class Mailbox:
    """What arrived, in a folder instead of at a mail server."""

    def __init__(self, app: Flask, settings: Settings, database: Session) -> None:
        self._app, self._folder, self._database = app, settings.data_dir / "mail", database

    def open(self, recipient: str) -> list[EmailMessage]:
        """Has everything delivered, as a worker would; returns this recipient's mails, the oldest first."""
        for waiting in all_of(self._database, Mail, Mail.status == MailStatus.QUEUED):
            with self._app.app_context():
                mail_delivery.deliver(waiting.id)
        arrived = all_of(self._database, Mail, Mail.recipient == recipient, Mail.status == MailStatus.SENT)
        return [self._read(mail) for mail in arrived]

    def token(self, recipient: str) -> str:
        """The token that the newest mail to this recipient asks to paste."""
        return self.open(recipient)[-1].get_content().split("asked for it:\n\n")[1].split("\n")[0]

    def _read(self, mail: Mail) -> EmailMessage:
        return email.message_from_bytes((self._folder / f"{mail.id}.eml").read_bytes(), policy=policy.default)


@pytest.fixture
def mailbox(app: Flask, settings: Settings, database: Session) -> Mailbox:
    """The mails that leave."""
    return Mailbox(app, settings, database)


@pytest.fixture
def set_user(database: Session, cast: Cast) -> Callable[..., None]:
    """Changes Bob's row: `set_user(status="suspended")`."""
    return lambda **values: change(database, User, cast.bob.id, **values)
