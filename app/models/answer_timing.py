"""How long answers took, as histograms by day."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import DERIVED, Base, one_of


class Measure(StrEnum):
    """What is timed, each since the question came, of completed turns."""

    # Until a worker took it.
    QUEUED = "queued"
    FIRST_TOKEN = "first_token"
    RESPONSE = "response"


class AnswerTiming(Base):
    """Counted from `turns` (app.repositories.rollups), of days that are over. For bins see
    app.repositories.histograms."""

    __tablename__ = "answer_timings"
    __table_args__ = (one_of("measure", Measure), DERIVED)

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    bin: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    times: Mapped[int] = mapped_column(BigInteger)
