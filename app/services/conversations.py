"""Conversations: opening, reading, asking; deleting and restoring are in `conversation_deletion`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from app.core.clock import now
from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.core.settings import settings
from app.core.transaction import after_commit
from app.errors import Conflict, NotFound
from app.jobs import JobName, enqueue
from app.models.agent import AgentStatus
from app.models.conversation import Conversation, ConversationStatus
from app.models.message import Message, MessageRole
from app.models.turn import Turn, TurnStatus
from app.models.webhook_event import WebhookEventType as Type
from app.repositories import agents, conversations, leads, messages, turns
from app.security.principal import Principal, PrincipalKind
from app.services import turn_events, webhook_events, webhook_payloads
from app.services.message_view import shown

_TITLE_LENGTH = 80
# From when the sweep looks after a message whose job was lost.
_WAIT_FOR_WORKER = timedelta(seconds=4)


class AgentNotActive(Conflict):
    """The agent takes no messages now."""

    code = "agent_not_active"
    detail = "This agent is switched off."


class ConversationClosed(Conflict):
    """Nothing more can be said in this conversation."""

    code = "conversation_closed"
    detail = "This conversation is closed. Open a new one."


class TooManyUnanswered(Conflict):
    """The visitor asks faster than anybody could answer."""

    code = "too_many_unanswered"
    detail = "Too many messages of this conversation wait for an answer. Wait for one before you send the next."


@dataclass(frozen=True)
class NewConversation:
    """A conversation to be. `lead_id`: in whose name a user or an integrator opens it."""

    agent_id: UUID
    title: str | None = None
    metadata: Mapping[str, Any] | None = None
    max_context_length: int | None = None
    lead_id: UUID | None = None


@dataclass(frozen=True)
class Asked:
    """A stored message and the turn that answers it."""

    company_id: UUID
    conversation_id: UUID
    message_id: UUID
    turn_id: UUID


@dataclass(frozen=True)
class ShownMessage:
    """A message with the state of its turn, if it started one."""

    message: Message
    turn: Turn | None


def create(principal: Principal, new: NewConversation) -> Conversation:
    """Opens a conversation for the caller; raises `NotFound` for an agent or a lead of another company."""
    company_id = principal.company()
    _refuse_inactive(company_id, new.agent_id)
    conversation = Conversation(
        id=new_id(),
        company_id=company_id,
        agent_id=new.agent_id,
        lead_id=_lead(principal, new.lead_id),
        user_id=principal.user_id,
        title=new.title,
        details=dict(new.metadata or {}),
        max_context_length=_context_length(principal, new.max_context_length),
        last_message_at=now(),
    )
    conversations.add(conversation)
    webhook_events.record(
        company_id, Type.CONVERSATION_CREATED, conversation.id, lambda: webhook_payloads.conversation(conversation)
    )
    return conversation


def get_readable(principal: Principal, conversation_id: UUID) -> Conversation:
    """A conversation that the caller may read: leads their own, users and keys those of their company."""
    conversation = conversations.get(company_id=principal.company(), conversation_id=conversation_id)
    return _readable(principal, conversation)


def find(principal: Principal, wanted: PageRequest, **filters: Any) -> Page[Conversation]:
    """The company's live conversations."""
    return conversations.find_page(company_id=principal.company(), wanted=wanted, **filters)


def find_own(principal: Principal, wanted: PageRequest) -> Page[Conversation]:
    """The conversations that the caller opened."""
    company_id = principal.company()
    if principal.kind is PrincipalKind.LEAD:
        return conversations.find_page_of_lead(company_id=company_id, lead_id=principal.id, wanted=wanted)
    owner = principal.user_id or principal.id
    return conversations.find_page_of_user(company_id=company_id, user_id=owner, wanted=wanted)


def find_messages(principal: Principal, conversation_id: UUID, wanted: PageRequest) -> Page[ShownMessage]:
    """A page of a conversation's live messages, in order."""
    conversation = get_readable(principal, conversation_id)
    page = messages.find_page(company_id=conversation.company_id, conversation_id=conversation.id, wanted=wanted)
    return Page(_with_turns(conversation.company_id, page.items), page.pagination)


