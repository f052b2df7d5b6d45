"""Shapes of what is known of customers' databases: snapshot, graph, sample queries, exports."""

from marshmallow import fields, validate

from app.blueprints.database.schemas import RelationResponse, TableDetailsResponse
from app.http.fields import EXAMPLE_ID, identifier, moment
from app.http.schemas import PageQuery, PaginationResponse, ResponseSchema, StrictSchema, doc, page_of, text
from app.services.database_exports import MOST_TABLES


class SnapshotRelationResponse(RelationResponse):
    """What columns of a table refer to, with the name of the other table."""

    target_table = fields.String(metadata=doc("The name of that table.", "customers"))


class SnapshotTableResponse(TableDetailsResponse):
    """A table in the snapshot."""

    relations = fields.List(fields.Nested(SnapshotRelationResponse), metadata={"description": "What it refers to."})


class ConceptResponse(ResponseSchema):
    """A word that tables are called by."""

    name = fields.String(metadata=doc("The word, in the singular.", "order"))
    tables = fields.List(fields.String(), metadata=doc("Names of the tables.", ["order_lines", "orders"]))


class RetypedColumnResponse(ResponseSchema):
    """A column that has another type now."""

    name = fields.String(metadata=doc("The column.", "total"))
    before = fields.String(metadata=doc("Its type before.", "integer"))
    after = fields.String(metadata=doc("Its type now.", "numeric(10,2)"))


class ChangedTableResponse(ResponseSchema):
    """A table whose columns have changed."""

    table = fields.String(metadata=doc("The table, with its schema.", "public.orders"))
    columns_added = fields.List(fields.String(), metadata=doc("Columns that are new.", ["discount"]))
    columns_removed = fields.List(fields.String(), metadata=doc("Columns that are gone.", ["legacy_no"]))
    columns_changed = fields.List(
        fields.Nested(RetypedColumnResponse), metadata={"description": "Columns of another type."}
    )


class DriftResponse(ResponseSchema):
    """What the last analysis found changed."""

    since = fields.String(
        allow_none=True, metadata=doc("When the analysis before was; null: never.", "2026-11-21T09:30:00+00:00")
    )
    tables_added = fields.List(fields.String(), metadata=doc("Tables that are new.", ["public.returns"]))
    tables_removed = fields.List(fields.String(), metadata=doc("Tables that are gone.", ["public.old_orders"]))
    tables_changed = fields.List(
        fields.Nested(ChangedTableResponse), metadata={"description": "Tables whose columns have changed."}
    )
    cut = fields.Boolean(metadata=doc("Whether there is more than is listed here.", False))


class SnapshotResponse(ResponseSchema):
    """What a database is about, as its last analysis found it."""

    connection_id = identifier("The connection.", attribute="connection.id")
    database_type = fields.String(
        attribute="connection.database_type", metadata=doc("What kind of database it is.", "postgresql")
    )
    analysis_status = fields.String(
        attribute="connection.analysis_status", metadata=doc("How the analysis is.", "done")
    )
    analyzed_at = moment("When it was analysed; null: never.", attribute="connection.analyzed_at", allow_none=True)
    table_count = fields.Integer(attribute="connection.table_count", metadata=doc("Tables and views.", 41))
    column_count = fields.Integer(attribute="connection.column_count", metadata=doc("Their columns.", 380))
    drift = fields.Nested(
        DriftResponse, attribute="connection.drift", metadata={"description": "What has changed since the time before."}
    )
    concepts = fields.List(
        fields.Nested(ConceptResponse),
        metadata={"description": "Words that tables are called by."},
    )
    tables = fields.List(
        fields.Nested(SnapshotTableResponse),
        attribute="tables.items",
        metadata={"description": "This page of the tables."},
    )
    pagination = fields.Nested(
        PaginationResponse, attribute="tables.pagination", metadata={"description": "Where this page stands."}
    )


