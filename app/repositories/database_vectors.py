"""Vectors of the texts that customers' tables and columns are described by, and the search over them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt
import orjson
from sqlalchemy import ARRAY, String, cast, delete, func, select, text, update

from app.core.transaction import session
from app.models.database_column import DatabaseColumn
from app.models.database_connection import AnalysisStatus, DatabaseConnection
from app.models.database_embedding import DatabaseEmbedding
from app.models.database_table import DatabaseTable
from app.repositories.changes import changed_rows

_ADD = text("""
    INSERT INTO database_embeddings (company_id, connection_id, space, key, vector)
    SELECT :company, :connection, :space, r.key, CAST(r.vector AS halfvec)
    FROM unnest(CAST(:keys AS text[]), CAST(:vectors AS text[])) AS r (key, vector)
    ON CONFLICT DO NOTHING
""")
_SET_KEYS = """
    UPDATE {table} t SET embedding_key = r.key FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, key text)
    WHERE t.company_id = :company AND t.connection_id = :connection AND t.id = r.id
        AND t.embedding_key IS DISTINCT FROM r.key
"""
_SET_TABLE_KEYS = text(_SET_KEYS.format(table="database_tables"))
_SET_COLUMN_KEYS = text(_SET_KEYS.format(table="database_columns"))
_RESTS = DatabaseConnection.analysis_status != AnalysisStatus.RUNNING


class DescribedTable(NamedTuple):
    """What the vector of a table is made of."""

    id: UUID
    name: str
    description: str | None


class DescribedColumn(NamedTuple):
    """What the vector of a column is made of."""

    id: UUID
    table_id: UUID
    name: str
    comment: str | None


def find_connections_elsewhere(*, company_id: UUID, agent_id: UUID, space: str) -> Sequence[DatabaseConnection]:
    """An agent's live connections whose vectors are in another space, but for those that are being analysed: they come
    out of that in the space of the settings."""
    statement = select(DatabaseConnection).where(
        DatabaseConnection.company_id == company_id,
        DatabaseConnection.agent_id == agent_id,
        DatabaseConnection.deleted_at.is_(None),
        DatabaseConnection.embedding_space != space,
        _RESTS,
    )
    return session().scalars(statement.order_by(DatabaseConnection.id)).all()


def switch(*, company_id: UUID, connection_id: UUID, attempt: int, space: str) -> bool:
    """From now on a connection is searched in a space; False when it has been analysed since the `attempt`, or is being
    so."""
    statement = update(DatabaseConnection).where(
        DatabaseConnection.company_id == company_id,
        DatabaseConnection.id == connection_id,
        DatabaseConnection.attempt == attempt,
        _RESTS,
    )
    # `updated_at` is for what people change.
    return changed_rows(statement.values(embedding_space=space, updated_at=DatabaseConnection.updated_at)) == 1


def find_tables(*, company_id: UUID, connection_id: UUID) -> list[DescribedTable]:
    """All tables of a connection; deleted ones too, for they may come back."""
    statement = select(DatabaseTable.id, DatabaseTable.name, DatabaseTable.description).where(
        DatabaseTable.company_id == company_id, DatabaseTable.connection_id == connection_id
    )
    return [DescribedTable(*row) for row in session().execute(statement.order_by(DatabaseTable.id))]


def find_columns(*, company_id: UUID, connection_id: UUID) -> list[DescribedColumn]:
    """All columns of a connection, in their order."""
    statement = select(DatabaseColumn.id, DatabaseColumn.table_id, DatabaseColumn.name, DatabaseColumn.comment).where(
        DatabaseColumn.company_id == company_id, DatabaseColumn.connection_id == connection_id
    )
    ordered = statement.order_by(DatabaseColumn.table_id, DatabaseColumn.position)
    return [DescribedColumn(*row) for row in session().execute(ordered)]


def find_keys(*, company_id: UUID, connection_id: UUID, space: str) -> set[str]:
    """The texts that have a vector in a space."""
    statement = select(DatabaseEmbedding.key).where(
        DatabaseEmbedding.company_id == company_id,
        DatabaseEmbedding.connection_id == connection_id,
        DatabaseEmbedding.space == space,
    )
    return set(session().scalars(statement))


def add_many(
    *, company_id: UUID, connection_id: UUID, space: str, keys: Sequence[str], vectors: npt.NDArray[np.float32]
) -> None:
    """Stores the vectors (n, dimension), each of length 1, of n texts."""
    rounded = np.ascontiguousarray(np.round(vectors, 6))
    literals = [orjson.dumps(each, option=orjson.OPT_SERIALIZE_NUMPY).decode() for each in rounded]
    named = {"company": company_id, "connection": connection_id, "space": space}
    session().execute(_ADD, {**named, "keys": list(keys), "vectors": literals})


def set_keys(*, company_id: UUID, connection_id: UUID, tables: Mapping[UUID, str], columns: Mapping[UUID, str]) -> None:
    """Says which text each table and column is described by."""
    named: dict[str, Any] = {"company": company_id, "connection": connection_id}
    for statement, keys in ((_SET_TABLE_KEYS, tables), (_SET_COLUMN_KEYS, columns)):
        rows = [{"id": str(row_id), "key": key} for row_id, key in keys.items()]
        session().execute(statement, {**named, "rows": orjson.dumps(rows).decode()})


def delete_others(*, company_id: UUID, connection_id: UUID, space: str, kept: Sequence[str]) -> int:
    """Deletes the vectors of other spaces and of texts that nothing is described by any more; returns how many."""
    texts = select(func.unnest(cast(list(kept), ARRAY(String))))
    statement = delete(DatabaseEmbedding).where(
        DatabaseEmbedding.company_id == company_id,
        DatabaseEmbedding.connection_id == connection_id,
        (DatabaseEmbedding.space != space) | DatabaseEmbedding.key.not_in(texts),
    )
    return changed_rows(statement)
