"""What agents did, by quarter of an hour."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import DERIVED, Base


class AgentRollup(Base):
    """Counted from conversations, messages, turns and unanswered questions (app.repositories.rollups), each at the
    time when it was made: feedback counts with the answer that it is about."""

    __tablename__ = "agent_rollups"
    __table_args__ = DERIVED

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(primary_key=True)
    conversations: Mapped[int] = mapped_column(BigInteger)
    visitor_messages: Mapped[int] = mapped_column(BigInteger)
    agent_messages: Mapped[int] = mapped_column(BigInteger)
    handovers_offered: Mapped[int] = mapped_column(BigInteger)
    feedback_up: Mapped[int] = mapped_column(BigInteger)
    feedback_down: Mapped[int] = mapped_column(BigInteger)
    turns: Mapped[int] = mapped_column(BigInteger)
    answered: Mapped[int] = mapped_column(BigInteger)
    refused: Mapped[int] = mapped_column(BigInteger)
    small_talk: Mapped[int] = mapped_column(BigInteger)
    failed: Mapped[int] = mapped_column(BigInteger)
    # Milliseconds from question to complete answer, of completed turns.
    response_ms: Mapped[int] = mapped_column(BigInteger)
    unanswered: Mapped[int] = mapped_column(BigInteger)
    unanswered_open: Mapped[int] = mapped_column(BigInteger)
