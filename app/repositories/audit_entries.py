"""The audit log: entries are added, never changed (the runtime role has no right to)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, func, select, text

from app.core.transaction import session
from app.models.audit_entry import AuditEntry, RiskLevel
from app.repositories.ownership import owned_by

_PRUNE = text("SELECT frontdesk_prune_audit_entries(:through)")


@dataclass(frozen=True)
class Filters:
    """Which entries are wanted; None: whichever. All of them have to fit."""

    entity_type: str | None = None
    entity_id: str | None = None
    event_type: str | None = None
    risk_level: RiskLevel | None = None
    actor_id: UUID | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


def add_all(entries: Sequence[AuditEntry]) -> None:
    """Adds entries to the running transaction."""
    session().add_all(entries)
    session().flush()


def find(*, company_id: UUID | None, filters: Filters, limit: int, offset: int) -> Sequence[AuditEntry]:
    """Entries of the company (of the platform for None), the newest first."""
    statement = select(AuditEntry).where(owned_by(AuditEntry, company_id), *_criteria(filters))
    return session().scalars(statement.order_by(AuditEntry.position.desc()).limit(limit).offset(offset)).all()


def count(*, company_id: UUID | None, filters: Filters, most: int) -> int:
    """How many entries fit; counting stops at `most`."""
    found = select(AuditEntry.position).where(owned_by(AuditEntry, company_id), *_criteria(filters)).limit(most)
    return session().scalar(select(func.count()).select_from(found.subquery())) or 0


def find_following(*, company_id: UUID | None, after: int | None, limit: int) -> Sequence[RowMapping]:
    """All columns of the next entries of the chain, in its order; from its very start for None."""
    statement = select(*AuditEntry.__table__.c).where(owned_by(AuditEntry, company_id))
    if after is not None:
        statement = statement.where(AuditEntry.position > after)
    return session().execute(statement.order_by(AuditEntry.position).limit(limit)).mappings().all()


def seal_at(*, company_id: UUID | None, position: int) -> bytes | None:
    """The seal of the entry in this place."""
    statement = select(AuditEntry.seal).where(owned_by(AuditEntry, company_id), AuditEntry.position == position)
    return session().scalar(statement)


def last_position(*, company_id: UUID | None) -> int:
    """The last place that is taken; 0 when there is none."""
    return session().scalar(select(func.max(AuditEntry.position)).where(owned_by(AuditEntry, company_id))) or 0


def first_since(*, company_id: UUID | None, moment: datetime) -> int | None:
    """The first place of an entry that was made at `moment` or later."""
    statement = (
        select(AuditEntry.position)
        .where(owned_by(AuditEntry, company_id), AuditEntry.created_at >= moment)
        .order_by(AuditEntry.position)
        .limit(1)
    )
    return session().scalar(statement)


def prune(*, through: int) -> int:
    """Forgets the entered company's entries up to this place. Returns how many. Postgres refuses young ones."""
    return session().scalar(_PRUNE, {"through": through}) or 0


def _criteria(filters: Filters) -> list[ColumnElement[bool]]:
    criteria: list[ColumnElement[bool]] = [
        getattr(AuditEntry, name) == value
        for name in ("entity_type", "entity_id", "event_type", "risk_level", "actor_id")
        if (value := getattr(filters, name)) is not None
    ]
    if filters.created_after is not None:
        criteria.append(AuditEntry.created_at >= filters.created_after)
    if filters.created_before is not None:
        criteria.append(AuditEntry.created_at < filters.created_before)
    return criteria
