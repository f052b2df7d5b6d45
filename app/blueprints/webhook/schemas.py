"""Shapes of the webhook routes."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.http.fields import EXAMPLE_ID, EXAMPLE_TIME, identifier, moment
from app.http.schemas import PageQuery, ResponseSchema, StrictSchema, doc, page_of, text
from app.http.webhook_events import CATALOGUE, subscribable
from app.models.webhook import WebhookStatus
from app.models.webhook_delivery import DeliveryStatus

_URL = "https://hooks.acme.example/frontdesk"
_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
_MOST_OVERLAP_HOURS = 168
_ERROR_CODES = "`timed_out`, `unreachable`, `bad_certificate`, `name_not_found`, `blocked_address`, `not_https`, "


def _printable(value: str) -> None:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ma.ValidationError("May only contain visible ASCII characters; encode others.")


def _url(**extra: Any) -> fields.String:
    described = doc("Where events are posted to, https.", _URL)
    return fields.String(validate=[validate.Length(1, 2000), _printable], metadata=described, **extra)


def _event_types(**extra: Any) -> fields.List:
    return fields.List(
        fields.String(validate=validate.OneOf(subscribable())),
        validate=validate.Length(max=len(CATALOGUE)),
        metadata=doc(
            "Which events; empty: all. `GET /v1/webhook/event-type` lists them.",
            ["message.completed", "lead.registered"],
        ),
        **extra,
    )


class CreateWebhookRequest(StrictSchema):
    """A new webhook."""

    url = _url(required=True)
    event_types = _event_types(load_default=list)
    description = text("What it is for.", "Our CRM", max_length=200, allow_none=True, load_default=None)


class UpdateWebhookRequest(StrictSchema):
    """Any subset of a webhook's fields."""

    url = _url()
    event_types = _event_types()
    description = text("What it is for.", "Our CRM", max_length=200, allow_none=True)
    status = fields.String(
        validate=validate.OneOf([WebhookStatus.ACTIVE, WebhookStatus.DISABLED]),
        metadata=doc("`active`: what waits is sent now. `disabled`: nothing is sent, nor kept from now on.", "active"),
    )


class WebhookResponse(ResponseSchema):
    """A webhook, without its secret."""

    id = identifier("The id of the webhook.")
    url = fields.String(metadata=doc("Where events are posted to.", _URL))
    description = fields.String(allow_none=True, metadata=doc("What it is for.", "Our CRM"))
    event_types = fields.List(fields.String(), metadata=doc("Which events; empty: all.", ["message.completed"]))
    status = fields.String(
        metadata=doc(
            "`active`, `disabled` (by you), `switched_off` (after a day of nothing but failures; events are kept) or "
            "`gone` (the receiver answered 410).",
            "active",
        )
    )
    failing_since = moment("When its first failure after the last success was; null: it works.", allow_none=True)
    last_success_at = moment("When an event was last delivered, a minute late; null: never.", allow_none=True)
    previous_secret_until = moment("Until when the secret before signs as well; null: it doesn't.", allow_none=True)
    created_by = identifier("The user who made it, or whose key did.", allow_none=True)
    created_at = moment("When it was made.")
    updated_at = moment("When it was last changed.")


class WebhookSecretResponse(WebhookResponse):
    """A webhook with its new secret, which is shown this once."""

    secret = fields.String(metadata=doc("Verifies signatures. Keep it: nobody can show it again.", _SECRET))


class RotateSecretRequest(StrictSchema):
    """How long the secret before goes on signing."""

    overlap_hours = fields.Integer(
        strict=True,
        load_default=24,
        validate=validate.Range(0, _MOST_OVERLAP_HOURS),
        metadata=doc("For so long both secrets sign; 0: the one before is void at once.", 24),
    )


class EventTypeResponse(ResponseSchema):
    """A type of event."""

    type = fields.String(metadata=doc("What a webhook subscribes to, and `type` of the event.", "message.completed"))
    description = fields.String(metadata=doc("When it comes.", "The answer to a message, with its citations."))
    data = fields.String(metadata=doc("The schema of its `data` in the API document.", "MessageResponse"))


