"""Deleting and restoring conversations and messages. Whatever was to be answered in them is called off."""

from uuid import UUID

from app.core.clock import now
from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.core.transaction import after_commit
from app.errors import Conflict, NotFound
from app.jobs import JobName, enqueue
from app.models.audit_entry import RiskLevel
from app.models.conversation import Conversation
from app.models.message import Message
from app.models.webhook_event import WebhookEventType as Type
from app.realtime import publisher
from app.repositories import conversations, messages, turns
from app.security.principal import Principal
from app.services import audit, turn_events, webhook_events, webhook_payloads
from app.services.audit import Event

_CALLED_OFF = "The message was deleted before it was answered."


class NotDeleted(Conflict):
    """Only what is deleted can be restored."""

    code = "not_deleted"
    detail = "This is not deleted."


class InDeletedConversation(Conflict):
    """A message can't live in a deleted conversation."""

    code = "conversation_deleted"
    detail = "The conversation is deleted. Restore it first."


def delete(principal: Principal, conversation_id: UUID) -> None:
    """Deletes a conversation with its live messages."""
    company_id = principal.company()
    at, deletion_id = now(), new_id()
    conversation = _lock(company_id, conversation_id)
    conversations.set_deleted(company_id=company_id, conversation_id=conversation_id, at=at, deletion_id=deletion_id)
    _delete_messages(company_id, conversation_id, deletion_id)
    _tell(Type.CONVERSATION_DELETED, conversation)
    # Whoever listens is sent away at once.
    after_commit(lambda: publisher.recheck(conversation_id))
    _record(principal, Event.CONVERSATION_DELETED, "conversation", conversation_id, RiskLevel.MEDIUM)


def restore(principal: Principal, conversation_id: UUID) -> Conversation:
    """Restores a conversation and the messages that were deleted together with it."""
    company_id = principal.company()
    conversation = conversations.get(company_id=company_id, conversation_id=conversation_id, include_deleted=True)
    if conversation is None:
        raise NotFound
    if conversation.deleted_at is None:
        raise NotDeleted
    if conversation.deletion_id is not None:
        messages.restore_all(
            company_id=company_id, conversation_id=conversation_id, deletion_id=conversation.deletion_id
        )
    conversation.deleted_at = conversation.deletion_id = None
    _tell(Type.CONVERSATION_RESTORED, conversation)
    _record(principal, Event.CONVERSATION_RESTORED, "conversation", conversation_id)
    return conversation


def delete_messages(principal: Principal, conversation_id: UUID) -> int:
    """Deletes all messages of a conversation; returns how many."""
    company_id = principal.company()
    _lock(company_id, conversation_id)
    count = _delete_messages(company_id, conversation_id, new_id())
    _record(principal, Event.MESSAGES_DELETED, "conversation", conversation_id, RiskLevel.MEDIUM)
    return count


def restore_messages(principal: Principal, conversation_id: UUID) -> int:
    """Restores every deleted message of a conversation; returns how many."""
    company_id = principal.company()
    _lock(company_id, conversation_id)
    count = messages.restore_all(company_id=company_id, conversation_id=conversation_id)
    _record(principal, Event.MESSAGES_RESTORED, "conversation", conversation_id)
    return count


def delete_message(principal: Principal, message_id: UUID) -> None:
    """Deletes one message."""
    company_id = principal.company()
    at = now()
    message = messages.get(company_id=company_id, message_id=message_id)
    if message is None:
        raise NotFound
    messages.set_deleted(company_id=company_id, message_id=message_id, at=at, deletion_id=new_id())
    called_off = turns.fail_unfinished(
        company_id=company_id, message_id=message_id, at=at, error_code="message_deleted", error=_CALLED_OFF
    )
    conversation_id = message.conversation_id
    after_commit(lambda: turn_events.forget(conversation_id, called_off))
    waiting = turns.next_queued(company_id=company_id, conversation_id=conversation_id)
    if waiting is not None:
        enqueue(JobName.ANSWER_TURN, company_id=company_id, turn_id=waiting)
    _record(principal, Event.MESSAGE_DELETED, "message", message_id)


def restore_message(principal: Principal, message_id: UUID) -> Message:
    """Restores one message; its conversation must live."""
    company_id = principal.company()
    message = messages.get(company_id=company_id, message_id=message_id, include_deleted=True)
    if message is None:
        raise NotFound
    if message.deleted_at is None:
        raise NotDeleted
    if conversations.get(company_id=company_id, conversation_id=message.conversation_id) is None:
        raise InDeletedConversation
    message.deleted_at = message.deletion_id = None
    _record(principal, Event.MESSAGE_RESTORED, "message", message_id)
    return message


def find_deleted(principal: Principal, wanted: PageRequest) -> Page[Conversation]:
    """Deleted conversations of the company."""
    return conversations.find_page_deleted(company_id=principal.company(), wanted=wanted)


def find_deleted_messages(principal: Principal, wanted: PageRequest) -> Page[Message]:
    """Deleted messages of the company."""
    return messages.find_page_deleted(company_id=principal.company(), wanted=wanted)


def _lock(company_id: UUID, conversation_id: UUID) -> Conversation:
    conversation = conversations.lock(company_id=company_id, conversation_id=conversation_id)
    if conversation is None:
        raise NotFound
    return conversation


def _tell(event_type: Type, conversation: Conversation) -> None:
    webhook_events.record(
        conversation.company_id, event_type, conversation.id, lambda: webhook_payloads.conversation(conversation)
    )


def _delete_messages(company_id: UUID, conversation_id: UUID, deletion_id: UUID) -> int:
    at = now()
    called_off = turns.fail_unfinished(
        company_id=company_id, conversation_id=conversation_id, at=at, error_code="message_deleted", error=_CALLED_OFF
    )
    after_commit(lambda: turn_events.forget(conversation_id, called_off))
    return messages.delete_all(company_id=company_id, conversation_id=conversation_id, at=at, deletion_id=deletion_id)


def _record(principal: Principal, event: Event, entity: str, entity_id: UUID, risk: RiskLevel = RiskLevel.LOW) -> None:
    audit.record(event, entity, entity_id, company_id=principal.company(), by=principal, risk=risk)
