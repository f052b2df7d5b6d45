"""Outgoing mails."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from app.core.transaction import session
from app.models.mail import Mail, MailStatus
from app.repositories.changes import changed_rows

_UNSENT = Mail.status.in_([MailStatus.QUEUED, MailStatus.SENDING])


def add(mail: Mail) -> None:
    """Stores a mail that is to be sent."""
    session().add(mail)
    session().flush()


def claim_across_companies(mail_id: UUID, *, at: datetime, lease: timedelta) -> Mail | None:
    """Takes a due mail for this worker until the lease runs out; None when it isn't due or another one has it."""
    statement = (
        update(Mail)
        .where(Mail.id == mail_id, _UNSENT, Mail.next_attempt_at <= at)
        .values(status=MailStatus.SENDING, attempts=Mail.attempts + 1, next_attempt_at=at + lease)
        .returning(Mail)
    )
    return session().scalars(statement).first()


def set_token_across_companies(mail_id: UUID, *, attempt: int, token_id: UUID) -> None:
    """Notes the token that the mail carries, unless a later attempt has begun meanwhile."""
    statement = update(Mail).where(Mail.id == mail_id, Mail.attempts == attempt)
    session().execute(statement.values(token_id=token_id))


def finish_across_companies(
    mail_id: UUID, *, attempt: int, status: MailStatus, error: str | None, next_attempt_at: datetime
) -> bool:
    """Stores how an attempt ended, unless a later attempt has begun meanwhile."""
    sent_at = next_attempt_at if status is MailStatus.SENT else None
    statement = (
        update(Mail)
        .where(Mail.id == mail_id, Mail.attempts == attempt, Mail.status == MailStatus.SENDING)
        .values(status=status, error=error, next_attempt_at=next_attempt_at, sent_at=sent_at)
    )
    return changed_rows(statement) == 1


def find_due_across_companies(at: datetime, limit: int) -> list[UUID]:
    """Mails that should have been sent by now, the oldest first."""
    statement = select(Mail.id).where(_UNSENT, Mail.next_attempt_at <= at).order_by(Mail.next_attempt_at)
    return list(session().scalars(statement.limit(limit)))
