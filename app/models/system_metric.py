"""What the machine and its parts were measured at."""

from datetime import datetime

from sqlalchemy import DateTime, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.models.base import Base, Identified, Json, PlatformOrCompanyOwned


class SystemMetric(Identified, PlatformOrCompanyOwned, Base):
    """One collection: of one company's part, or, without a company, of the platform."""

    __tablename__ = "system_metrics"
    __table_args__ = (
        Index("ix_system_metrics_company_id_created_at", "company_id", "created_at"),
        Index("ix_system_metrics_created_at", "created_at"),
    )

    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    # What was measured, by part: {"queues": {"chat": 3}, …} (app.services.system_metrics).
    measured: Mapped[Json] = mapped_column(JSONB)
