"""API keys of companies (and of super admins)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, Json, PlatformOrCompanyOwned, Timestamped

_UNTOLD = "expires_at IS NOT NULL AND revoked_at IS NULL AND expiry_told_at IS NULL"


class ApiKey(Identified, PlatformOrCompanyOwned, Timestamped, Base):
    """A credential for programs: `X-API-Key` carries `key`, `X-API-Secret` the secret that was shown once."""

    __tablename__ = "api_keys"
    __table_args__ = (
        Index("ix_api_keys_company_id", "company_id"),
        Index("ix_api_keys_expiring", "expires_at", postgresql_where=text(_UNTOLD)),
    )

    key: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[str]
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String))
    # {"conversations": ["read"]}: where present, narrows the scopes to these resources. Null: no narrowing.
    permissions: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    created_by: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # When webhooks were told that it has expired.
    expiry_told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    use_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))
