"""The audit log: who did what, as whom, on what. The runtime role can add entries and read them, nothing else."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, Json, PlatformOrCompanyOwned, Timestamped, one_of


class RiskLevel(StrEnum):
    """How much an entry deserves a second look."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AuditEntry(Identified, PlatformOrCompanyOwned, Timestamped, Base):
    """One action. No foreign key to the actor or the entity: entries outlive both."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        one_of("risk_level", RiskLevel),
        Index("ix_audit_entries_company_id_created_at", "company_id", "created_at"),
    )

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
