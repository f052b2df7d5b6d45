"""Leads by quarter of an hour."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import DERIVED, Base


class LeadRollup(Base):
    """Live leads at the time when they came, as they are now; counted from `leads` (app.repositories.rollups)."""

    __tablename__ = "lead_rollups"
    __table_args__ = DERIVED

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    # `unknown` for those without one.
    source: Mapped[str] = mapped_column(primary_key=True)
    # The nil UUID for leads that met no agent.
    agent_id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(primary_key=True)
    leads: Mapped[int] = mapped_column(BigInteger)
    # Those who opened a conversation that is still there.
    conversed: Mapped[int] = mapped_column(BigInteger)
