"""Webhooks: where a company wants to be told what happens."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, EncryptedText, Identified, Timestamped, one_of


class WebhookStatus(StrEnum):
    """Only an active webhook is delivered to. Events are kept for one that was switched off, until it is active."""

    ACTIVE = "active"
    # The company wants no events for now; those of meanwhile are not kept.
    DISABLED = "disabled"
    # After a day of nothing but failures.
    SWITCHED_OFF = "switched_off"
    # The receiver answered 410: it wants no more events, and none are kept.
    GONE = "gone"


class Webhook(Identified, CompanyOwned, Timestamped, Base):
    """A receiver, what it wants to hear, and the secret that signs for it."""

    __tablename__ = "webhooks"
    __table_args__ = (one_of("status", WebhookStatus), Index("ix_webhooks_company_id", "company_id"))

    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None]
    # Which types of events; empty: all, those of later versions included.
    event_types: Mapped[list[str]] = mapped_column(ARRAY(String), server_default=text("'{}'"))
    status: Mapped[str] = mapped_column(default=WebhookStatus.ACTIVE, server_default="active")
    secret: Mapped[str] = mapped_column(EncryptedText)
    # The one before, which signs as well until then, so that receivers can be changed over.
    previous_secret: Mapped[str | None] = mapped_column(EncryptedText)
    previous_secret_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    # When the first failure after the last success was; null while things go well.
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_success_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
