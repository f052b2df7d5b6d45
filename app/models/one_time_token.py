"""Single-use tokens that leave in mails and sign-up answers."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, PlatformOrCompanyOwned, Timestamped, one_of


class TokenPurpose(StrEnum):
    """What a token lets its bearer do, once."""

    EMAIL_VERIFICATION = "email_verification"
    PASSWORD_RESET = "password_reset"
    INVITATION = "invitation"
    COMPANY_SETUP = "company_setup"


class OneTimeToken(Identified, PlatformOrCompanyOwned, Timestamped, Base):
    """The record behind a signed token. The token itself is not stored: it is the signature over `id`."""

    __tablename__ = "one_time_tokens"
    __table_args__ = (one_of("purpose", TokenPurpose),)

    purpose: Mapped[str]
    email: Mapped[str | None]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[str | None]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
