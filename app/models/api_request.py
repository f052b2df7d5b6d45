"""Records of authenticated calls, for the usage analytics."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, PlatformOrCompanyOwned


class ApiRequest(Identified, PlatformOrCompanyOwned, Base):
    """One call: which credential, which route, how it ended and how long it took. Written in batches."""

    __tablename__ = "api_requests"
    __table_args__ = (
        Index("ix_api_requests_company_id_created_at", "company_id", "created_at"),
        Index("ix_api_requests_api_key_id_created_at", "api_key_id", "created_at"),
    )

    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    caller_kind: Mapped[str]
    caller_id: Mapped[UUID]
    api_key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"))
    method: Mapped[str]
    # The route with its placeholders, not the path: /v1/user/<user_id>.
    endpoint: Mapped[str]
    status: Mapped[int]
    error_code: Mapped[str | None]
    duration_ms: Mapped[float]
    category: Mapped[str]
    # What the route asks of its callers; null where any credential will do.
    scope: Mapped[str | None]
    resource: Mapped[str | None]
    ip: Mapped[str | None]
    request_id: Mapped[str | None]
