"""Tables of customers' databases, as people list and delete them. Nothing here finds one that is deleted itself or
whose connection is."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, update

from app.core.paging import Page, PageRequest, paginate
from app.core.transaction import session
from app.models.database_column import DatabaseColumn
from app.models.database_connection import DatabaseConnection
from app.models.database_relation import DatabaseRelation
from app.models.database_table import DatabaseTable
from app.repositories.changes import changed_rows
from app.repositories.folding import contains

_LIVE = DatabaseTable.deleted_at.is_(None)


def get(*, company_id: UUID, table_id: UUID, deleted: bool = False) -> DatabaseTable | None:
    """A live table, or a deleted one, of a live connection."""
    state = DatabaseTable.deleted_at.is_not(None) if deleted else _LIVE
    return session().scalars(_of_live_connections(company_id).where(DatabaseTable.id == table_id, state)).first()


def find_page(*, company_id: UUID, connection_id: UUID, search: str, wanted: PageRequest) -> Page[DatabaseTable]:
    """Live tables of a connection by name; `search`, unless empty, is a part of the name or the description."""
    statement = select(DatabaseTable).where(
        DatabaseTable.company_id == company_id, DatabaseTable.connection_id == connection_id, _LIVE
    )
    if search:
        statement = statement.where(contains(DatabaseTable.name, search) | contains(DatabaseTable.description, search))
    return paginate(statement.order_by(DatabaseTable.schema_name, DatabaseTable.name), wanted)


def find_live(*, company_id: UUID, connection_id: UUID, for_visitors: bool = False) -> list[DatabaseTable]:
    """All live tables of a connection by name, or those of them that agents may answer visitors from."""
    statement = select(DatabaseTable).where(
        DatabaseTable.company_id == company_id, DatabaseTable.connection_id == connection_id, _LIVE
    )
    if for_visitors:
        statement = statement.where(DatabaseTable.answers_visitors)
    return list(session().scalars(statement.order_by(DatabaseTable.schema_name, DatabaseTable.name)))


def find_by_ids(*, company_id: UUID, table_ids: Sequence[UUID]) -> dict[UUID, DatabaseTable]:
    """Those of the tables that live, by id."""
    statement = select(DatabaseTable).where(
        DatabaseTable.company_id == company_id, DatabaseTable.id.in_(table_ids), _LIVE
    )
    return {table.id: table for table in session().scalars(statement)}


def find_names(*, company_id: UUID, connection_id: UUID) -> dict[UUID, str]:
    """The names of all live tables of a connection, by id."""
    statement = select(DatabaseTable.id, DatabaseTable.name).where(
        DatabaseTable.company_id == company_id, DatabaseTable.connection_id == connection_id, _LIVE
    )
    return {row.id: row.name for row in session().execute(statement.order_by(DatabaseTable.name))}


def has_any_for_visitors(*, company_id: UUID, agent_id: UUID) -> bool:
    """Whether an agent may answer visitors from any table."""
    statement = _of_live_connections(company_id).where(
        DatabaseConnection.agent_id == agent_id, DatabaseTable.answers_visitors, _LIVE
    )
    return session().scalars(statement.limit(1)).first() is not None


def find_columns(*, company_id: UUID, table_ids: Sequence[UUID]) -> dict[UUID, list[DatabaseColumn]]:
    """The columns of tables, in their order."""
    statement = (
        select(DatabaseColumn)
        .where(DatabaseColumn.company_id == company_id, DatabaseColumn.table_id.in_(table_ids))
        .order_by(DatabaseColumn.table_id, DatabaseColumn.position)
    )
    found: dict[UUID, list[DatabaseColumn]] = {table_id: [] for table_id in table_ids}
    for column in session().scalars(statement):
        found[column.table_id].append(column)
    return found


def find_relations(*, company_id: UUID, table_ids: Sequence[UUID]) -> list[DatabaseRelation]:
    """What tables refer to, the surest first, as far as both ends live."""
    target = select(DatabaseTable.id).where(DatabaseTable.company_id == company_id, _LIVE)
    statement = select(DatabaseRelation).where(
        DatabaseRelation.company_id == company_id,
        DatabaseRelation.table_id.in_(table_ids),
        DatabaseRelation.target_table_id.in_(target),
    )
    return list(session().scalars(statement.order_by(DatabaseRelation.confidence.desc(), DatabaseRelation.id)))


def find_page_deleted(*, company_id: UUID, wanted: PageRequest) -> Page[DatabaseTable]:
    """Deleted tables of live connections, the last deleted first."""
    statement = _of_live_connections(company_id).where(DatabaseTable.deleted_at.is_not(None))
    return paginate(statement.order_by(DatabaseTable.deleted_at.desc(), DatabaseTable.id.desc()), wanted)


def set_answers_visitors(*, company_id: UUID, table_id: UUID, allowed: bool) -> None:
    """Says whether agents may answer visitors from a table."""
    statement = update(DatabaseTable).where(DatabaseTable.company_id == company_id, DatabaseTable.id == table_id)
    changed_rows(statement.values(answers_visitors=allowed))


def set_deleted(*, company_id: UUID, table_id: UUID, at: datetime | None, deletion_id: UUID | None) -> bool:
    """Deletes a live table (`at` given) or restores a deleted one (`at` None). False when there was none such."""
    state = _LIVE if at else DatabaseTable.deleted_at.is_not(None)
    statement = update(DatabaseTable).where(DatabaseTable.company_id == company_id, DatabaseTable.id == table_id, state)
    return changed_rows(statement.values(deleted_at=at, deletion_id=deletion_id)) == 1


def set_all_deleted(*, company_id: UUID, connection_id: UUID, at: datetime, deletion_id: UUID) -> int:
    """Deletes all live tables of a connection; returns how many."""
    statement = update(DatabaseTable).where(
        DatabaseTable.company_id == company_id, DatabaseTable.connection_id == connection_id, _LIVE
    )
    return changed_rows(statement.values(deleted_at=at, deletion_id=deletion_id))


def _of_live_connections(company_id: UUID) -> Select[DatabaseTable]:
    return (
        select(DatabaseTable)
        .join(DatabaseConnection, DatabaseConnection.id == DatabaseTable.connection_id)
        .where(
            DatabaseTable.company_id == company_id,
            DatabaseConnection.company_id == company_id,
            DatabaseConnection.deleted_at.is_(None),
        )
    )
