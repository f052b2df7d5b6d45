"""Connections to customers' databases, as people list, change and delete them. Their work queue is `database_work`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.core.paging import Listing, Page, PageRequest, paginate
from app.core.transaction import session
from app.models.database_connection import DatabaseConnection
from app.repositories.changes import changed_rows

_LIVE = DatabaseConnection.deleted_at.is_(None)
_GET_ANY = select(DatabaseConnection).where(
    DatabaseConnection.company_id == bindparam("company"), DatabaseConnection.id == bindparam("wanted")
)
_GET = _GET_ANY.where(_LIVE)
_DELETED = Listing(
    select(DatabaseConnection)
    .where(DatabaseConnection.company_id == bindparam("company"), DatabaseConnection.deleted_at.is_not(None))
    .order_by(DatabaseConnection.deleted_at.desc(), DatabaseConnection.id.desc())
)


def add(connection: DatabaseConnection) -> None:
    """Stores a new connection."""
    session().add(connection)
    session().flush()


def get(*, company_id: UUID, connection_id: UUID, include_deleted: bool = False) -> DatabaseConnection | None:
    """A connection by its id."""
    statement = _GET_ANY if include_deleted else _GET
    return session().scalars(statement, {"company": company_id, "wanted": connection_id}).first()


def lock(*, company_id: UUID, connection_id: UUID) -> DatabaseConnection | None:
    """A live connection that nobody else changes until the transaction ends; as it is now."""
    statement = _GET.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session().scalars(statement, {"company": company_id, "wanted": connection_id}).first()


def find_page(*, company_id: UUID, agent_id: UUID | None, wanted: PageRequest) -> Page[DatabaseConnection]:
    """Live connections, of an agent if one is named, the newest first."""
    statement = select(DatabaseConnection).where(DatabaseConnection.company_id == company_id, _LIVE)
    if agent_id is not None:
        statement = statement.where(DatabaseConnection.agent_id == agent_id)
    return paginate(statement.order_by(DatabaseConnection.created_at.desc(), DatabaseConnection.id.desc()), wanted)


def find_of_agent(*, company_id: UUID, agent_id: UUID) -> list[DatabaseConnection]:
    """An agent's live connections, the oldest first."""
    statement = select(DatabaseConnection).where(
        DatabaseConnection.company_id == company_id, DatabaseConnection.agent_id == agent_id, _LIVE
    )
    return list(session().scalars(statement.order_by(DatabaseConnection.created_at, DatabaseConnection.id)))


def find_ids(*, company_id: UUID, agent_id: UUID | None = None) -> list[UUID]:
    """The ids of live connections, of an agent if one is named."""
    statement = select(DatabaseConnection.id).where(DatabaseConnection.company_id == company_id, _LIVE)
    if agent_id is not None:
        statement = statement.where(DatabaseConnection.agent_id == agent_id)
    return list(session().scalars(statement.order_by(DatabaseConnection.id)))


def find_page_deleted(*, company_id: UUID, wanted: PageRequest) -> Page[DatabaseConnection]:
    """Deleted connections, the last deleted first."""
    return _DELETED.page(wanted, {"company": company_id})


def change(*, company_id: UUID, connection_id: UUID, values: Mapping[str, Any]) -> bool:
    """Sets columns of a live connection; False when there is none such."""
    statement = update(DatabaseConnection).where(
        DatabaseConnection.company_id == company_id, DatabaseConnection.id == connection_id, _LIVE
    )
    return changed_rows(statement.values(**values)) == 1


def set_deleted(*, company_id: UUID, connection_id: UUID, at: datetime | None, deletion_id: UUID | None) -> bool:
    """Deletes a live connection (`at` given) or restores a deleted one (`at` None). False when there was none such."""
    state = _LIVE if at else DatabaseConnection.deleted_at.is_not(None)
    statement = update(DatabaseConnection).where(
        DatabaseConnection.company_id == company_id, DatabaseConnection.id == connection_id, state
    )
    return changed_rows(statement.values(deleted_at=at, deletion_id=deletion_id)) == 1
