"""Deletions of companies, and how far they, or the ways back, are."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Json, Timestamped, one_of


class DeletionStatus(StrEnum):
    """`deleting` and `restoring` are work, which has a lease: when it runs out, another worker goes on."""

    DELETING = "deleting"
    DELETED = "deleted"
    RESTORING = "restoring"
    RESTORED = "restored"


class CompanyDeletion(Identified, CompanyOwned, Timestamped, Base):
    """One deletion of a company; `id` is the `deletion_id` of everything that went with it."""

    __tablename__ = "company_deletions"
    __table_args__ = (
        one_of("status", DeletionStatus),
        Index("ix_company_deletions_company_id_created_at", "company_id", "created_at"),
        Index("ix_company_deletions_due", "due_at", postgresql_where=text("status IN ('deleting', 'restoring')")),
    )

    status: Mapped[str]
    # Whether it takes along what belongs to the company.
    cascades: Mapped[bool]
    # Rows that are done, by table: {"leads": 812}. Of the way back once that has begun.
    done: Mapped[Json] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    # Rows that there were to do when a worker began; null before.
    total: Mapped[int | None] = mapped_column(BigInteger)
    # The table that it has come to, in the order of their names.
    at_table: Mapped[str] = mapped_column(default="", server_default="")
    attempt: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