def ask(principal: Principal, conversation_id: UUID, text: str) -> Asked:
    """Stores a visitor's message and the turn that will answer it, in order; a worker is woken after the commit."""
    company_id = principal.company()
    at = now()
    asked = Asked(company_id=company_id, conversation_id=conversation_id, message_id=new_id(), turn_id=new_id())
    taken = conversations.ask(
        company_id=company_id,
        conversation_id=conversation_id,
        lead_id=principal.id if principal.kind is PrincipalKind.LEAD else None,
        message_id=asked.message_id,
        turn_id=asked.turn_id,
        content=text,
        title=_title(text),
        at=at,
        due_at=at + _WAIT_FOR_WORKER,
        most_unfinished=settings().max_queued_turns,
    )
    if taken is None:
        _refuse(principal, conversation_id)
    place, followed = taken
    if followed:
        webhook_events.record(
            company_id, Type.MESSAGE_CREATED, conversation_id, lambda: shown(*_as_stored(asked, text, place, at))
        )
    after_commit(lambda: turn_events.announce_queued(asked.conversation_id, asked.turn_id, asked.message_id))
    enqueue(JobName.ANSWER_TURN, company_id=company_id, turn_id=asked.turn_id)
    return asked


def get_turn(principal: Principal, conversation_id: UUID, turn_id: UUID) -> tuple[Turn, Message | None]:
    """A turn of a readable conversation and, when it is answered, the answer."""
    conversation = get_readable(principal, conversation_id)
    company_id = conversation.company_id
    turn = turns.get(company_id=company_id, conversation_id=conversation.id, turn_id=turn_id)
    if turn is None:
        raise NotFound
    answer = messages.get(company_id=company_id, message_id=turn.answer_id) if turn.answer_id else None
    return turn, answer


def _as_stored(asked: Asked, text: str, place: int, at: datetime) -> tuple[Message, Turn]:
    """What was just stored, without reading it again."""
    message = Message(
        id=asked.message_id,
        company_id=asked.company_id,
        conversation_id=asked.conversation_id,
        sequence=place,
        role=MessageRole.USER,
        content=text,
        citations=[],
        details={},
        created_at=at,
    )
    return message, Turn(id=asked.turn_id, company_id=asked.company_id, status=TurnStatus.QUEUED)


def _readable(principal: Principal, conversation: Conversation | None) -> Conversation:
    if conversation is None:
        raise NotFound
    if principal.kind is PrincipalKind.LEAD and conversation.lead_id != principal.id:
        raise NotFound
    return conversation


def _context_length(principal: Principal, wanted: int | None) -> int:
    usual = settings().context_length
    if wanted is None:
        return usual
    # What a model reads costs the company; a visitor may have less of it, not more.
    return min(wanted, usual) if principal.kind is PrincipalKind.LEAD else wanted


def _lead(principal: Principal, named: UUID | None) -> UUID | None:
    if principal.kind is PrincipalKind.LEAD:
        if named not in {None, principal.id}:
            raise NotFound
        return principal.id
    if named is not None and leads.get(company_id=principal.company(), lead_id=named) is None:
        raise NotFound("There is no lead by that id.")
    return named


def _refuse_inactive(company_id: UUID, agent_id: UUID) -> None:
    agent = agents.get(company_id=company_id, agent_id=agent_id)
    if agent is None:
        raise NotFound("There is no agent by that id.")
    if agent.status != AgentStatus.ACTIVE:
        raise AgentNotActive


def _refuse(principal: Principal, conversation_id: UUID) -> NoReturn:
    """Says why a message can't be taken."""
    conversation = get_readable(principal, conversation_id)
    if conversation.status != ConversationStatus.ACTIVE:
        raise ConversationClosed
    _refuse_inactive(conversation.company_id, conversation.agent_id)
    raise TooManyUnanswered(
        f"{settings().max_queued_turns} messages of this conversation wait for an answer, as many as may. Wait for one "
        "before you send the next."
    )


def _with_turns(company_id: UUID, found: Sequence[Message]) -> list[ShownMessage]:
    questions = [each.id for each in found if each.role == MessageRole.USER]
    states = turns.find_by_message(company_id=company_id, message_ids=questions) if questions else {}
    return [ShownMessage(each, states.get(each.id)) for each in found]


def _title(text: str) -> str:
    line = " ".join(text.split())
    if len(line) <= _TITLE_LENGTH:
        return line
    return line[:_TITLE_LENGTH].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