class EventTypesResponse(ResponseSchema):
    """All types of events."""

    items = fields.List(fields.Nested(EventTypeResponse), metadata={"description": "The types."})


class DeliveryQuery(PageQuery):
    """Which deliveries are wanted."""

    status = fields.String(
        load_default=None,
        validate=validate.OneOf(list(DeliveryStatus)),
        metadata=doc("`pending`, `sending`, `delivered` or `failed`.", "failed"),
    )
    event_type = fields.String(
        load_default=None,
        validate=validate.OneOf(list(CATALOGUE)),
        metadata=doc("Only events of this type.", "message.completed"),
    )
    subject_id = identifier("Only events of this conversation, lead, document or key.", load_default=None)
    since = moment("Only events that happened then or later.", load_default=None)
    until = moment("Only events that happened before or then.", load_default=None)


class AttemptResponse(ResponseSchema):
    """One attempt at a delivery."""

    at = fields.String(metadata={**doc("When.", EXAMPLE_TIME), "format": "date-time"})
    status = fields.Integer(allow_none=True, metadata=doc("The receiver's HTTP status; null: none came.", 500))
    error_code = fields.String(allow_none=True, metadata=doc("What was wrong; null: nothing.", "http_status"))
    duration_ms = fields.Integer(allow_none=True, metadata=doc("How long it took.", 87))


class DeliveryResponse(ResponseSchema):
    """One event on its way to a webhook. What the event says is not in it."""

    id = identifier("The id of the delivery.", attribute="delivery.id")
    webhook_id = identifier("The webhook.", attribute="delivery.webhook_id")
    event_id = identifier("The event: `webhook-id` of every attempt.", attribute="delivery.event_id")
    event_type = fields.String(metadata=doc("What happened.", "message.completed"))
    subject_id = identifier("The conversation, lead, document or key.", attribute="delivery.stream_id")
    occurred_at = moment("When it happened.")
    status = fields.String(
        attribute="delivery.status", metadata=doc("`pending`, `sending`, `delivered` or `failed`.", "delivered")
    )
    next_attempt_at = fields.Method(
        "_next_attempt",
        metadata={
            **doc("When it is tried next; null: not any more, or it is being sent.", EXAMPLE_TIME),
            "type": "string",
            "format": "date-time",
            "nullable": True,
        },
    )
    finished_at = moment("When it was delivered or given up.", attribute="delivery.finished_at", allow_none=True)
    response_status = fields.Integer(
        attribute="delivery.response_status",
        allow_none=True,
        metadata=doc("The receiver's HTTP status at the last attempt; null: none came.", 204),
    )
    response_body = fields.String(
        attribute="delivery.response_body",
        allow_none=True,
        metadata=doc("The beginning of what it answered then, a kilobyte at most.", "OK"),
    )
    duration_ms = fields.Integer(
        attribute="delivery.duration_ms", allow_none=True, metadata=doc("How long the last attempt took.", 87)
    )
    error_code = fields.String(
        attribute="delivery.error_code",
        allow_none=True,
        metadata=doc(f"What was wrong then: {_ERROR_CODES}`redirected`, `http_status` or `internal_error`.", None),
    )
    error = fields.String(attribute="delivery.error", allow_none=True, metadata=doc("The same for people.", None))
    attempts = fields.List(
        fields.Nested(AttemptResponse),
        attribute="delivery.attempts",
        metadata={"description": "The latest 20 attempts, the oldest first."},
    )

    def _next_attempt(self, shown: Any) -> str | None:
        delivery = shown.delivery
        if delivery.status != DeliveryStatus.PENDING:
            return None
        return str(delivery.due_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


class RedeliverRequest(StrictSchema):
    """Which events are sent again: those that were given up and happened in this time."""

    since = moment("Then or later.", required=True)
    until = moment("Before or then; without it, until now.", load_default=None, allow_none=True)


class RedeliveryResponse(ResponseSchema):
    """How many it is."""

    webhook_id = fields.UUID(metadata=doc("The webhook.", EXAMPLE_ID))
    count = fields.Integer(metadata=doc("How many events are sent again.", 12))


WebhookPage = page_of(WebhookResponse)
DeliveryPage = page_of(DeliveryResponse)
