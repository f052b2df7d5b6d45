"""Sample queries of customers' databases."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import String, cast, delete, func, select
from sqlalchemy.dialects.postgresql import JSONB

from app.core.paging import Page, PageRequest, paginate
from app.core.transaction import session
from app.models.database_sample_query import DatabaseSampleQuery
from app.models.database_table import DatabaseTable
from app.repositories.changes import changed_rows


def find_page(*, company_id: UUID, connection_id: UUID, wanted: PageRequest) -> Page[DatabaseSampleQuery]:
    """The sample queries of a connection, as far as all their tables live."""
    schema, name = DatabaseTable.schema_name, DatabaseTable.name
    shown = func.coalesce(func.nullif(schema, "") + ".", "") + name
    live = (
        select(func.coalesce(func.jsonb_agg(cast(shown, String)), cast("[]", JSONB)))
        .where(
            DatabaseTable.company_id == company_id,
            DatabaseTable.connection_id == connection_id,
            DatabaseTable.deleted_at.is_(None),
        )
        .scalar_subquery()
    )
    statement = select(DatabaseSampleQuery).where(
        DatabaseSampleQuery.company_id == company_id,
        DatabaseSampleQuery.connection_id == connection_id,
        DatabaseSampleQuery.tables.op("<@")(live),
    )
    return paginate(statement.order_by(DatabaseSampleQuery.id), wanted)


def replace(*, company_id: UUID, connection_id: UUID, rows: Sequence[DatabaseSampleQuery]) -> None:
    """Stores the sample queries of a connection in place of those that it had."""
    statement = delete(DatabaseSampleQuery).where(
        DatabaseSampleQuery.company_id == company_id, DatabaseSampleQuery.connection_id == connection_id
    )
    changed_rows(statement)
    session().add_all(rows)
    session().flush()
