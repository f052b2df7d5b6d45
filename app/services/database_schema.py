"""What is known of a customer's database, in the shape in which questions are asked of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.models.database_column import DatabaseColumn
from app.models.database_relation import DatabaseRelation
from app.models.database_table import DatabaseTable
from app.repositories import database_tables
from app.textsql.schema import Column, ForeignKey, Table, TableKind


@dataclass(frozen=True)
class StoredTable:
    """A live table: as `app.textsql` knows it, and what the analysis found out about it. `columns` by their names."""

    id: UUID
    table: Table
    description: str | None
    answers_visitors: bool
    columns: Mapping[str, DatabaseColumn]


def load(*, company_id: UUID, connection_id: UUID, for_visitors: bool = False) -> list[StoredTable]:
    """The live tables of a connection by schema and name, with keys among them, declared and inferred; for visitors
    only those that agents may answer visitors from. In the running transaction."""
    rows = database_tables.find_live(company_id=company_id, connection_id=connection_id, for_visitors=for_visitors)
    ids = [row.id for row in rows]
    columns = database_tables.find_columns(company_id=company_id, table_ids=ids)
    relations = database_tables.find_relations(company_id=company_id, table_ids=ids)
    names = {row.id: row for row in rows}
    keys: dict[UUID, list[ForeignKey]] = {}
    for relation in relations:
        target = names.get(relation.target_table_id)
        if target is not None:
            keys.setdefault(relation.table_id, []).append(_key(relation, target))
    return [_stored(row, columns[row.id], keys.get(row.id, ())) for row in rows]


def _stored(row: DatabaseTable, columns: Sequence[DatabaseColumn], keys: Sequence[ForeignKey]) -> StoredTable:
    table = Table(
        row.schema,
        row.name,
        TableKind(row.kind),
        tuple(Column(each.name, each.type, each.nullable, each.comment) for each in columns),
        tuple(row.primary_key),
        tuple(tuple(key) for key in row.unique_keys),
        tuple(keys),
        row.comment,
        row.row_estimate,
    )
    return StoredTable(row.id, table, row.description, row.answers_visitors, {each.name: each for each in columns})


def _key(relation: DatabaseRelation, target: DatabaseTable) -> ForeignKey:
    return ForeignKey(
        tuple(relation.columns), target.schema, target.name, tuple(relation.target_columns), relation.confidence
    )
