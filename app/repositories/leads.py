"""Leads."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select

from app.core.transaction import session
from app.models.lead import Lead


def count_by_status(*, company_id: UUID, since: datetime) -> dict[str, int]:
    """Live leads that came since a moment, by status."""
    statement = (
        select(Lead.status, func.count())
        .where(Lead.company_id == company_id, Lead.deleted_at.is_(None), Lead.created_at >= since)
        .group_by(Lead.status)
    )
    return _counts(statement)


def count_by_source(*, company_id: UUID, since: datetime) -> dict[str, int]:
    """Live leads that came since a moment, by source; those without one under `unknown`."""
    source = func.coalesce(Lead.source, "unknown")
    statement = (
        select(source, func.count())
        .where(Lead.company_id == company_id, Lead.deleted_at.is_(None), Lead.created_at >= since)
        .group_by(source)
    )
    return _counts(statement)


def count_by_day(*, company_id: UUID, since: datetime) -> dict[str, int]:
    """Live leads that came since a moment, by UTC day (ISO date), in order; days without any are left out."""
    day = func.date(Lead.created_at)
    statement = (
        select(day, func.count())
        .where(Lead.company_id == company_id, Lead.deleted_at.is_(None), Lead.created_at >= since)
        .group_by(day)
        .order_by(day)
    )
    return {date.isoformat(): count for date, count in session().execute(statement)}


def count_all(*, company_id: UUID) -> int:
    """All live leads of the company."""
    statement = select(func.count()).select_from(Lead).where(Lead.company_id == company_id, Lead.deleted_at.is_(None))
    return session().scalar(statement) or 0


def _counts(statement: Select[str, int]) -> dict[str, int]:
    return {name: count for name, count in session().execute(statement)}  # noqa: C416 - rows are no pairs for mypy
