"""Feedback on answers."""

from uuid import UUID

from app.core.clock import now
from app.errors import Conflict, NotFound
from app.models.message import Message, MessageRole
from app.models.webhook_event import WebhookEventType as Type
from app.repositories import messages
from app.security.principal import Principal
from app.services import conversations, webhook_events
from app.services.message_view import shown


class NotAnAnswer(Conflict):
    """Only answers can be rated."""

    code = "not_an_answer"
    detail = "Only an agent's answer can be rated."


def give(principal: Principal, message_id: UUID, *, rating: str | None, comment: str | None) -> Message:
    """Rates an answer, or takes the rating back (None). Leads rate answers in their own conversations."""
    message = messages.get(company_id=principal.company(), message_id=message_id)
    if message is None:
        raise NotFound
    conversations.get_readable(principal, message.conversation_id)
    if message.role != MessageRole.ASSISTANT:
        raise NotAnAnswer
    message.feedback_rating = rating
    message.feedback_comment = comment if rating else None
    message.feedback_at = now() if rating else None
    webhook_events.record(message.company_id, Type.MESSAGE_FEEDBACK, message.conversation_id, lambda: shown(message))
    return message
