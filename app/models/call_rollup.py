"""Calls of the API by quarter of an hour."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import DERIVED, Base


class CallRollup(Base):
    """Counted from `api_requests` (app.repositories.rollups)."""

    __tablename__ = "call_rollups"
    __table_args__ = (Index("ix_call_rollups_api_key_id_at", "company_id", "api_key_id", "at"), DERIVED)

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    caller_kind: Mapped[str] = mapped_column(primary_key=True)
    # The nil UUID for callers without a key, so that it can be part of the primary key.
    api_key_id: Mapped[UUID] = mapped_column(primary_key=True)
    # Of rate limits.
    category: Mapped[str] = mapped_column(primary_key=True)
    requests: Mapped[int] = mapped_column(BigInteger)
    client_errors: Mapped[int] = mapped_column(BigInteger)
    server_errors: Mapped[int] = mapped_column(BigInteger)
    rate_limited: Mapped[int] = mapped_column(BigInteger)
    # Whole microseconds: sums of fractions depend on their order.
    duration_us: Mapped[int] = mapped_column(BigInteger)
    # The most calls in one minute of the quarter.
    peak_minute: Mapped[int] = mapped_column(BigInteger)
