"""What visitors ask, by day."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import DERIVED, Base


class QuestionRollup(Base):
    """Counted from visitors' live messages (app.repositories.rollups), of days that are over. Questions that differ in
    case, spaces and punctuation alone are one."""

    __tablename__ = "question_rollups"
    __table_args__ = DERIVED

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    # Of the folded text.
    hash: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    times: Mapped[int] = mapped_column(BigInteger)
    # The first message that asked it that day.
    example_id: Mapped[UUID]
