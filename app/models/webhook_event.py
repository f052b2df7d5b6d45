"""The outbox: what happened, written in the transaction of the change itself."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Json


class WebhookEventType(StrEnum):
    """What can be subscribed to. `webhook.test` comes only when somebody asks for it."""

    CONVERSATION_CREATED = "conversation.created"
    CONVERSATION_DELETED = "conversation.deleted"
    CONVERSATION_RESTORED = "conversation.restored"
    MESSAGE_CREATED = "message.created"
    MESSAGE_COMPLETED = "message.completed"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_FEEDBACK = "message.feedback"
    LEAD_REGISTERED = "lead.registered"
    LEAD_CREATED = "lead.created"
    LEAD_UPDATED = "lead.updated"
    LEAD_DELETED = "lead.deleted"
    DOCUMENT_UPLOADED = "document.uploaded"
    DOCUMENT_PROCESSED = "document.processed"
    DOCUMENT_FAILED = "document.failed"
    DOCUMENT_DELETED = "document.deleted"
    DOCUMENT_RESTORED = "document.restored"
    API_KEY_CREATED = "api_key.created"
    API_KEY_REVOKED = "api_key.revoked"
    API_KEY_EXPIRED = "api_key.expired"
    WEBHOOK_TEST = "webhook.test"


class WebhookEvent(Identified, CompanyOwned, Base):
    """One change that somebody wanted to hear of. Its id is the `webhook-id` of every attempt to tell it."""

    __tablename__ = "webhook_events"
    __table_args__ = (Index("ix_webhook_events_occurred_at", "occurred_at"),)

    type: Mapped[str]
    # Events of one stream are delivered in order: those of a conversation and its messages, of a lead, of a document.
    stream_id: Mapped[UUID]
    # The place in its stream: given out while the change holds its row, whatever the clocks of the machines say.
    position: Mapped[int] = mapped_column(BigInteger, Identity())
    data: Mapped[Json] = mapped_column(JSONB)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
