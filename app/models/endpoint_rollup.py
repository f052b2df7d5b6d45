"""Calls of the API by day, endpoint and how they ended."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import DERIVED, Base


class EndpointRollup(Base):
    """Counted from `api_requests` (app.repositories.rollups), of days that are over."""

    __tablename__ = "endpoint_rollups"
    __table_args__ = DERIVED

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    api_key_id: Mapped[UUID] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    endpoint: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Empty where there is none; like the next two it is part of the primary key.
    error_code: Mapped[str] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    # What the endpoint asked of the caller.
    scope: Mapped[str] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    requests: Mapped[int] = mapped_column(BigInteger)
    duration_us: Mapped[int] = mapped_column(BigInteger)
