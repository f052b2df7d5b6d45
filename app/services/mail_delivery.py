"""Sending of mails, by a worker; a sweep finds those whose job was lost.

SMTP can't be made exactly-once: a worker that dies between the server's yes and our commit sends the mail again,
with the same Message-ID. Losing a password reset would be worse.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from urllib.parse import quote
from uuid import UUID

from app.core.clock import now
from app.core.logging import request_id
from app.core.settings import settings
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.integrations.mail import MailError, make_mailer
from app.jobs import JobName, send
from app.models.mail import Mail, MailNotice, MailStatus, MailTemplate
from app.models.one_time_token import TokenPurpose
from app.repositories import mails
from app.security import signed_links
from app.services import audit, links

log = logging.getLogger(__name__)

_LEASE = timedelta(seconds=90)
_FIRST_PAUSE_SECONDS = 15
_LONGEST_PAUSE_SECONDS = 3600
_SWEEP_LIMIT = 500

_mailer = cache(make_mailer)


@dataclass(frozen=True)
class _Text:
    """What a mail says around its link, which leads to `page` and carries a token for `purpose`."""

    purpose: TokenPurpose
    subject: str
    page: str
    sentence: str


_TEXTS = {
    MailTemplate.EMAIL_VERIFICATION: _Text(
        TokenPurpose.EMAIL_VERIFICATION,
        "Confirm your e-mail address",
        "verify",
        "Please confirm that this e-mail address is yours by opening this link:",
    ),
    MailTemplate.PASSWORD_RESET: _Text(
        TokenPurpose.PASSWORD_RESET,
        "Choose a new password",
        "reset-password",
        "Somebody, hopefully you, asked for a new password. Choose it here:",
    ),
    MailTemplate.FORCED_PASSWORD_RESET: _Text(
        TokenPurpose.PASSWORD_RESET,
        "You need a new password",
        "reset-password",
        "An administrator of your account wants you to have a new password. The old one doesn't work any more, and "
        "you have been signed out everywhere. Choose the new one here:",
    ),
    MailTemplate.INVITATION: _Text(
        TokenPurpose.INVITATION,
        "You are invited to Frontdesk",
        "register",
        "You have been invited to join your company's team on Frontdesk. Set up your account here:",
    ),
}
_NOTICES: dict[MailNotice, tuple[str, str]] = {
    MailNotice.WEBHOOK_SWITCHED_OFF: (
        "A webhook was switched off",
        "For a day nothing could be delivered to your webhook {webhook_id} at {host}, so it was switched off.\n\n"
        "GET /v1/webhook/{webhook_id}/delivery says what went wrong. Once the receiver is back, set the webhook's "
        "status to active (PUT /v1/webhook/{webhook_id}): the events that waited for it are sent then. They are kept "
        "for {days} days.\n",
    ),
    MailNotice.WEBHOOK_GONE: (
        "A webhook was switched off",
        "The receiver of your webhook {webhook_id} at {host} answered that it is gone for good (410), so the webhook "
        "was switched off. Nothing is kept for it from now on. Delete it, or give it another address and set its "
        "status to active (PUT /v1/webhook/{webhook_id}).\n",
    ),
}


def deliver(mail_id: UUID) -> None:
    """Sends one mail if it is due and nobody else is sending it."""
    with transaction(), across_companies("a worker sends the mails of all companies"):
        mail = mails.claim_across_companies(mail_id, at=now(), lease=_LEASE)
    if mail is None:
        return
    if mail.template not in _NOTICES and mail.token_id is None and not _find_token(mail):
        status, error, pause = MailStatus.DROPPED, None, timedelta()
    else:
        # No transaction is open while the mail server takes its time.
        status, error, pause = _attempt(mail)
    with transaction(), across_companies("a worker sends the mails of all companies"):
        mails.finish_across_companies(
            mail_id, attempt=mail.attempts, status=status, error=error, next_attempt_at=now() + pause
        )


def requeue_due() -> int:
    """Wakes workers for the mails that should have left by now. Returns how many."""
    with transaction(), across_companies("a worker sends the mails of all companies"):
        due = mails.find_due_across_companies(now(), _SWEEP_LIMIT)
    for mail_id in due:
        send(JobName.SEND_MAIL, mail_id=mail_id)
    return len(due)


def compose(mail: Mail) -> tuple[str, str]:
    """Subject and text of a mail."""
    if mail.template in _NOTICES:
        subject, notice = _NOTICES[MailNotice(mail.template)]
        return subject, notice.format(**(mail.details or {}), days=settings().webhook_retention_days)
    text = _TEXTS[MailTemplate(mail.template)]
    if mail.token_id is None:
        raise ValueError(f"mail {mail.id} has no token")
    token = signed_links.sign(mail.token_id, text.purpose)
    link = f"{settings().frontend_url or settings().public_url}/{text.page}?token={quote(token)}"
    body = f"{text.sentence}\n\n{link}\n\nOr paste this token where you are asked for it:\n\n{token}\n"
    return text.subject, f"{body}\nIf you did not expect this mail, you need not do anything.\n"


def _find_token(mail: Mail) -> bool:
    """Makes the token that somebody asked for; False when the address is nobody's who needs one."""
    request_id.set(mail.request_id)
    audit.origin.set(audit.Origin(mail.ip))
    with transaction():
        token = links.issue_for(TokenPurpose(mail.template), mail.recipient)
        if token is None:
            return False
        mail.token_id = token.id
        with across_companies("mails that somebody asked for are the platform's"):
            mails.set_token_across_companies(mail.id, attempt=mail.attempts, token_id=token.id)
    return True


def _attempt(mail: Mail) -> tuple[MailStatus, str | None, timedelta]:
    if mail.attempts > settings().mail_attempts:
        # Every worker that tried it died before it could say how it went.
        return MailStatus.FAILED, "given up after too many attempts", timedelta()
    subject, text = compose(mail)
    try:
        mailer = _mailer(settings().mail_url, settings().data_dir)
        mailer.send(
            sender=settings().mail_from, recipient=mail.recipient, subject=subject, text=text, mail_id=str(mail.id)
        )
    except MailError as error:
        given_up = error.permanent or mail.attempts >= settings().mail_attempts
        log.warning("mail not sent", extra={"mail": str(mail.id), "reason": str(error), "given_up": given_up})
        pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** (mail.attempts - 1))
        return (MailStatus.FAILED if given_up else MailStatus.QUEUED), str(error)[:500], timedelta(seconds=pause)
    return MailStatus.SENT, None, timedelta()
