"""The audit log: who did what, as whom, on what. The runtime role can add entries and read them, nothing else."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, Json, Timestamped, one_of


class RiskLevel(StrEnum):
    """How much an entry deserves a second look."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AuditEntry(Identified, Timestamped, Base):
    """One action. No foreign key to company, actor or entity: entries outlive all of them, and what adds one while
    it holds the chain must not wait for a lock on the company, whose holder may be waiting for the chain."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        one_of("risk_level", RiskLevel),
        Index("ix_audit_entries_company_id_created_at", "company_id", "created_at"),
        Index(
            "uq_audit_entries_company_id_position",
            "company_id",
            "position",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        *(
            Index(f"ix_audit_entries_company_id_{column}_position", "company_id", column, "position")
            for column in ("event_type", "entity_type", "entity_id", "actor_id", "risk_level")
        ),
    )

    # The company's; null for the platform's.
    company_id: Mapped[UUID | None]
    # The place in the chain of its company, from 1 and without gaps.
    position: Mapped[int] = mapped_column(BigInteger)
    # The seal of the entry before this one, and this one's.
    previous_seal: Mapped[bytes]
    seal: Mapped[bytes]
    event_type: Mapped[str]
    entity_type: Mapped[str]
    entity_id: Mapped[str | None]
    actor_kind: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    impersonator_id: Mapped[UUID | None]
    before: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    request_id: Mapped[str | None]
    risk_level: Mapped[str]
