"""The knowledge graph of a customer's database, as node-link JSON.

Nodes are tables, columns and concepts. Edges say which table has which column, which columns refer to which (`key` as
declared, `join` as inferred), which tables are about which concept, and which are similar in meaning. `edges` and
`links` are the same list: `networkx.node_link_graph` reads the one, d3's examples the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.core.paging import PageRequest
from app.models.database_column import DatabaseColumn
from app.models.database_connection import DatabaseConnection
from app.models.database_relation import DatabaseRelation
from app.models.database_table import DatabaseTable
from app.repositories import database_search, database_tables
from app.repositories.database_search import Place
from app.security.principal import Principal
from app.services import database_connections, database_snapshot

_SIMILAR_TO = 3

Node = dict[str, Any]
Edge = dict[str, Any]


@dataclass
class _Graph:
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)

    def connect(self, source: str, target: str, kind: str, **values: Any) -> None:
        """Adds an edge between nodes that are there."""
        if source in self.nodes and target in self.nodes:
            self.edges.append({"source": source, "target": target, "key": len(self.edges), "kind": kind, **values})


def get(
    principal: Principal, connection_id: UUID, *, search: str, with_columns: bool, wanted: PageRequest
) -> dict[str, Any]:
    """The graph of a page of tables, those whose name or description has `search` in it, and of the tables that these
    refer to."""
    connection = database_connections.get(principal, connection_id)
    company_id = connection.company_id
    page = database_tables.find_page(company_id=company_id, connection_id=connection.id, search=search, wanted=wanted)
    ids = [table.id for table in page.items]
    relations = database_tables.find_relations(company_id=company_id, table_ids=ids)
    near = _similar(connection, ids)
    beyond = {each.target_table_id for each in relations} | {target for _, target, _ in near}
    others = database_tables.find_by_ids(company_id=company_id, table_ids=sorted(beyond - set(ids)))
    tables = [*page.items, *others.values()]
    columns = database_tables.find_columns(company_id=company_id, table_ids=ids) if with_columns else {}
    graph = _Graph()
    graph.nodes.update((_table(each.id), _table_node(each)) for each in tables)
    _add_columns(graph, columns)
    _add_relations(graph, relations, columns)
    for source, target, cosine in near:
        graph.connect(_table(source), _table(target), "similar", weight=round(cosine, 4))
    _add_concepts(graph, connection, tables)
    pagination = page.pagination
    return {
        "directed": True,
        "multigraph": True,
        "graph": {
            "connection_id": connection.id,
            "analyzed_at": connection.analyzed_at,
            "page": pagination.page,
            "per_page": pagination.per_page,
            "total": pagination.total,
            "pages": pagination.pages,
        },
        "nodes": list(graph.nodes.values()),
        "edges": graph.edges,
        "links": graph.edges,
    }


def _similar(connection: DatabaseConnection, ids: Sequence[UUID]) -> list[tuple[UUID, UUID, float]]:
    place = Place(connection.id, connection.agent_id, connection.name, connection.embedding_space)
    if not ids or place.space is None:
        return []
    return database_search.find_similar(company_id=connection.company_id, place=place, table_ids=ids, most=_SIMILAR_TO)


def _table_node(table: DatabaseTable) -> Node:
    return {
        "id": _table(table.id),
        "kind": "table",
        "label": f"{table.schema}.{table.name}" if table.schema else table.name,
        "type": table.kind,
        "description": table.description,
        "rows": table.row_estimate,
    }


def _add_columns(graph: _Graph, columns: dict[UUID, list[DatabaseColumn]]) -> None:
    for table_id, found in columns.items():
        for column in found:
            graph.nodes[_column(column.id)] = {
                "id": _column(column.id),
                "kind": "column",
                "label": column.name,
                "type": column.type,
                "description": column.description,
                "personal": column.personal,
            }
            graph.connect(_table(table_id), _column(column.id), "has")


def _add_relations(
    graph: _Graph, relations: Sequence[DatabaseRelation], columns: dict[UUID, list[DatabaseColumn]]
) -> None:
    names = {(column.table_id, column.name): column.id for found in columns.values() for column in found}
    for each in relations:
        kind = "key" if each.evidence == "declared" else "join"
        said = {"confidence": each.confidence, "columns": each.columns, "target_columns": each.target_columns}
        graph.connect(_table(each.table_id), _table(each.target_table_id), kind, **said)
        for own, theirs in _pairs(each, names):
            graph.connect(_column(own), _column(theirs), kind, confidence=each.confidence)


def _pairs(each: DatabaseRelation, names: dict[tuple[UUID, str], UUID]) -> Iterator[tuple[UUID, UUID]]:
    for own, theirs in zip(each.columns, each.target_columns, strict=False):
        source, target = names.get((each.table_id, own)), names.get((each.target_table_id, theirs))
        if source and target:
            yield source, target


def _add_concepts(graph: _Graph, connection: DatabaseConnection, tables: Sequence[DatabaseTable]) -> None:
    names = database_tables.find_names(company_id=connection.company_id, connection_id=connection.id)
    shown = {table.id for table in tables}
    for word, ids in database_snapshot.concepts_of(names).items():
        about = [each for each in ids if each in shown]
        if about:
            graph.nodes[f"concept:{word}"] = {"id": f"concept:{word}", "kind": "concept", "label": word}
        for table_id in about:
            graph.connect(_table(table_id), f"concept:{word}", "about")


def _table(table_id: UUID) -> str:
    return f"table:{table_id}"


def _column(column_id: UUID) -> str:
    return f"column:{column_id}"
