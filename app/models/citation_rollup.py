"""Which documents answers cite, by day."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import DERIVED, Base


class CitationRollup(Base):
    """Counted from the citations of live messages (app.repositories.rollups), of days that are over."""

    __tablename__ = "citation_rollups"
    __table_args__ = DERIVED

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    # Answers that cite it at least once.
    answers: Mapped[int] = mapped_column(BigInteger)
