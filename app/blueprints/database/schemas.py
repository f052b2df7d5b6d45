"""Shapes of the routes of customers' databases."""

import marshmallow as ma
from marshmallow import fields, validate

from app.http.fields import EXAMPLE_ID, identifier, moment
from app.http.schemas import PageQuery, ResponseSchema, StrictSchema, doc, page_of, text
from app.services import database_connections
from app.textsql.target import Tls

_URL = "postgresql://reader:secret@db.acme.example:5432/shop"
_MASKED = "postgresql://reader:***@db.acme.example:5432/shop"
_MOST_SCHEMAS = 100


class ConnectionParams(StrictSchema):
    """How a database is connected to, and which part of it is looked at."""

    tls = fields.String(
        validate=validate.OneOf(list(Tls)),
        metadata=doc(
            "`disable`, `prefer` (as it is without), `require`, or `verify`: only with a certificate of this host.",
            "verify",
        ),
    )
    ca_certificate = fields.String(
        validate=validate.Length(max=100_000),
        metadata=doc(
            "The authority that the server's certificate must be signed by, as PEM; without it those that are known.",
            "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n",
        ),
    )
    schemas = fields.List(
        text("A schema.", "public"),
        validate=validate.Length(min=1, max=_MOST_SCHEMAS),
        metadata=doc("Only these schemas are analysed; without it all that the user may see.", ["public"]),
    )


class ChangeConnectionRequest(StrictSchema):
    """What is to change of a connection. Another URL is tried out before it is stored."""

    name = text("What the connection is called.", "Shop")
    url = text(
        "Where the database is and as whom to connect. It is stored encrypted and shown masked; sent back as it was "
        "shown, it stays as it is.",
        _URL,
        max_length=2000,
        load_only=True,
    )
    database_type = text("`postgresql`, `mysql`, `mariadb`, `sqlite`, or another dialect of SQLAlchemy.", "postgresql")
    agent_id = identifier("The agent that may answer from it.")
    connection_params = fields.Nested(
        ConnectionParams, allow_none=True, metadata={"description": "How it is connected to."}
    )


class CreateConnectionRequest(ChangeConnectionRequest):
    """A connection to a customer's database."""

    name = text("What the connection is called.", "Shop", required=True)
    url = text("Where the database is and as whom to connect.", _URL, max_length=2000, required=True)
    database_type = text(
        "`postgresql`, `mysql`, `mariadb`, `sqlite`, or another dialect of SQLAlchemy.", "postgresql", required=True
    )
    agent_id = identifier("The agent that may answer from it.", required=True)


class ConnectionQuery(PageQuery):
    """Which connections are wanted."""

    agent_id = identifier("Only this agent's.", load_default=None)


class ShownParams(ResponseSchema):
    """How a database is connected to."""

    tls = fields.String(metadata=doc("How the connection is encrypted.", "verify"))
    ca_certificate = fields.String(metadata=doc("The authority, as PEM.", "-----BEGIN CERTIFICATE-----\nMIIB…"))
    schemas = fields.List(fields.String(), metadata=doc("The schemas that are analysed.", ["public"]))


class ConnectionResponse(ResponseSchema):
    """A connection, how it is, and how far its analysis has come."""

    id = identifier("The id of the connection.")
    agent_id = identifier("The agent that may answer from it.")
    created_by = identifier("The user who made it, or whose key did.", allow_none=True)
    name = fields.String(metadata=doc("What it is called.", "Shop"))
    database_type = fields.String(metadata=doc("What kind of database it is.", "postgresql"))
    url = fields.Function(
        database_connections.masked_url,
        metadata=doc("Where it is, without the password.", _MASKED) | {"type": "string"},
    )
    connection_params = fields.Nested(ShownParams, metadata={"description": "How it is connected to."})
    status = fields.String(metadata=doc("How the last attempt to connect ended: `connected` or `failed`.", "connected"))
    server_version = fields.String(allow_none=True, metadata=doc("The version of the server.", "17.5"))
    error_code = fields.String(allow_none=True, metadata=doc("What failed, for programs.", None))
    error = fields.String(allow_none=True, metadata=doc("What failed.", None))
    tested_at = moment("When that was.")
    analysis_status = fields.String(metadata=doc("`none`, `queued`, `running`, `done` or `error`.", "running"))
    analysis_stage = fields.String(
        metadata=doc(
            "`queued`, `reading`, `sampling`, `describing`, `embedding`, `querying` or `done`.",
            "sampling",
        )
    )
    analysis_progress = fields.Integer(metadata=doc("Of the present stage, in percent.", 60))
    analysis_error_code = fields.String(allow_none=True, metadata=doc("Why it ended, for programs.", None))
    analysis_error = fields.String(allow_none=True, metadata=doc("Why it ended.", None))
    analyzed_at = moment("When it was last analysed to the end; null: never.", allow_none=True)
    table_count = fields.Integer(metadata=doc("Tables and views that the last analysis found.", 41))
    column_count = fields.Integer(metadata=doc("Their columns.", 380))
    created_at = moment("When it was made.")
    updated_at = moment("When anything of it last changed, the progress of its analysis included.")
    deleted_at = moment("When it was deleted; null while it lives.", allow_none=True)


ConnectionPage = page_of(ConnectionResponse)


