"""What an analysis finds of a customer's database, stored as JSON that Postgres unpacks: thirty thousand columns as
parameters take ten times as long."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import delete, select, text

from app.core.transaction import session
from app.models.database_column import DatabaseColumn
from app.models.database_relation import DatabaseRelation
from app.models.database_table import DatabaseTable
from app.repositories.changes import changed_rows

_STORE_TABLES = text("""
    INSERT INTO database_tables (id, company_id, connection_id, schema_name, name, kind, comment, description,
        described_by, row_estimate, primary_key, unique_keys, fingerprint, search)
    SELECT r.id, :company, :connection, r.schema_name, r.name, r.kind, r.comment, r.description, r.described_by,
        r.row_estimate, r.primary_key, r.unique_keys, r.fingerprint, to_tsvector('simple', r.words)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, schema_name text, name text, kind text, comment text,
        description text, described_by text, row_estimate bigint, primary_key jsonb, unique_keys jsonb,
        fingerprint text, words text)
    ON CONFLICT (connection_id, schema_name, name) DO UPDATE SET kind = excluded.kind, comment = excluded.comment,
        description = excluded.description, described_by = excluded.described_by,
        row_estimate = excluded.row_estimate, primary_key = excluded.primary_key,
        unique_keys = excluded.unique_keys, fingerprint = excluded.fingerprint, search = excluded.search,
        embedding_key = NULL, updated_at = now()
    RETURNING id, schema_name, name
""")
_STORE_COLUMNS = text("""
    INSERT INTO database_columns (id, company_id, connection_id, table_id, position, name, type, nullable, comment,
        description, samples, distinct_values, personal, search)
    SELECT r.id, :company, :connection, r.table_id, r.position, r.name, r.type, r.nullable, r.comment, r.description,
        r.samples, r.distinct_values, r.personal, to_tsvector('simple', r.words)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, table_id uuid, position int, name text, type text,
        nullable boolean, comment text, description text, samples jsonb, distinct_values jsonb, personal text,
        words text)
""")
_STORE_RELATIONS = text("""
    INSERT INTO database_relations (id, company_id, connection_id, table_id, columns, target_table_id, target_columns,
        confidence, evidence)
    SELECT r.id, :company, :connection, r.table_id, r.columns, r.target_table_id, r.target_columns, r.confidence,
        r.evidence
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, table_id uuid, columns jsonb, target_table_id uuid,
        target_columns jsonb, confidence double precision, evidence text)
""")
_ESTIMATES = text("""
    UPDATE database_tables t SET row_estimate = r.row_estimate
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, row_estimate bigint)
    WHERE t.company_id = :company AND t.connection_id = :connection AND t.id = r.id
        AND t.row_estimate IS DISTINCT FROM r.row_estimate
""")
_DESCRIBE = text("""
    UPDATE database_tables t SET description = r.description, described_by = 'model', updated_at = now(),
        search = t.search || to_tsvector('simple', r.description), embedding_key = NULL
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, description text)
    WHERE t.company_id = :company AND t.connection_id = :connection AND t.id = r.id
""")


class KnownTable(NamedTuple):
    """A table as it is stored, deleted or not."""

    id: UUID
    schema_name: str
    name: str
    fingerprint: str
    is_deleted: bool


class KnownColumn(NamedTuple):
    """A column as it is stored."""

    table_id: UUID
    name: str
    type: str


class KnownRelation(NamedTuple):
    """A relation as it is stored."""

    table_id: UUID
    columns: list[str]
    target_table_id: UUID
    target_columns: list[str]
    confidence: float
    evidence: str


def find_tables(*, company_id: UUID, connection_id: UUID) -> list[KnownTable]:
    """All tables of a connection, those that people deleted too."""
    statement = select(
        DatabaseTable.id,
        DatabaseTable.schema_name,
        DatabaseTable.name,
        DatabaseTable.fingerprint,
        DatabaseTable.deleted_at.is_not(None),
    ).where(DatabaseTable.company_id == company_id, DatabaseTable.connection_id == connection_id)
    return [KnownTable(*row) for row in session().execute(statement)]


def find_columns(*, company_id: UUID, table_ids: Sequence[UUID]) -> list[KnownColumn]:
    """The columns of tables."""
    statement = select(DatabaseColumn.table_id, DatabaseColumn.name, DatabaseColumn.type).where(
        DatabaseColumn.company_id == company_id, DatabaseColumn.table_id.in_(table_ids)
    )
    return [KnownColumn(*row) for row in session().execute(statement)]


def find_relations(*, company_id: UUID, connection_id: UUID) -> list[KnownRelation]:
    """All relations of a connection."""
    statement = select(
        DatabaseRelation.table_id,
        DatabaseRelation.columns,
        DatabaseRelation.target_table_id,
        DatabaseRelation.target_columns,
        DatabaseRelation.confidence,
        DatabaseRelation.evidence,
    ).where(DatabaseRelation.company_id == company_id, DatabaseRelation.connection_id == connection_id)
    return [KnownRelation(*row) for row in session().execute(statement)]


def store_tables(
    *, company_id: UUID, connection_id: UUID, rows: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], UUID]:
    """Stores new and changed tables; returns their ids by schema and name."""
    stored = session().execute(_STORE_TABLES, _named(company_id, connection_id, rows))
    return {(row.schema_name, row.name): row.id for row in stored}


def store_columns(
    *, company_id: UUID, connection_id: UUID, table_ids: Sequence[UUID], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Stores the columns of tables, in place of those that they had."""
    statement = delete(DatabaseColumn).where(
        DatabaseColumn.company_id == company_id, DatabaseColumn.table_id.in_(table_ids)
    )
    changed_rows(statement)
    session().execute(_STORE_COLUMNS, _named(company_id, connection_id, rows))


def replace_relations(*, company_id: UUID, connection_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Stores all relations of a connection, in place of those that it had."""
    statement = delete(DatabaseRelation).where(
        DatabaseRelation.company_id == company_id, DatabaseRelation.connection_id == connection_id
    )
    changed_rows(statement)
    session().execute(_STORE_RELATIONS, _named(company_id, connection_id, rows))


def set_estimates(*, company_id: UUID, connection_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Sets how many rows tables are reckoned to have."""
    session().execute(_ESTIMATES, _named(company_id, connection_id, rows))


def set_descriptions(*, company_id: UUID, connection_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Sets what a model says of tables."""
    session().execute(_DESCRIBE, _named(company_id, connection_id, rows))


def remove_tables(*, company_id: UUID, connection_id: UUID, table_ids: Sequence[UUID]) -> None:
    """Forgets tables that are gone from the customer's database, with their columns and relations."""
    statement = delete(DatabaseTable).where(
        DatabaseTable.company_id == company_id,
        DatabaseTable.connection_id == connection_id,
        DatabaseTable.id.in_(table_ids),
    )
    changed_rows(statement)


def _named(company_id: UUID, connection_id: UUID, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    # Postgres' jsonb has no U+0000, and some databases have names and comments with it.
    packed = orjson.dumps(list(rows)).decode().replace("\\u0000", "")
    return {"company": company_id, "connection": connection_id, "rows": packed}
