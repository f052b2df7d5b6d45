"""Messages of conversations."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Json, SoftDeleted, Timestamped, one_of


class MessageRole(StrEnum):
    """Who said it; `user` is the visitor, in the words of every chat API."""

    USER = "user"
    ASSISTANT = "assistant"


class Rating(StrEnum):
    """What somebody thought of an answer."""

    UP = "up"
    DOWN = "down"


class Message(Identified, CompanyOwned, Timestamped, SoftDeleted, Base):
    """What was said. Answers carry the passages that they cite."""

    __tablename__ = "messages"
    __table_args__ = (
        one_of("role", MessageRole),
        one_of("feedback_rating", Rating),
        Index("uq_messages_conversation_id_sequence", "conversation_id", "sequence", unique=True),
        # One answer for each question, whatever happens.
        Index("uq_messages_reply_to_id", "reply_to_id", unique=True, postgresql_where=text("reply_to_id IS NOT NULL")),
        Index("ix_messages_deleted", "company_id", "deleted_at", "id", postgresql_where=text("deleted_at IS NOT NULL")),
        Index("ix_messages_company_id_created_at", "company_id", "created_at"),
    )

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    sequence: Mapped[int]
    role: Mapped[str]
    content: Mapped[str] = mapped_column(Text)
    reply_to_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    language: Mapped[str | None]
    citations: Mapped[list[Any]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    details: Mapped[Json] = mapped_column("metadata", JSONB, default=dict, server_default=text("'{}'"))
    feedback_rating: Mapped[str | None]
    feedback_comment: Mapped[str | None]
    feedback_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
