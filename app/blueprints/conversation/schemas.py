"""Shapes of the conversation routes."""

from typing import Any

import marshmallow as ma
import orjson
from marshmallow import fields, validate

from app.core.settings import settings
from app.http.fields import EXAMPLE_ID, identifier, moment
from app.http.schemas import PageQuery, ResponseSchema, StrictSchema, doc, page_of, seen, text
from app.http.shared_messages import MessageResponse, TurnErrorResponse
from app.models.conversation import ConversationStatus
from app.models.message import Rating

_MOST_METADATA_BYTES = 10_000
_LEAST_CONTEXT, _MOST_CONTEXT = 200, 200_000


def _small(value: dict[str, Any]) -> None:
    if len(orjson.dumps(value)) > _MOST_METADATA_BYTES:
        raise ma.ValidationError(f"At most {_MOST_METADATA_BYTES} bytes as JSON.")


def _within_limit(value: str) -> None:
    if not value:
        raise ma.ValidationError("Say something.")
    if len(value) > settings().max_message_characters:
        raise ma.ValidationError(f"At most {settings().max_message_characters} characters.")


class CreateConversationRequest(StrictSchema):
    """A conversation to be."""

    agent_id = identifier("Who is to answer.", required=True)
    title = text("Its title; without one, the first question gives it.", "Returning a helmet", allow_none=True)
    metadata = fields.Dict(
        keys=fields.String(), validate=_small, metadata=doc("Whatever you want to keep with it.", {"page": "/returns"})
    )
    max_context_length = fields.Integer(
        strict=True,
        validate=validate.Range(_LEAST_CONTEXT, _MOST_CONTEXT),
        metadata=doc("How much of what was said a model is shown, in tokens.", 4000),
    )
    lead_id = identifier("The lead in whose name you open it; leads open their own.")


class ConversationQuery(PageQuery):
    """Which conversations."""

    agent_id = identifier("Only those with this agent.", load_default=None)
    lead_id = identifier("Only those of this lead.", load_default=None)
    status = fields.String(
        load_default=None,
        validate=validate.OneOf(list(ConversationStatus)),
        metadata=doc("`active` or `closed`.", "active"),
    )
    search = text("Part of the title.", "return", load_default=None)


class ConversationResponse(ResponseSchema):
    """A conversation."""

    id = identifier("The id of the conversation.")
    agent_id = identifier("Who answers.")
    lead_id = identifier("The lead whose it is; null: of the team's or an integrator's own.", allow_none=True)
    user_id = identifier("The user who opened it, or whose API key did; null for leads.", allow_none=True)
    title = fields.String(allow_none=True, metadata=doc("Its title.", "Returning a helmet"))
    metadata = fields.Dict(attribute="details", metadata=doc("What was kept with it.", {"page": "/returns"}))
    max_context_length = fields.Integer(metadata=doc("What a model is shown of it, in tokens.", 4000))
    status = fields.String(metadata=doc("`active` or `closed`.", "active"))
    last_message_at = moment("When the last message was said, or when it was opened.")
    created_at = moment("When it was opened.")
    updated_at = moment("When it was last changed.")
    deleted_at = moment("When it was deleted; null while it lives.", allow_none=True)


class ChatRequest(StrictSchema):
    """What the visitor says."""

    message = fields.String(
        required=True, validate=[_within_limit, seen], metadata=doc("The question.", "How long can I return a helmet?")
    )


class QueuedResponse(ResponseSchema):
    """The message is stored and will be answered."""

    status = fields.String(metadata=doc("Always `queued`.", "queued"))
    task_id = identifier("The task that answers it.")
    conversation_id = identifier("The conversation.")
    message_id = identifier("The stored message.")
    poll_url = fields.String(metadata=doc("Tells how far it is.", f"/v1/conversation/{EXAMPLE_ID}/task/{EXAMPLE_ID}"))


class TaskResponse(ResponseSchema):
    """How far the answer to a message is."""

    task_id = identifier("The task.")
    conversation_id = identifier("The conversation.")
    message_id = identifier("The message that it answers.")
    status = fields.String(metadata=doc("`queued`, `processing`, `completed` or `failed`.", "completed"))
    outcome = fields.String(
        allow_none=True,
        metadata=doc("`answered`, `refused` (not in the documents) or `small_talk`; null until then.", "answered"),
    )
    attempt = fields.Integer(metadata=doc("How often a worker has begun with it.", 1))
    response = fields.Nested(
        MessageResponse, allow_none=True, metadata={"description": "The answer; null until there is one."}
    )
    error = fields.Nested(
        TurnErrorResponse, allow_none=True, metadata={"description": "Why it failed; null unless it did."}
    )
    created_at = moment("When the message was stored.")
    started_at = moment("When a worker last began with it; null: not yet.", allow_none=True)
    finished_at = moment("When it was over; null: not yet.", allow_none=True)


class CountResponse(ResponseSchema):
    """How many messages it was."""

    conversation_id = identifier("The conversation.")
    count = fields.Integer(metadata=doc("How many messages it was.", 4))


class FeedbackRequest(StrictSchema):
    """What somebody thinks of an answer."""

    rating = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(list(Rating)),
        metadata=doc("`up` or `down`; null takes it back.", "up"),
    )
    comment = text("Why.", "Just what I needed", max_length=2_000, allow_none=True, load_default=None)


ConversationPage = page_of(ConversationResponse)
MessagePage = page_of(MessageResponse)
