"""The shape of an agent's statistics."""

from marshmallow import fields

from app.http.fields import identifier, moment
from app.http.schemas import ResponseSchema, doc


class TurnStatsResponse(ResponseSchema):
    """Answers asked for."""

    by_status = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata=doc("How many by status.", {"completed": 40})
    )
    by_outcome = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata=doc("How many of the completed ones by outcome.", {"answered": 35, "refused": 5}),
    )
    refusal_rate = fields.Float(
        allow_none=True,
        metadata=doc("Share of questions, small talk aside, that the documents did not answer, 0 to 1.", 0.125),
    )
    response_ms = fields.Float(
        allow_none=True, metadata=doc("Mean time from question to complete answer, in milliseconds.", 2310.5)
    )
    first_delta_ms = fields.Float(
        allow_none=True, metadata=doc("Mean time from question to the first words, in milliseconds.", 640.0)
    )


class UsageStatsResponse(ResponseSchema):
    """Calls to models in one currency."""

    currency = fields.String(metadata=doc("ISO 4217 code.", "USD"))
    calls = fields.Integer(metadata=doc("Calls.", 81))
    input_tokens = fields.Integer(metadata=doc("Tokens that models read.", 120_000))
    output_tokens = fields.Integer(metadata=doc("Tokens that models wrote.", 9_000))
    cost = fields.Float(metadata=doc("What they cost, by the prices of their time.", 0.42))


class AgentStatsResponse(ResponseSchema):
    """What an agent has done so far."""

    agent_id = identifier("The agent.")
    conversations = fields.Integer(metadata=doc("Its conversations.", 31))
    open_conversations = fields.Integer(metadata=doc("Those that are not closed.", 12))
    messages = fields.Integer(metadata=doc("Messages in them.", 164))
    visitor_messages = fields.Integer(metadata=doc("Messages of visitors.", 84))
    agent_messages = fields.Integer(metadata=doc("Answers.", 80))
    leads = fields.Integer(metadata=doc("Leads that met it.", 28))
    turns = fields.Nested(TurnStatsResponse, metadata={"description": "Answers asked for."})
    feedback_up = fields.Integer(metadata=doc("Answers that were found helpful.", 17))
    feedback_down = fields.Integer(metadata=doc("Answers that were not.", 2))
    documents = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata=doc("Documents by status.", {"processed": 9})
    )
    chunks = fields.Integer(metadata=doc("Passages that its documents were cut into.", 412))
    unanswered_questions = fields.Integer(metadata=doc("Questions without an answer.", 5))
    open_questions = fields.Integer(metadata=doc("Those that the team has not resolved.", 3))
    usage = fields.List(
        fields.Nested(UsageStatsResponse), metadata={"description": "Calls to models, by currency of their prices."}
    )
    last_activity_at = moment("When somebody last wrote; null: never.", allow_none=True)
