"""What belongs to a company, whatever the table: found in the models' metadata, so that no table can be forgotten."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, exists, func, select, update

from app.core.transaction import session
from app.db import Base
from app.models.user import User
from app.repositories.changes import changed_rows


def tables() -> list[Table]:
    """Every company-owned table, by name."""
    return [table for _, table in sorted(Base.metadata.tables.items()) if "company_id" in table.c]


def restorable_tables() -> list[Table]:
    """Those whose rows are deleted softly, together with what they belong to, and come back with it."""
    return [table for table in tables() if "deletion_id" in table.c and "deleted_at" in table.c]


def count_all(*, company_id: UUID) -> dict[str, int]:
    """How many rows of every table belong to the company, by table."""
    return {table.name: _count(table, table.c.company_id == company_id) for table in tables()}


def count_live(*, company_id: UUID) -> int:
    """How many rows a deletion would take along."""
    return sum(
        _count(table, (table.c.company_id == company_id) & table.c.deleted_at.is_(None))
        for table in restorable_tables()
    )


def count_deleted_with(*, company_id: UUID, deletion_id: UUID) -> int:
    """How many rows went with this deletion."""
    return sum(
        _count(table, (table.c.company_id == company_id) & (table.c.deletion_id == deletion_id))
        for table in restorable_tables()
    )


def delete_some(table: Table, *, company_id: UUID, deletion_id: UUID, at: datetime, limit: int) -> int:
    """Deletes softly at most so many live rows. Returns how many: fewer than `limit` when there are no more."""
    wanted = table.c.deleted_at.is_(None)
    return _change_some(table, company_id, wanted, limit, deleted_at=at, deletion_id=deletion_id)


def restore_some(table: Table, *, company_id: UUID, deletion_id: UUID, limit: int) -> int:
    """Brings back at most so many of the rows that went with this deletion, and no others.

    For users it must see all companies: whose e-mail somebody else has meanwhile stays deleted.
    """
    wanted = table.c.deletion_id == deletion_id
    if table is User.__table__:
        wanted &= ~_email_is_taken(table)
    return _change_some(table, company_id, wanted, limit, deleted_at=None, deletion_id=None)


def find_taken_emails(*, company_id: UUID, deletion_id: UUID, limit: int) -> Sequence[str]:
    """E-mails of users who went with this deletion that somebody else has meanwhile. Must see all companies."""
    users = Base.metadata.tables["users"]
    went = (users.c.company_id == company_id) & (users.c.deletion_id == deletion_id)
    statement = select(users.c.email).where(went, _email_is_taken(users)).order_by(users.c.email)
    return session().scalars(statement.limit(limit)).all()


def _email_is_taken(users: Table) -> ColumnElement[bool]:
    others = users.alias("others")
    same = (func.lower(others.c.email) == func.lower(users.c.email)) & others.c.deleted_at.is_(None)
    return exists(select(others.c.id).where(same))


def _change_some(table: Table, company_id: UUID, wanted: ColumnElement[bool], limit: int, **values: Any) -> int:
    its = table.c.company_id == company_id
    # As a CTE it is run once. Inside of IN it may be run for every row, and each time find others to change.
    some = select(table.c.id).where(its, wanted).limit(limit).with_for_update(key_share=True).cte("some")
    return changed_rows(update(table).where(its, table.c.id.in_(select(some.c.id))).values(values))


def _count(table: Table, criterion: ColumnElement[bool]) -> int:
    return session().scalar(select(func.count()).select_from(table).where(criterion)) or 0
