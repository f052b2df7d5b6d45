"""Conversations of a lead, or of a user or integrator, with an agent."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Json, SoftDeleted, Timestamped, one_of


class ConversationStatus(StrEnum):
    """A closed conversation takes no messages."""

    ACTIVE = "active"
    CLOSED = "closed"


class Conversation(Identified, CompanyOwned, Timestamped, SoftDeleted, Base):
    """Messages in order. It belongs to the lead or the user who opened it."""

    __tablename__ = "conversations"
    __table_args__ = (
        one_of("status", ConversationStatus),
        Index("ix_conversations_company_id_created_at", "company_id", "created_at"),
        Index(
            "ix_conversations_live", "company_id", "last_message_at", "id", postgresql_where=text("deleted_at IS NULL")
        ),
        Index(
            "ix_conversations_deleted",
            "company_id",
            "deleted_at",
            "id",
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
        Index("ix_conversations_agent_id_last_message_at", "agent_id", "last_message_at"),
        Index("ix_conversations_lead_id", "lead_id", postgresql_where=text("lead_id IS NOT NULL")),
        Index("ix_conversations_user_id", "user_id", postgresql_where=text("user_id IS NOT NULL")),
    )

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    title: Mapped[str | None]
    details: Mapped[Json] = mapped_column("metadata", JSONB, default=dict, server_default=text("'{}'"))
    # How much of what was said before a model is shown, in tokens.
    max_context_length: Mapped[int]
    status: Mapped[str] = mapped_column(default=ConversationStatus.ACTIVE, server_default="active")
    # The place of the next message; given out while the row is locked, so places are without gaps and in order.
    next_sequence: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    last_message_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
