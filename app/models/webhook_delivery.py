"""Deliveries: one event on its way to one webhook."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Timestamped, one_of


class DeliveryStatus(StrEnum):
    """`sending` has a lease; when it runs out, another worker may try."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"


UNFINISHED = "status IN ('pending', 'sending')"


class WebhookDelivery(Identified, CompanyOwned, Timestamped, Base):
    """What became of one event at one webhook."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        one_of("status", DeliveryStatus),
        Index("uq_webhook_deliveries_event_id_webhook_id", "event_id", "webhook_id", unique=True),
        # The log of a webhook is paged and counted by these alone.
        Index("ix_webhook_deliveries_log", "company_id", "webhook_id", "id"),
        Index("ix_webhook_deliveries_log_status", "company_id", "webhook_id", "status", "id"),
        Index("ix_webhook_deliveries_log_event_type", "company_id", "webhook_id", "event_type", "id"),
        Index("ix_webhook_deliveries_due", "webhook_id", "due_at", "position", postgresql_where=text(UNFINISHED)),
        Index("ix_webhook_deliveries_sending", "webhook_id", postgresql_where=text("status = 'sending'")),
        Index("ix_webhook_deliveries_stream", "webhook_id", "stream_id", "position", postgresql_where=text(UNFINISHED)),
    )

    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_events.id", ondelete="CASCADE"))
    # As in the event: what is delivered next, and what the log shows, is found without looking there.
    event_type: Mapped[str]
    stream_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(default=DeliveryStatus.PENDING, server_default="pending")
    # Counts up for good: who holds a number that isn't the latest may not write any more.
    attempt: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # Attempts since it was queued, or queued again.
    tries: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # While pending: from when it may be tried; while sending: when the lease runs out.
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # When the first try since then failed.
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # How the last attempt went: the receiver's HTTP status or why there is none, and the beginning of what it said.
    response_status: Mapped[int | None]
    response_body: Mapped[str | None] = mapped_column(Text)
    duration_ms: Mapped[int | None]
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    # [{"at", "status", "error_code", "duration_ms"}], the latest attempts, the oldest first.
    attempts: Mapped[list[Any]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