class GraphQuery(PageQuery):
    """Which part of the graph is wanted."""

    search = text("Only tables with this in their name or description.", "order", load_default="", min_length=0)
    columns = fields.Boolean(load_default=True, metadata=doc("Whether columns are nodes as well.", True))


_TABLE_NODE = {"id": f"table:{EXAMPLE_ID}", "kind": "table", "label": "public.orders", "type": "table"}
_EDGE = {
    "source": f"table:{EXAMPLE_ID}",
    "target": "concept:order",
    "key": 0,
    "kind": "about",
}


class GraphResponse(ResponseSchema):
    """Node-link JSON, as `networkx.node_link_graph` and d3 read it."""

    directed = fields.Boolean(metadata=doc("Edges have a direction.", True))
    multigraph = fields.Boolean(metadata=doc("Two nodes may have several edges.", True))
    graph = fields.Dict(metadata=doc("Of which connection, when it was analysed, and which page this is.", {"page": 1}))
    nodes = fields.List(
        fields.Dict(),
        metadata=doc("`kind` is `table`, `column` or `concept`; `label` is what to show.", [_TABLE_NODE]),
    )
    edges = fields.List(
        fields.Dict(),
        metadata=doc(
            "`kind` is `has` (a column), `key` (a declared reference), `join` (an inferred one, with `confidence`), "
            "`similar` (in meaning, with its `weight`) or `about` (a concept).",
            [_EDGE],
        ),
    )
    links = fields.List(fields.Dict(), metadata=doc("The same as `edges`.", [_EDGE]))


class SampleQueryResponse(ResponseSchema):
    """A question that the database answers, with SQL that was run and returned rows."""

    id = identifier("The id of the query.")
    question = fields.String(metadata=doc("The question.", "How many orders are there by status?"))
    sql = fields.String(
        metadata=doc("The statement.", 'SELECT "status", COUNT(*) AS number FROM "orders" GROUP BY "status"')
    )
    tables = fields.List(fields.String(), metadata=doc("The tables that it reads.", ["public.orders"]))
    columns = fields.List(fields.String(), metadata=doc("The columns that it returns.", ["status", "number"]))
    row_count = fields.Integer(metadata=doc("How many rows it returned, up to 20.", 3))
    ran_at = moment("When that was.")


SampleQueryPage = page_of(SampleQueryResponse)


class ExportRequest(StrictSchema):
    """Which tables are to become documents."""

    connection_id = identifier("The connection.", required=True)
    table_ids = fields.List(
        fields.UUID(),
        validate=validate.Length(min=1, max=MOST_TABLES),
        load_default=None,
        metadata=doc("Only these tables; without it all of them.", [EXAMPLE_ID]),
    )
    agent_id = identifier("The agent that is to answer from them; without it the connection's.", load_default=None)
    row_limit = fields.Integer(
        strict=True,
        load_default=1_000,
        validate=validate.Range(1, 10_000),
        metadata=doc("How many rows of each table at most.", 1_000),
    )
    template = text(
        "The text of one row, with `{column}` for its values; without it a list of its values.",
        "{title} costs {price}.",
        max_length=2_000,
        load_default=None,
    )


class ExportedDocumentResponse(ResponseSchema):
    """The document that a table has become."""

    id = identifier("The document; null when it was refused.", allow_none=True)
    filename = fields.String(metadata=doc("What it is called.", "Shop-public.products-6d4e9a01.md"))
    status = fields.String(metadata=doc("The document's status, or `refused`.", "uploaded"))
    duplicate = fields.Boolean(metadata=doc("Whether nothing has changed since it was last exported.", False))
    error = fields.String(allow_none=True, metadata=doc("Why it was refused.", None))


class ExportResponse(ResponseSchema):
    """The documents, one for each table."""

    documents = fields.List(
        fields.Nested(ExportedDocumentResponse),
        metadata={"description": "They wait for a worker; `GET /v1/document/<id>` tells how far each is."},
    )
