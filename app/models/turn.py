"""Turns: the work of answering one message. A turn is the task that the caller polls."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Timestamped, one_of


class TurnStatus(StrEnum):
    """`processing` has a lease; when it runs out, another worker may try."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class TurnOutcome(StrEnum):
    """What a completed turn came to."""

    ANSWERED = "answered"
    # The documents don't say it; the question is kept.
    REFUSED = "refused"
    SMALL_TALK = "small_talk"


UNFINISHED = "status IN ('queued', 'processing')"


class Turn(Identified, CompanyOwned, Timestamped, Base):
    """One message's way to its one answer or its one stated failure."""

    __tablename__ = "turns"
    __table_args__ = (
        one_of("status", TurnStatus),
        one_of("outcome", TurnOutcome),
        Index("uq_turns_message_id", "message_id", unique=True),
        Index("ix_turns_unfinished", "conversation_id", "sequence", postgresql_where=text(UNFINISHED)),
        Index("ix_turns_due", "due_at", postgresql_where=text(UNFINISHED)),
        Index("ix_turns_company_id_created_at", "company_id", "created_at"),
        Index("ix_turns_agent_id_created_at", "agent_id", "created_at"),
    )

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    # The place of its message in the conversation: turns are answered in this order.
    sequence: Mapped[int]
    status: Mapped[str] = mapped_column(default=TurnStatus.QUEUED, server_default="queued")
    outcome: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # While queued: from when the sweep may wake a worker for it; while processing: when the lease runs out.
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    first_delta_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    answer_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    error_code: Mapped[str | None]
    error: Mapped[str | None]
