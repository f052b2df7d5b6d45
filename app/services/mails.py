"""Mails, written in the transaction of what causes them. `app.services.mail_delivery` sends them."""

from collections.abc import Mapping
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.ids import new_id
from app.core.logging import request_id
from app.jobs import JobName, enqueue
from app.models.mail import Mail, MailNotice, MailTemplate
from app.models.one_time_token import OneTimeToken, TokenPurpose
from app.repositories import mails
from app.services import audit


def post(token: OneTimeToken, template: MailTemplate | None = None) -> Mail:
    """Notes the mail that carries `token` to its e-mail address; it leaves after the commit. Without a `template` it
    says what mails with such a token say."""
    if token.email is None:
        raise ValueError("a token without an e-mail address can't be mailed")
    mail = Mail(
        id=new_id(),
        company_id=token.company_id,
        template=template or token.purpose,
        recipient=token.email,
        token_id=token.id,
        next_attempt_at=now(),
    )
    return _add(mail)


def ask(purpose: TokenPurpose, email: str) -> Mail:
    """Notes that somebody wants a mail with a fresh token at this address, whoever's it is.

    Whether it is a user's is found out by the worker: the caller is told nothing, not even by the time it takes.
    """
    tenancy.enter_company(None)
    mail = Mail(
        id=new_id(),
        template=purpose,
        recipient=email,
        next_attempt_at=now(),
        ip=audit.origin.get().ip,
        request_id=request_id.get(),
    )
    return _add(mail)


def notify(notice: MailNotice, email: str, *, company_id: UUID, details: Mapping[str, str]) -> Mail:
    """Notes a mail that tells somebody of the company something; it leaves after the commit."""
    mail = Mail(
        id=new_id(),
        company_id=company_id,
        template=notice,
        recipient=email,
        details=dict(details),
        next_attempt_at=now(),
    )
    return _add(mail)


def _add(mail: Mail) -> Mail:
    mails.add(mail)
    enqueue(JobName.SEND_MAIL, mail_id=mail.id)
    return mail
