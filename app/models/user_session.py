"""Sessions of users: what a refresh token stands for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, PlatformOrCompanyOwned, Timestamped


class UserSession(Identified, PlatformOrCompanyOwned, Timestamped, Base):
    """One sign-in. Access tokens name it, so revoking it stops them at once."""

    __tablename__ = "user_sessions"
    __table_args__ = (
        Index("ix_user_sessions_begun_with", "begun_with", postgresql_where=text("begun_with IS NOT NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    # The one refresh token that still works. Another one of this session has been used before: it was stolen.
    refresh_id: Mapped[UUID]
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    refreshed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_because: Mapped[str | None]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    impersonator_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    # The super admin's own session or API key that an impersonation was begun with: it ends with that.
    begun_with: Mapped[UUID | None]
