"""Feedback on answers."""

from uuid import UUID

from app.core.clock import now
from app.errors import Conflict, NotFound
from app.models.message import Message, MessageRole
from app.repositories import messages
from app.security.principal import Principal
from app.services import conversations


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
    return message
