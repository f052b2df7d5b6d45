"""The semantic snapshot: what a customer's database is about, table by table, as its last analysis found it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.paging import Page, PageRequest
from app.models.database_column import DatabaseColumn
from app.models.database_connection import DatabaseConnection
from app.models.database_relation import DatabaseRelation
from app.models.database_table import DatabaseTable
from app.repositories import database_tables
from app.security.principal import Principal
from app.services import database_connections
from app.textsql.names import singular, words_of

_MOST_CONCEPTS = 100
_SHORTEST_CONCEPT = 3


@dataclass(frozen=True)
class TableSnapshot:
    """A table with its columns, and where it leads to."""

    table: DatabaseTable
    columns: Sequence[DatabaseColumn]
    relations: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Snapshot:
    """A page of tables, and what is said of all of them. `concepts`: words that tables are called by, the most
    frequent first, with the names of the tables."""

    connection: DatabaseConnection
    concepts: Sequence[dict[str, Any]]
    tables: Page[TableSnapshot]


def get(principal: Principal, connection_id: UUID, wanted: PageRequest) -> Snapshot:
    """The snapshot of a connection."""
    connection = database_connections.get(principal, connection_id)
    company_id = connection.company_id
    page = database_tables.find_page(company_id=company_id, connection_id=connection.id, search="", wanted=wanted)
    names = database_tables.find_names(company_id=company_id, connection_id=connection.id)
    ids = [table.id for table in page.items]
    columns = database_tables.find_columns(company_id=company_id, table_ids=ids)
    relations: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for each in database_tables.find_relations(company_id=company_id, table_ids=ids):
        relations[each.table_id].append(_relation(each, names))
    found = concepts_of(names)
    tables = [TableSnapshot(table, columns[table.id], relations[table.id]) for table in page.items]
    return Snapshot(connection, _shown(found, names), Page(tables, page.pagination))


def concepts_of(names: Mapping[UUID, str]) -> dict[str, list[UUID]]:
    """Words that tables are called by, in the singular, with the tables; a word of one table alone is none, unless the
    table is called just so."""
    tables: dict[str, list[UUID]] = defaultdict(list)
    alone = set()
    for table_id, name in names.items():
        words = [singular(word) for word in words_of(name) if len(word) >= _SHORTEST_CONCEPT and not word.isdigit()]
        for word in dict.fromkeys(words):
            tables[word].append(table_id)
        if len(words) == 1:
            alone.add(words[0])
    counts = Counter({word: len(found) for word, found in tables.items() if len(found) > 1 or word in alone})
    return {word: tables[word] for word, _ in counts.most_common(_MOST_CONCEPTS)}


def _shown(concepts: Mapping[str, Sequence[UUID]], names: Mapping[UUID, str]) -> list[dict[str, Any]]:
    return [{"name": word, "tables": sorted(names[each] for each in ids)} for word, ids in concepts.items()]


def _relation(each: DatabaseRelation, names: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "columns": each.columns,
        "target_table_id": each.target_table_id,
        "target_table": names.get(each.target_table_id),
        "target_columns": each.target_columns,
        "confidence": each.confidence,
        "evidence": each.evidence,
    }
