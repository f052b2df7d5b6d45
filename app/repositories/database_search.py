"""Search over customers' tables and columns: how near each is in meaning, and in words. What is deleted isn't found.

All vectors of a connection are compared; they are a few thousand.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, text

from app.core.transaction import session
from app.models.database_connection import DatabaseConnection

_TABLES = text("""
    SELECT t.id, -(e.vector <#> CAST(:vector AS halfvec)) AS cosine,
        ts_rank(t.search, CAST(:words AS tsquery), 1) AS rank
    FROM database_tables t
    LEFT JOIN database_embeddings e ON e.company_id = :company AND e.connection_id = t.connection_id
        AND e.space = :space AND e.key = t.embedding_key
    WHERE t.company_id = :company AND t.connection_id = :connection AND t.deleted_at IS NULL
""")
# The nearest texts first, and then the columns that are described by them: there are far fewer texts than columns.
_COLUMNS = text("""
    WITH near AS MATERIALIZED (
        SELECT key, -(vector <#> CAST(:vector AS halfvec)) AS cosine FROM database_embeddings
        WHERE company_id = :company AND connection_id = :connection AND space = :space
        ORDER BY cosine DESC LIMIT :most
    ),
    found AS (
        (SELECT c.id FROM near n JOIN database_columns c ON c.company_id = :company
            AND c.connection_id = :connection AND c.embedding_key = n.key ORDER BY n.cosine DESC LIMIT :most * 5)
        UNION
        (SELECT c.id FROM database_columns c WHERE c.company_id = :company AND c.connection_id = :connection
            AND c.search @@ CAST(:words AS tsquery)
            ORDER BY ts_rank(c.search, CAST(:words AS tsquery), 1) DESC LIMIT :most * 5)
    )
    SELECT c.id, c.table_id, c.name, c.type, c.description, -(e.vector <#> CAST(:vector AS halfvec)) AS cosine,
        ts_rank(c.search, CAST(:words AS tsquery), 1) AS rank
    FROM found f JOIN database_columns c ON c.id = f.id AND c.company_id = :company
    JOIN database_tables t ON t.id = c.table_id AND t.company_id = :company AND t.deleted_at IS NULL
    LEFT JOIN database_embeddings e ON e.company_id = :company AND e.connection_id = :connection AND e.space = :space
        AND e.key = c.embedding_key
""")


_SIMILAR = text("""
    SELECT a.id, n.id, n.cosine FROM database_tables a
    JOIN database_embeddings v ON v.company_id = :company AND v.connection_id = :connection AND v.space = :space
        AND v.key = a.embedding_key
    CROSS JOIN LATERAL (
        SELECT b.id, -(w.vector <#> v.vector) AS cosine FROM database_tables b
        JOIN database_embeddings w ON w.company_id = :company AND w.connection_id = :connection AND w.space = :space
            AND w.key = b.embedding_key
        WHERE b.company_id = :company AND b.connection_id = :connection AND b.deleted_at IS NULL AND b.id <> a.id
        ORDER BY cosine DESC LIMIT :most
    ) n
    WHERE a.company_id = :company AND a.connection_id = :connection AND a.id = ANY(CAST(:ids AS uuid[]))
    ORDER BY a.id, n.cosine DESC
""")


class Place(NamedTuple):
    """A connection to look in, and the space of its vectors (None: it has none)."""

    connection_id: UUID
    agent_id: UUID
    name: str
    space: str | None


class FoundTable(NamedTuple):
    """How well a table fits. `cosine` is None without a vector."""

    id: UUID
    cosine: float | None
    rank: float


class FoundColumn(NamedTuple):
    """A column, and how well it fits."""

    id: UUID
    table_id: UUID
    name: str
    type: str
    description: str | None
    cosine: float | None
    rank: float


def find_places(*, company_id: UUID, connection_id: UUID | None, limit: int) -> list[Place]:
    """The live connections that have been analysed, or the one that is named if it is one of them."""
    statement = select(
        DatabaseConnection.id, DatabaseConnection.agent_id, DatabaseConnection.name, DatabaseConnection.embedding_space
    ).where(
        DatabaseConnection.company_id == company_id,
        DatabaseConnection.deleted_at.is_(None),
        DatabaseConnection.table_count > 0,
    )
    if connection_id is not None:
        statement = statement.where(DatabaseConnection.id == connection_id)
    return [Place(*row) for row in session().execute(statement.order_by(DatabaseConnection.id).limit(limit))]


def rank_tables(
    *, company_id: UUID, place: Place, vector: Sequence[float] | None, words: Sequence[str]
) -> list[FoundTable]:
    """All live tables of a connection. `vector` is the question's, of length 1, in the connection's space."""
    return [FoundTable(*row) for row in session().execute(_TABLES, _named(company_id, place, vector, words))]


def rank_columns(
    *, company_id: UUID, place: Place, vector: Sequence[float] | None, words: Sequence[str], most: int
) -> list[FoundColumn]:
    """Columns of live tables that are near in meaning or in words, several times `most`."""
    named = {**_named(company_id, place, vector, words), "most": most}
    return [FoundColumn(*row) for row in session().execute(_COLUMNS, named)]


def find_similar(
    *, company_id: UUID, place: Place, table_ids: Sequence[UUID], most: int
) -> list[tuple[UUID, UUID, float]]:
    """For each of the tables the `most` live ones that are nearest in meaning, with the cosine of their vectors."""
    named = {"company": company_id, "connection": place.connection_id, "space": place.space, "most": most}
    rows = session().execute(_SIMILAR, {**named, "ids": [str(each) for each in table_ids]})
    return [(row[0], row[1], row[2]) for row in rows]


def _named(company_id: UUID, place: Place, vector: Sequence[float] | None, words: Sequence[str]) -> dict[str, Any]:
    return {
        "company": company_id,
        "connection": place.connection_id,
        "space": place.space if vector is not None else None,
        "vector": None if vector is None else "[" + ",".join(f"{value:.5g}" for value in vector) + "]",
        "words": " | ".join("'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in words),
    }
