"""Looking at rows as they are now, not as a session remembers them."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.models.audit_entry import AuditEntry

Row = TypeVar("Row")


def now_in(database: Session, model: type[Row], identity: Any) -> Row:
    """The row as it was last committed."""
    database.rollback()
    row = database.get(model, identity, populate_existing=True)
    assert row is not None
    return row


def all_of(database: Session, model: type[Row], *criteria: ColumnElement[bool]) -> Sequence[Row]:
    """The rows that fit, the oldest first (our ids sort by time)."""
    database.rollback()
    statement = select(model).where(*criteria).order_by(model.id)  # type: ignore[attr-defined]
    return database.scalars(statement.execution_options(populate_existing=True)).all()


def count(database: Session, model: type[Any], *criteria: ColumnElement[bool]) -> int:
    """How many rows fit."""
    database.rollback()
    return database.scalar(select(func.count()).select_from(model).where(*criteria)) or 0


def audited(database: Session, event: str) -> AuditEntry:
    """The only audit entry of this kind."""
    (entry,) = all_of(database, AuditEntry, AuditEntry.event_type == event)
    return entry


def change(database: Session, model: type[Any], identity: Any, **values: Any) -> None:
    """Sets columns of a row, as if it had come to this long ago."""
    row = now_in(database, model, identity)
    for name, value in values.items():
        setattr(row, name, value)
    database.commit()
