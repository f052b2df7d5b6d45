"""Messages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.core.paging import Listing, Page, PageRequest
from app.core.transaction import session
from app.models.conversation import Conversation
from app.models.message import Message
from app.repositories.changes import changed_rows

_COMPANY = Message.company_id == bindparam("company_id")
_LIVE = Message.deleted_at.is_(None)
_IN = Message.conversation_id == bindparam("conversation_id")
_GET_ANY = select(Message).where(_COMPANY, Message.id == bindparam("wanted"))
_GET = _GET_ANY.where(_LIVE)
_OF_CONVERSATION = Listing(select(Message).where(_COMPANY, _IN, _LIVE).order_by(Message.sequence))
_DELETED = Listing(
    select(Message)
    .where(_COMPANY, Message.deleted_at.is_not(None))
    .order_by(Message.deleted_at.desc(), Message.id.desc())
)


def get(*, company_id: UUID, message_id: UUID, include_deleted: bool = False) -> Message | None:
    """A message by its id."""
    statement = _GET_ANY if include_deleted else _GET
    return session().scalars(statement, {"company_id": company_id, "wanted": message_id}).first()


def find_page(*, company_id: UUID, conversation_id: UUID, wanted: PageRequest) -> Page[Message]:
    """The live messages of a conversation, in order."""
    return _OF_CONVERSATION.page(wanted, {"company_id": company_id, "conversation_id": conversation_id})


def find_page_deleted(*, company_id: UUID, wanted: PageRequest) -> Page[Message]:
    """Deleted messages, the last deleted first."""
    return _DELETED.page(wanted, {"company_id": company_id})


def set_deleted(*, company_id: UUID, message_id: UUID, at: datetime | None, deletion_id: UUID | None) -> bool:
    """Deletes a live message (`at` given) or restores a deleted one. False when there was none such."""
    state = _LIVE if at else Message.deleted_at.is_not(None)
    statement = (
        update(Message)
        .where(Message.company_id == company_id, Message.id == message_id, state)
        .values(deleted_at=at, deletion_id=deletion_id)
    )
    return changed_rows(statement) == 1


def delete_all(*, company_id: UUID, conversation_id: UUID, at: datetime, deletion_id: UUID) -> int:
    """Deletes the live messages of a conversation; returns how many."""
    statement = (
        update(Message)
        .where(Message.company_id == company_id, Message.conversation_id == conversation_id, _LIVE)
        .values(deleted_at=at, deletion_id=deletion_id)
    )
    return changed_rows(statement)


def restore_all(*, company_id: UUID, conversation_id: UUID, deletion_id: UUID | None = None) -> int:
    """Restores the deleted messages of a conversation, or those of one deletion; returns how many."""
    statement = update(Message).where(
        Message.company_id == company_id, Message.conversation_id == conversation_id, Message.deleted_at.is_not(None)
    )
    if deletion_id is not None:
        statement = statement.where(Message.deletion_id == deletion_id)
    return changed_rows(statement.values(deleted_at=None, deletion_id=None))


def lead_of(*, company_id: UUID, message_id: UUID) -> UUID | None:
    """The lead whose conversation a message is in; None for a conversation of nobody's."""
    statement = (
        select(Conversation.lead_id)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Conversation.company_id == company_id, Message.company_id == company_id, Message.id == message_id)
    )
    return session().scalar(statement)
