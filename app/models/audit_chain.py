"""The chains of audit entries: one for each company, one for the platform."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, EncryptedText, Identified, Timestamped


class AuditChain(Identified, Timestamped, Base):
    """Where a chain ends, and where it begins since its oldest entries were forgotten."""

    __tablename__ = "audit_chains"
    __table_args__ = (
        Index("uq_audit_chains_company_id", "company_id", unique=True, postgresql_nulls_not_distinct=True),
    )

    # No foreign key, as for entries.
    company_id: Mapped[UUID | None]
    key: Mapped[str] = mapped_column(EncryptedText)
    # The last entry's position, from 1, and its seal.
    position: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    head: Mapped[bytes]
    # The last forgotten entry's.
    base_position: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    base: Mapped[bytes]
    # When this row was found to have been changed by hand.
    broken_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Over all of the above.
    seal: Mapped[bytes]
