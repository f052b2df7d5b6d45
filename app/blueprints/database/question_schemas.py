"""Shapes of questions to customers' databases."""

from marshmallow import fields, validate

from app.http.fields import identifier, moment
from app.http.schemas import ResponseSchema, StrictSchema, doc, page_of, text

MOST_ROWS = 10_000
_QUESTION = "How many orders were placed in May?"
_SQL = "SELECT COUNT(*) AS orders FROM orders WHERE placed_at >= '2026-05-01' AND placed_at < '2026-06-01'"
_WRITTEN = 'SELECT COUNT(*) AS "orders" FROM "public"."orders" AS "orders" LIMIT 101'


class AskRequest(StrictSchema):
    """A question in plain words."""

    question = text("What to find out.", _QUESTION, max_length=2_000, required=True)
    execute = fields.Boolean(load_default=False, metadata=doc("Whether to run the query, and return its rows.", True))
    result_limit = fields.Integer(
        strict=True,
        load_default=100,
        validate=validate.Range(1, MOST_ROWS),
        metadata=doc("How many rows at most; the operator's DATABASE_MOST_ROWS bounds it as well.", 100),
    )


class ResultColumnResponse(ResponseSchema):
    """A column of a result."""

    name = fields.String(metadata=doc("What it is called.", "orders"))
    type = fields.String(
        metadata=doc(
            "`integer`, `decimal`, `float`, `text`, `boolean`, `date`, `time`, `timestamp`, `interval`, `json`, "
            "`bytes`, `array`, `uuid` or `other`; `unknown` when the query was not run.",
            "integer",
        )
    )


class StatementResponse(ResponseSchema):
    """A statement that the model wrote."""

    sql = fields.String(allow_none=True, metadata=doc("As it was written; null when there was none.", _SQL))
    error_code = fields.String(
        allow_none=True, metadata=doc("A stable word for what was wrong; null: nothing.", "unknown_column")
    )
    error = fields.String(
        allow_none=True, metadata=doc("What was wrong with it; null: nothing.", "There is no column “placed”.")
    )


class DatabaseAnswerResponse(ResponseSchema):
    """What a question came to."""

    question = fields.String(metadata=doc("The question.", _QUESTION))
    status = fields.String(
        metadata=doc(
            "`answered`; `refused`: the model says that these tables can't answer it; `failed`: nothing that it wrote "
            "could be run, see `attempts`.",
            "answered",
        )
    )
    sql = fields.String(
        allow_none=True, metadata=doc("The query, checked and with every name written out; null without one.", _WRITTEN)
    )
    explanation = fields.String(
        allow_none=True, metadata=doc("What the query does, for people.", "Counts the orders placed in May 2026.")
    )
    refusal = fields.String(allow_none=True, metadata=doc("Why there is no query, in the model's words.", None))
    tables = fields.List(fields.String(), metadata=doc("The tables that the query reads.", ["public.orders"]))
    shown_tables = fields.List(
        fields.String(), metadata=doc("The tables that the model was shown.", ["public.orders", "public.customers"])
    )
    executed = fields.Boolean(metadata=doc("Whether the query was run.", True))
    columns = fields.List(fields.Nested(ResultColumnResponse), metadata={"description": "What the query returns."})
    rows = fields.List(
        fields.List(fields.Raw(allow_none=True)), metadata=doc("The rows, values in the order of the columns.", [[12]])
    )
    row_count = fields.Integer(metadata=doc("How many rows these are.", 1))
    cut = fields.Boolean(metadata=doc("Whether there is more than this, or a value was shortened.", False))
    ran_at = moment("When the query was run; null when it wasn't.", allow_none=True)
    duration_ms = fields.Integer(allow_none=True, metadata=doc("How long it ran.", 12))
    attempts = fields.List(
        fields.Nested(StatementResponse), metadata={"description": "Every statement that the model wrote, in order."}
    )
    provider = fields.String(allow_none=True, metadata=doc("Who wrote the query.", "OpenAI"))
    model = fields.String(allow_none=True, metadata=doc("The model that wrote it.", "gpt-5-mini"))
    input_tokens = fields.Integer(metadata=doc("Tokens of all calls to models.", 1840))
    output_tokens = fields.Integer(metadata=doc("Tokens of their answers.", 96))
    cost = fields.Float(metadata=doc("What the calls cost.", 0.0011))
    currency = fields.String(metadata=doc("The currency of the cost.", "USD"))


class AddExampleRequest(StrictSchema):
    """A question with SQL that answers it well."""

    question = text("The question.", _QUESTION, max_length=2_000, required=True)
    sql = text("The query, which may be run like any that a model writes.", _SQL, max_length=10_000, required=True)


class ExampleResponse(ResponseSchema):
    """An approved question with its SQL."""

    id = identifier("The id of the example.")
    connection_id = identifier("The connection that it is for.")
    created_by = identifier("The user who approved it, or whose key did.", allow_none=True)
    question = fields.String(metadata=doc("The question.", _QUESTION))
    sql = fields.String(metadata=doc("The query.", _SQL))
    tables = fields.List(fields.String(), metadata=doc("The tables that the query reads.", ["public.orders"]))
    created_at = moment("When it was approved.")


ExamplePage = page_of(ExampleResponse)
