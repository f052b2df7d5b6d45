"""Leads."""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, case, false, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.paging import Page, PageRequest, paginate
from app.core.transaction import session
from app.models.conversation import Conversation
from app.models.lead import Lead
from app.models.message import Message
from app.models.turn import Turn, TurnStatus
from app.repositories import folding
from app.repositories.changes import changed_rows

_LIVE = Lead.deleted_at.is_(None)
_GET = select(Lead).where(Lead.company_id == bindparam("company"), Lead.id == bindparam("wanted"), _LIVE)
_LOCK = _GET.with_for_update()
_SPACE = literal(" ")
_LIKE_A_PHONE_NUMBER = re.compile(r"\+?[\d\s()./-]*\d[\d\s()./-]*")


def add(lead: Lead) -> None:
    """Stores a new lead."""
    session().add(lead)
    session().flush()


def store_identified(
    *,
    company_id: UUID,
    agent_id: UUID,
    external_id: str,
    new_id: UUID,
    first_name: str | None,
    last_name: str | None,
    email: str | None,
    phone: str | None,
    language: str | None,
) -> tuple[UUID, bool]:
    """The live lead of the agent whom the company knows as `external_id`, made (with `new_id`) when there is none. What
    is None stays as it is. Two at once get the same one. Returns its id, and whether
    anything of one that was there was changed."""
    said = {"first_name": first_name, "last_name": last_name, "email": email, "phone": phone, "language": language}
    known = {name: value for name, value in said.items() if value is not None}
    if first_name is not None:
        known["last_name"] = last_name or ""
    statement = insert(Lead).values(
        id=new_id,
        company_id=company_id,
        agent_id=agent_id,
        external_id=external_id,
        source="widget",
        **{"first_name": external_id, "last_name": "", **known},
    )
    differs = or_(false(), *(getattr(Lead, name).is_distinct_from(value) for name, value in known.items()))
    stored = statement.on_conflict_do_update(
        index_elements=[Lead.company_id, Lead.agent_id, Lead.external_id],
        index_where=_LIVE & Lead.external_id.is_not(None),
        # Something has to be set, or the row that is there is neither locked nor returned.
        set_={**known, "updated_at": case((differs, func.now()), else_=Lead.updated_at)},
    )
    lead_id, changed = session().execute(stored.returning(Lead.id, Lead.updated_at == func.now())).one()
    return lead_id, changed


def get(*, company_id: UUID, lead_id: UUID) -> Lead | None:
    """A live lead of the company."""
    return session().scalars(_GET, {"company": company_id, "wanted": lead_id}).first()


def lock(*, company_id: UUID, lead_id: UUID) -> Lead | None:
    """A live lead that opens no conversation until the transaction ends."""
    # The stronger of the two row locks: rows that refer to the lead wait.
    return session().scalars(_LOCK, {"company": company_id, "wanted": lead_id}).first()


def find_page(*, company_id: UUID, wanted: PageRequest, status: str | None, search: str) -> Page[Lead]:
    """Live leads, the newest first. `search`, unless empty, finds parts of names (whatever the case and accents),
    e-mail addresses and phone numbers (however they are written)."""
    statement = select(Lead).where(Lead.company_id == company_id, _LIVE)
    if status is not None:
        statement = statement.where(Lead.status == status)
    if search:
        statement = statement.where(_fits(search))
    return paginate(statement.order_by(Lead.created_at.desc(), Lead.id.desc()), wanted)


def delete_conversations(*, company_id: UUID, lead_id: UUID, at: datetime, deletion_id: UUID) -> Sequence[UUID]:
    """Deletes a lead's live conversations with their live messages; returns the ids of the conversations."""
    gone = {"deleted_at": at, "deletion_id": deletion_id}
    conversations = (
        update(Conversation)
        .where(
            Conversation.company_id == company_id, Conversation.lead_id == lead_id, Conversation.deleted_at.is_(None)
        )
        .values(**gone)
        .returning(Conversation.id)
    )
    ids = session().scalars(conversations.execution_options(synchronize_session=False)).all()
    messages = update(Message).where(
        Message.company_id == company_id, Message.conversation_id.in_(ids), Message.deleted_at.is_(None)
    )
    session().execute(messages.values(**gone).execution_options(synchronize_session=False))
    return ids


def fail_turns(*, company_id: UUID, conversation_ids: Sequence[UUID], at: datetime, error_code: str, error: str) -> int:
    """Ends the unfinished turns of conversations; returns how many."""
    statement = (
        update(Turn)
        .where(
            Turn.company_id == company_id,
            Turn.conversation_id.in_(conversation_ids),
            Turn.status.in_([TurnStatus.QUEUED, TurnStatus.PROCESSING]),
        )
        .values(status=TurnStatus.FAILED, error_code=error_code, error=error, finished_at=at)
    )
    return changed_rows(statement.execution_options(synchronize_session=False))


def count_by_status(*, company_id: UUID, since: datetime) -> dict[str, int]:
    """Live leads that came since a moment, by status."""
    statement = (
        select(Lead.status, func.count())
        .where(Lead.company_id == company_id, Lead.deleted_at.is_(None), Lead.created_at >= since)
        .group_by(Lead.status)
    )
    return _counts(statement)


def count_by_source(*, company_id: UUID, since: datetime) -> dict[str, int]:
    """Live leads that came since a moment, by source; those without one under `unknown`."""
    source = func.coalesce(Lead.source, "unknown")
    statement = (
        select(source, func.count())
        .where(Lead.company_id == company_id, Lead.deleted_at.is_(None), Lead.created_at >= since)
        .group_by(source)
    )
    return _counts(statement)


def count_by_day(*, company_id: UUID, since: datetime) -> dict[str, int]:
    """Live leads that came since a moment, by UTC day (ISO date), in order; days without any are left out."""
    day = func.date(Lead.created_at)
    statement = (
        select(day, func.count())
        .where(Lead.company_id == company_id, Lead.deleted_at.is_(None), Lead.created_at >= since)
        .group_by(day)
        .order_by(day)
    )
    return {date.isoformat(): count for date, count in session().execute(statement)}


def count_all(*, company_id: UUID) -> int:
    """All live leads of the company."""
    statement = select(func.count()).select_from(Lead).where(Lead.company_id == company_id, Lead.deleted_at.is_(None))
    return session().scalar(statement) or 0


def _counts(statement: Select[str, int]) -> dict[str, int]:
    return {name: count for name, count in session().execute(statement)}  # noqa: C416 - rows are no pairs for mypy


def _fits(search: str) -> ColumnElement[bool]:
    found = folding.contains(Lead.first_name + _SPACE + Lead.last_name + _SPACE + func.coalesce(Lead.email, ""), search)
    if _LIKE_A_PHONE_NUMBER.fullmatch(search):
        # Numbers are kept as +34911234567.
        found |= Lead.phone.contains(re.sub(r"[^\d+]", "", search), autoescape=True)
    return found
