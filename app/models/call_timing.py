"""How long calls of the API took, as histograms by day."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import DERIVED, Base, one_of


class TimedSubject(StrEnum):
    """Whose times they are: both sets hold every call."""

    KEY = "key"
    ENDPOINT = "endpoint"


class CallTiming(Base):
    """Counted from `api_requests` (app.repositories.rollups), of days that are over. For bins see
    app.repositories.histograms."""

    __tablename__ = "call_timings"
    __table_args__ = (one_of("subject", TimedSubject), DERIVED)

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    # The id of the key, or method and route: `GET /v1/lead`.
    name: Mapped[str] = mapped_column(primary_key=True)
    bin: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    times: Mapped[int] = mapped_column(BigInteger)
