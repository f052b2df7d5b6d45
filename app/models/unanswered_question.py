"""Questions that the documents had no answer to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Timestamped


class UnansweredQuestion(Identified, CompanyOwned, Timestamped, Base):
    """Kept so that the team can add what is missing. It outlives its conversation."""

    __tablename__ = "unanswered_questions"
    __table_args__ = (
        Index("ix_unanswered_questions_company_id_created_at", "company_id", "created_at"),
        Index("ix_unanswered_questions_agent_id", "agent_id"),
        Index("uq_unanswered_questions_message_id", "message_id", unique=True),
    )

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    question: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None]
    # How well the best passage fitted, 0 to 1.
    confidence: Mapped[float]
    resolved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
