"""Shapes of figures that several analytics share."""

from marshmallow import fields

from app.http.fields import identifier, moment
from app.http.periods import PeriodResponse
from app.http.schemas import ResponseSchema, doc


def count(description: str, example: int = 12) -> fields.Integer:
    """How many of something."""
    return fields.Integer(metadata=doc(description, example))


def share(description: str, example: float = 0.25) -> fields.Float:
    """A part of a whole."""
    return fields.Float(allow_none=True, metadata=doc(f"{description}, 0 to 1; null where there is none.", example))


class TimesResponse(ResponseSchema):
    """How long something took, in milliseconds."""

    mean = fields.Float(allow_none=True, metadata=doc("The mean; null where it isn't kept.", 2310.5))
    p50 = fields.Float(allow_none=True, metadata=doc("Half took no longer; at most 4.5 % off.", 1722.2))
    p95 = fields.Float(allow_none=True, metadata=doc("95 % took no longer; at most 4.5 % off.", 5793.0))
    p99 = fields.Float(allow_none=True, metadata=doc("99 % took no longer; at most 4.5 % off.", 8192.4))
    count = count("How many were timed.", 40)


class AnswerCountsResponse(ResponseSchema):
    """Questions of the period and how they ended."""

    turns = count("Questions that asked for an answer.", 42)
    answered = count("Answered from the documents.", 35)
    refused = count("The documents had no answer.", 5)
    small_talk = count("Greetings, thanks and the like.", 1)
    failed = count("Failed.", 1)
    handovers_offered = count("Answers that offered a person.", 5)
    refusal_rate = share("Share of questions, small talk aside, without an answer", 0.125)
    response_ms = fields.Nested(TimesResponse, metadata={"description": "From the question to the complete answer."})
    first_token_ms = fields.Nested(TimesResponse, metadata={"description": "From the question to the first words."})
    queued_ms = fields.Nested(TimesResponse, metadata={"description": "Until a worker took the question."})


class FeedbackCountsResponse(ResponseSchema):
    """What people thought of answers given in the period."""

    up = count("Found helpful.", 17)
    down = count("Found not helpful.", 2)
    satisfaction = share("Share of the helpful ones", 0.8947)


class CostResponse(ResponseSchema):
    """Calls to models in one currency."""

    currency = fields.String(metadata=doc("ISO 4217 code.", "USD"))
    calls = count("Calls.", 81)
    failed = count("Calls that failed.", 2)
    input_tokens = count("Tokens that models read.", 120_000)
    output_tokens = count("Tokens that models wrote.", 9_000)
    cost = fields.Float(metadata=doc("What they cost, by the prices of their time.", 0.42))


class MessageCountsResponse(ResponseSchema):
    """Messages of the period that are not deleted."""

    total = count("Messages.", 82)
    visitor = count("Of visitors.", 42)
    agent = count("Of agents.", 40)


class DocumentCountsResponse(ResponseSchema):
    """Documents, now."""

    total = count("Documents.", 9)
    by_status = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata=doc("How many by status.", {"processed": 9})
    )
    chunks = count("Passages that they were cut into.", 412)
    bytes = count("Size of their files.", 1_204_224)


class UnansweredCountsResponse(ResponseSchema):
    """Questions of the period that the documents had no answer to."""

    asked = count("Questions.", 5)
    open = count("Those that the team has not resolved.", 3)


class DailyResponse(ResponseSchema):
    """One day of the caller's zone."""

    date = fields.Date(metadata=doc("The day.", "2026-11-21"))
    conversations = count("Conversations that began.")
    visitor_messages = count("Messages of visitors.")
    agent_messages = count("Messages of agents.")
    turns = count("Questions that asked for an answer.")
    answered = count("Answered from the documents.")
    refused = count("Without an answer.")
    failed = count("Failed.")


class OpenQuestionResponse(ResponseSchema):
    """A question that the documents had no answer to."""

    id = identifier("The question.")
    question = fields.String(metadata=doc("What was asked.", "Do you ship to Iceland?"))
    language = fields.String(allow_none=True, metadata=doc("BCP 47.", "en"))
    confidence = fields.Float(metadata=doc("How well the best passage fitted, 0 to 1.", 0.25))
    created_at = moment("When it was asked.")
    resolved_at = moment("When the team resolved it; null: open.", allow_none=True)


def period() -> fields.Nested:
    """The time that an answer is about."""
    return fields.Nested(PeriodResponse, metadata={"description": "The time that the figures are about."})
