"""The catalogue of events that webhooks can be told of, and its part of the API document.

OpenAPI 3.0 has no place for webhooks; `x-webhooks` is how tools that show them read them there, with the structure
that `webhooks` has in 3.1.
"""

from typing import Any

from app.http.fields import EXAMPLE_ID, EXAMPLE_TIME
from app.models.webhook_event import WebhookEventType as Type

# What each event says, and the schema of its `data`.
CATALOGUE: dict[Type, tuple[str, str]] = {
    Type.CONVERSATION_CREATED: ("A conversation was opened.", "ConversationResponse"),
    Type.CONVERSATION_DELETED: ("A conversation was deleted, with its messages.", "ConversationResponse"),
    Type.CONVERSATION_RESTORED: ("A deleted conversation came back.", "ConversationResponse"),
    Type.MESSAGE_CREATED: ("A visitor asked something; the answer follows.", "MessageResponse"),
    Type.MESSAGE_COMPLETED: ("The answer to a message, with its citations.", "MessageResponse"),
    Type.MESSAGE_FAILED: ("A message could not be answered; `error` says why.", "MessageResponse"),
    Type.MESSAGE_FEEDBACK: ("An answer was rated, or its rating was taken back.", "MessageResponse"),
    Type.LEAD_REGISTERED: ("A visitor said who they are, or their company did.", "LeadResponse"),
    Type.LEAD_CREATED: ("The team or a program added a lead.", "LeadResponse"),
    Type.LEAD_UPDATED: ("Something about a lead was changed.", "LeadResponse"),
    Type.LEAD_DELETED: (
        "A lead was deleted, with their conversations, which have no events of their own then.",
        "LeadResponse",
    ),
    Type.DOCUMENT_UPLOADED: ("A document came and waits to be processed.", "DocumentResponse"),
    Type.DOCUMENT_PROCESSED: ("A document can be found and cited from now on.", "DocumentResponse"),
    Type.DOCUMENT_FAILED: ("A document could not be processed; `error` says why.", "DocumentResponse"),
    Type.DOCUMENT_DELETED: ("A document was deleted; nothing of it is cited any more.", "DocumentResponse"),
    Type.DOCUMENT_RESTORED: ("A deleted document came back.", "DocumentResponse"),
    Type.API_KEY_CREATED: ("An API key was made; its secret is not in it.", "ApiKeyResponse"),
    Type.API_KEY_REVOKED: ("An API key was revoked.", "ApiKeyResponse"),
    Type.API_KEY_EXPIRED: ("An API key has expired; told within a minute.", "ApiKeyResponse"),
    Type.WEBHOOK_TEST: ("Somebody tried the webhook out; it says nothing but that.", "object"),
}
_HEADERS = {
    "webhook-id": ("The event: the same at every attempt, so that what comes twice is known.", EXAMPLE_ID),
    "webhook-timestamp": ("When this attempt was signed, in seconds since 1970. Refuse old ones.", "1795867200"),
    "webhook-signature": (
        "`v1,` and the signature (Standard Webhooks); during a rotation of the secret two, with a space between.",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}


def subscribable() -> list[str]:
    """The types that a webhook can be narrowed to."""
    return [each.value for each in CATALOGUE if each is not Type.WEBHOOK_TEST]


def described() -> list[dict[str, str]]:
    """The catalogue as the API gives it."""
    return [
        {"type": each.value, "description": about, "data": schema}
        for each, (about, schema) in CATALOGUE.items()
        if each is not Type.WEBHOOK_TEST
    ]


def document() -> dict[str, Any]:
    """`x-webhooks` of the API document."""
    return {each.value: {"post": _operation(each, *told)} for each, told in CATALOGUE.items()}


def _operation(event_type: Type, about: str, schema: str) -> dict[str, Any]:
    return {
        "summary": about,
        "operationId": f"webhook_{event_type.value.replace('.', '_')}",
        "parameters": [
            {
                "in": "header",
                "name": name,
                "required": True,
                "schema": {"type": "string"},
                "description": description,
                "example": example,
            }
            for name, (description, example) in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _body(event_type, schema)}}},
        "responses": {
            "2XX": {"description": "Taken. Answer within seconds, and do the work afterwards."},
            "410": {"description": "Gone: the webhook is switched off."},
            "default": {"description": "Not taken, redirects included: it is tried again for a day."},
        },
    }


def _body(event_type: Type, schema: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"type": "string", "enum": [event_type.value], "description": "What happened."},
            "timestamp": {
                "type": "string",
                "format": "date-time",
                "description": "When it happened.",
                "example": EXAMPLE_TIME,
            },
            "data": {"type": "object"} if schema == "object" else {"$ref": f"#/components/schemas/{schema}"},
        },
    }
