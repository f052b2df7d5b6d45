"""Conversations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select, text, update

from app.core.paging import Listing, Page, PageRequest, paginate
from app.core.transaction import session
from app.models.conversation import Conversation, ConversationStatus
from app.repositories.changes import changed_rows

_COMPANY = Conversation.company_id == bindparam("company_id")
_LIVE = Conversation.deleted_at.is_(None)
_GET_ANY = select(Conversation).where(_COMPANY, Conversation.id == bindparam("wanted"))
_GET = _GET_ANY.where(_LIVE)
_LOCK = _GET.with_for_update(key_share=True)
_NEWEST = (Conversation.last_message_at.desc(), Conversation.id.desc())
_OF_LEAD = Listing(
    select(Conversation).where(_COMPANY, _LIVE, Conversation.lead_id == bindparam("owner")).order_by(*_NEWEST)
)
_OF_USER = Listing(
    select(Conversation).where(_COMPANY, _LIVE, Conversation.user_id == bindparam("owner")).order_by(*_NEWEST)
)
_DELETED = Listing(
    select(Conversation)
    .where(_COMPANY, Conversation.deleted_at.is_not(None))
    .order_by(Conversation.deleted_at.desc(), Conversation.id.desc())
)


def add(conversation: Conversation) -> None:
    """Stores a new conversation."""
    session().add(conversation)
    session().flush()


def get(*, company_id: UUID, conversation_id: UUID, include_deleted: bool = False) -> Conversation | None:
    """A conversation by its id."""
    statement = _GET_ANY if include_deleted else _GET
    return session().scalars(statement, {"company_id": company_id, "wanted": conversation_id}).first()


def lock(*, company_id: UUID, conversation_id: UUID) -> Conversation | None:
    """A live conversation that nobody else adds to until the transaction ends."""
    return session().scalars(_LOCK, {"company_id": company_id, "wanted": conversation_id}).first()


def find_page(
    *,
    company_id: UUID,
    wanted: PageRequest,
    agent_id: UUID | None = None,
    lead_id: UUID | None = None,
    status: str | None = None,
    search: str | None = None,
) -> Page[Conversation]:
    """Live conversations, those with the newest messages first."""
    statement: Select[Conversation] = select(Conversation).where(Conversation.company_id == company_id, _LIVE)
    if agent_id is not None:
        statement = statement.where(Conversation.agent_id == agent_id)
    if lead_id is not None:
        statement = statement.where(Conversation.lead_id == lead_id)
    if status is not None:
        statement = statement.where(Conversation.status == status)
    if search:
        statement = statement.where(Conversation.title.icontains(search, autoescape=True))
    return paginate(statement.order_by(*_NEWEST), wanted)


def find_page_of_lead(*, company_id: UUID, lead_id: UUID, wanted: PageRequest) -> Page[Conversation]:
    """A lead's live conversations."""
    return _OF_LEAD.page(wanted, {"company_id": company_id, "owner": lead_id})


def find_page_of_user(*, company_id: UUID, user_id: UUID, wanted: PageRequest) -> Page[Conversation]:
    """The live conversations that a user, or one of their keys, opened."""
    return _OF_USER.page(wanted, {"company_id": company_id, "owner": user_id})


def find_page_deleted(*, company_id: UUID, wanted: PageRequest) -> Page[Conversation]:
    """Deleted conversations, the last deleted first."""
    return _DELETED.page(wanted, {"company_id": company_id})


def set_deleted(*, company_id: UUID, conversation_id: UUID, at: datetime | None, deletion_id: UUID | None) -> bool:
    """Deletes a live conversation (`at` given) or restores a deleted one. False when there was none such."""
    state = _LIVE if at else Conversation.deleted_at.is_not(None)
    statement = (
        update(Conversation)
        .where(Conversation.company_id == company_id, Conversation.id == conversation_id, state)
        .values(deleted_at=at, deletion_id=deletion_id)
    )
    return changed_rows(statement) == 1


def count_active(*, company_id: UUID, agent_id: UUID, since: datetime) -> int:
    """How many live conversations of an agent are open and had a message since a moment."""
    statement = select(func.count()).where(
        Conversation.company_id == company_id,
        Conversation.agent_id == agent_id,
        _LIVE,
        Conversation.status == ConversationStatus.ACTIVE,
        Conversation.last_message_at >= since,
    )
    return session().scalar(statement) or 0


# All that asking does, in one statement: the mapper would take seven, and most of a request's time. The conversation's
# row is locked from the UPDATE to the commit, so places are given out one after the other.
# A function, for it runs for every message and its plan is kept (migration 0017).
_ASK = text(
    "SELECT place, followed FROM frontdesk_ask(:company, :conversation, :lead, :message, :turn, :content, :title, :at,"
    " :due_at, :most_unfinished)"
)


def ask(
    *,
    company_id: UUID,
    conversation_id: UUID,
    lead_id: UUID | None,
    message_id: UUID,
    turn_id: UUID,
    content: str,
    title: str,
    at: datetime,
    due_at: datetime,
    most_unfinished: int,
) -> tuple[int, bool] | None:
    """Stores a visitor's message and its turn at the conversation's next place; returns that, and whether a webhook
    wants to hear of the message. None, and nothing stored, when the conversation isn't there for this lead (None: for
    anybody of the company), is closed, its agent is off, or too many messages wait."""
    values = {
        "company": company_id,
        "conversation": conversation_id,
        "lead": lead_id,
        "message": message_id,
        "turn": turn_id,
        "content": content,
        "title": title,
        "at": at,
        "due_at": due_at,
        "most_unfinished": most_unfinished,
    }
    row = session().execute(_ASK, values).first()
    return None if row is None else (row.place, row.followed)
