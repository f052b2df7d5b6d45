"""Shapes of the dashboard routes."""

from marshmallow import fields, validate

from app.http.fields import identifier
from app.http.schemas import ResponseSchema, StrictSchema, doc, text

MOST_RESULTS = 50


class SearchDocumentsRequest(StrictSchema):
    """What to look for, and where."""

    query = text("What to look for.", "How long can I return a helmet?", max_length=2_000, required=True)
    agent_id = identifier("Whose documents to look in.", required=True)
    limit = fields.Integer(
        strict=True,
        load_default=10,
        validate=validate.Range(1, MOST_RESULTS),
        metadata=doc(f"How many passages at most, up to {MOST_RESULTS}.", 10),
    )


class PassageResponse(ResponseSchema):
    """A passage that fits."""

    chunk_id = identifier("The passage.")
    document_id = identifier("Its document.")
    title = fields.String(metadata=doc("The document's title.", "Returns and refunds"))
    url = fields.String(allow_none=True, metadata=doc("Where the page is, for documents from the web.", None))
    page = fields.Integer(allow_none=True, metadata=doc("The page, from 1, where there are pages.", 3))
    heading_path = fields.List(
        fields.String(), metadata=doc("The headings above it, outermost first.", ["Returns", "How long"])
    )
    text = fields.String(metadata=doc("The passage.", "You can return any item within 30 days."))
    start = fields.Integer(metadata=doc("Where it begins, in characters of the document's text.", 1204))
    end = fields.Integer(metadata=doc("Where it ends.", 1244))
    language = fields.String(allow_none=True, metadata=doc("BCP 47.", "en"))
    score = fields.Float(metadata=doc("How well it fits in words and meaning, 0 to 1, among these.", 0.93))
    cosine = fields.Float(metadata=doc("How near its vector is to that of the query.", 0.87))


class SearchDocumentsResponse(ResponseSchema):
    """What was found."""

    query = fields.String(metadata=doc("What was looked for.", "How long can I return a helmet?"))
    results = fields.List(fields.Nested(PassageResponse), metadata={"description": "The best passages, best first."})
    total = fields.Integer(metadata=doc("How many they are.", 10))


class SearchDatabasesRequest(StrictSchema):
    """What to look for in databases, and where."""

    query = text("What to look for.", "What customers owe us", max_length=2_000, required=True)
    connection_id = identifier("Only in this connection's database; without it in all of them.", load_default=None)
    limit = fields.Integer(
        strict=True,
        load_default=10,
        validate=validate.Range(1, MOST_RESULTS),
        metadata=doc(f"How many tables and columns at most, up to {MOST_RESULTS}.", 10),
    )


class DatabaseHitResponse(ResponseSchema):
    """A table or a column that fits."""

    kind = fields.String(metadata=doc("`table` or `column`.", "column"))
    connection_id = identifier("The connection that it is found through.")
    table_id = identifier("The table, or that of the column.")
    schema = fields.String(allow_none=True, metadata=doc("The schema; null where there are none.", "public"))
    table = fields.String(metadata=doc("The table's name.", "invoices"))
    column_id = identifier("The column; null for a table.", allow_none=True)
    column = fields.String(allow_none=True, metadata=doc("The column's name; null for a table.", "open_amount"))
    type = fields.String(metadata=doc("The column's type, or `table` or `view`.", "numeric(10,2)"))
    description = fields.String(allow_none=True, metadata=doc("What is in it.", "What is still to be paid."))
    score = fields.Float(metadata=doc("How well it fits in words and meaning, 0 to 1, among these.", 0.93))


class SearchDatabasesResponse(ResponseSchema):
    """What was found."""

    query = fields.String(metadata=doc("What was looked for.", "What customers owe us"))
    results = fields.List(fields.Nested(DatabaseHitResponse), metadata={"description": "The best, best first."})
    total = fields.Integer(metadata=doc("How many they are.", 10))
