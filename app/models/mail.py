"""Outgoing mails: written with the change that causes them, sent by a worker."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, Json, PlatformOrCompanyOwned, Timestamped, one_of


class MailStatus(StrEnum):
    """`sending` has a lease: when it runs out, another worker may try."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    # Somebody asked for it, and the address is nobody's who needs one.
    DROPPED = "dropped"


class MailTemplate(StrEnum):
    """What a mail says. Those that carry a token of the same name say what it is for."""

    EMAIL_VERIFICATION = "email_verification"
    PASSWORD_RESET = "password_reset"
    INVITATION = "invitation"
    # Carries a token for a password reset, too, which nobody asked for.
    FORCED_PASSWORD_RESET = "forced_password_reset"


class MailNotice(StrEnum):
    """Mails that only tell something, by their template."""

    WEBHOOK_SWITCHED_OFF = "webhook_switched_off"
    WEBHOOK_GONE = "webhook_gone"


class Mail(Identified, PlatformOrCompanyOwned, Timestamped, Base):
    """One mail to one person. It holds no secret: the link is made from `token_id` when it is sent, and a notice, which
    has no link, says what is in `details`."""

    __tablename__ = "mails"
    __table_args__ = (
        one_of("status", MailStatus),
        Index("ix_mails_due", "next_attempt_at", postgresql_where=text("status IN ('queued', 'sending')")),
    )

    template: Mapped[str]
    recipient: Mapped[str]
    token_id: Mapped[UUID | None] = mapped_column(ForeignKey("one_time_tokens.id", ondelete="CASCADE"))
    details: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    status: Mapped[str] = mapped_column(default=MailStatus.QUEUED, server_default="queued")
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # When the mail may be tried (again); while `sending`, when the lease runs out.
    next_attempt_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None]
    # Where a mail was asked for by somebody who isn't signed in; for the audit entry.
    ip: Mapped[str | None]
    request_id: Mapped[str | None]
