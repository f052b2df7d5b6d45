"""Approved questions with their SQL, of customers' databases."""

from uuid import UUID

from sqlalchemy import delete, func, select

from app.core.paging import Page, PageRequest, paginate
from app.core.transaction import session
from app.models.database_example import DatabaseExample
from app.repositories.changes import changed_rows


def add(example: DatabaseExample) -> None:
    """Stores an example."""
    session().add(example)
    session().flush()


def count(*, company_id: UUID, connection_id: UUID) -> int:
    """How many a connection has."""
    statement = select(func.count()).where(
        DatabaseExample.company_id == company_id, DatabaseExample.connection_id == connection_id
    )
    return session().scalar(statement) or 0


def find_page(*, company_id: UUID, connection_id: UUID, wanted: PageRequest) -> Page[DatabaseExample]:
    """Those of a connection, the newest first."""
    statement = select(DatabaseExample).where(
        DatabaseExample.company_id == company_id, DatabaseExample.connection_id == connection_id
    )
    return paginate(statement.order_by(DatabaseExample.created_at.desc(), DatabaseExample.id.desc()), wanted)


def find_all(*, company_id: UUID, connection_id: UUID) -> list[DatabaseExample]:
    """All of a connection, the oldest first."""
    statement = select(DatabaseExample).where(
        DatabaseExample.company_id == company_id, DatabaseExample.connection_id == connection_id
    )
    return list(session().scalars(statement.order_by(DatabaseExample.id)))


def remove(*, company_id: UUID, connection_id: UUID, example_id: UUID) -> bool:
    """Deletes one for good; False when there is none such."""
    statement = delete(DatabaseExample).where(
        DatabaseExample.company_id == company_id,
        DatabaseExample.connection_id == connection_id,
        DatabaseExample.id == example_id,
    )
    return changed_rows(statement) == 1