class TestResponse(ResponseSchema):
    """How connecting went."""

    connection_id = identifier("The connection.")
    ok = fields.Boolean(metadata=doc("Whether it works.", True))
    error_code = fields.Function(
        lambda report: report.tested.error and f"database_{report.tested.error.failure}",
        metadata=doc(
            "What failed: `database_` and `host`, `tls`, `credentials`, `database`, `permission`, `driver`, `busy`, "
            "`timeout`, `url` or `statement`. Null while it works.",
            "database_credentials",
        )
        | {"type": "string", "nullable": True},
    )
    error = fields.Function(
        lambda report: report.tested.error and report.tested.error.detail,
        metadata=doc("What failed.", "The database server does not accept this user and password.")
        | {"type": "string", "nullable": True},
    )
    server_version = fields.String(
        attribute="tested.server_version", allow_none=True, metadata=doc("The version of the server.", "17.5")
    )
    latency_ms = fields.Integer(attribute="tested.latency_ms", metadata=doc("How long it took, in milliseconds.", 41))
    tested_at = moment("When that was.")


class AnalyzeRequest(StrictSchema):
    """Which databases are to be analysed: those that are named, those of an agent, or all of the company."""

    connection_ids = fields.List(
        fields.UUID(),
        validate=validate.Length(min=1, max=100),
        load_default=None,
        metadata=doc("Only these connections.", [EXAMPLE_ID]),
    )
    agent_id = identifier("Only this agent's.", load_default=None)


class AnalyzingResponse(ResponseSchema):
    """Connections and how far their analyses are."""

    connections = fields.List(
        fields.Nested(ConnectionResponse),
        metadata={"description": "The connections; `GET /v1/database-connection/<id>` tells how far each is."},
    )


class TableQuery(PageQuery):
    """Which tables are wanted."""

    search = text("A part of the name or of the description.", "order", load_default="", min_length=0)


class ChangeTableRequest(StrictSchema):
    """Whether agents may answer visitors from a table."""

    answers_visitors = fields.Boolean(
        required=True, metadata=doc("Whether agents may answer visitors from what is in it.", True)
    )


class TableResponse(ResponseSchema):
    """A table or a view of a customer's database."""

    id = identifier("The id of the table.")
    connection_id = identifier("The connection that it is found through.")
    schema = fields.String(allow_none=True, metadata=doc("Its schema; null where there are none.", "public"))
    name = fields.String(metadata=doc("Its name.", "orders"))
    kind = fields.String(metadata=doc("`table` or `view`.", "table"))
    comment = fields.String(allow_none=True, metadata=doc("What the database says of it.", "Orders of the web shop"))
    description = fields.String(allow_none=True, metadata=doc("What is in it.", "Orders with customer and date."))
    described_by = fields.String(
        allow_none=True,
        metadata=doc("Where the description comes from: `comment`, `model` or `names`.", "model"),
    )
    row_estimate = fields.Integer(
        allow_none=True, metadata=doc("How many rows the database reckons it has; null: it doesn't know.", 120_000)
    )
    primary_key = fields.List(fields.String(), metadata=doc("The columns of its primary key.", ["id"]))
    unique_keys = fields.List(
        fields.List(fields.String()), metadata=doc("Columns that are unique together, key by key.", [["number"]])
    )
    answers_visitors = fields.Boolean(metadata=doc("Whether agents may answer visitors from it.", False))
    created_at = moment("When it was first found.")
    updated_at = moment("When anything of it last changed.")
    deleted_at = moment("When it was deleted; null while it lives.", allow_none=True)


TablePage = page_of(TableResponse)


class ColumnResponse(ResponseSchema):
    """A column of a table. Values with personal data are masked."""

    id = identifier("The id of the column.")
    name = fields.String(metadata=doc("Its name.", "status"))
    type = fields.String(metadata=doc("Its type, as the database writes it.", "character varying(20)"))
    nullable = fields.Boolean(metadata=doc("Whether it may be null.", False))
    comment = fields.String(allow_none=True, metadata=doc("What the database says of it.", None))
    description = fields.String(allow_none=True, metadata=doc("What is in it.", "How far the order is."))
    samples = fields.List(fields.String(allow_none=True), metadata=doc("A few values.", ["open", "shipped"]))
    distinct_values = fields.List(
        fields.String(), allow_none=True, metadata=doc("All values, where they are few.", ["open", "paid", "shipped"])
    )
    personal = fields.String(
        allow_none=True, metadata=doc("The kind of personal data in it; null: none was recognised.", None)
    )


class RelationResponse(ResponseSchema):
    """What columns of a table refer to."""

    columns = fields.List(fields.String(), metadata=doc("Columns of the table.", ["customer_id"]))
    target_table_id = identifier("The table that they refer to.")
    target_columns = fields.List(fields.String(), metadata=doc("Columns of that table, in the same order.", ["id"]))
    confidence = fields.Float(metadata=doc("1 where the database declares it, less where it is inferred.", 0.9))
    evidence = fields.String(
        metadata=doc("`declared`, or what it is inferred from: `names`, `names and values`.", "names and values")
    )


class TableDetailsResponse(TableResponse):
    """A table with its columns and what they refer to."""

    columns = fields.List(fields.Nested(ColumnResponse), metadata={"description": "Its columns, in their order."})
    relations = fields.List(fields.Nested(RelationResponse), metadata={"description": "What it refers to."})

    @ma.pre_dump
    def _flatten(self, details: object, **_: object) -> dict[str, object]:
        shown = {name: getattr(details.table, name) for name in TableResponse().fields}  # type: ignore[attr-defined]
        return {**shown, "columns": details.columns, "relations": details.relations}  # type: ignore[attr-defined]
