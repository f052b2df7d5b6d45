"""Answers that were given under an `Idempotency-Key`."""

from datetime import datetime

from sqlalchemy import DateTime, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, EncryptedText, Identified, PlatformOrCompanyOwned, Timestamped


class IdempotencyRecord(Identified, PlatformOrCompanyOwned, Timestamped, Base):
    """The first answer to a request. Encrypted: it may hold a secret that is shown once."""

    __tablename__ = "idempotency_records"
    __table_args__ = (UniqueConstraint("caller", "key"),)

    # Kind and id of the caller, or the address of an anonymous one.
    caller: Mapped[str]
    key: Mapped[str]
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    headers: Mapped[str | None] = mapped_column(EncryptedText)
    body: Mapped[str | None] = mapped_column(EncryptedText)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
