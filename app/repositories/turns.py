"""Turns: claimed by a conditional update, stored by attempt, found again by a sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select, text, tuple_, update
from sqlalchemy.orm import aliased

from app.core.transaction import session
from app.models.agent import Agent
from app.models.conversation import Conversation
from app.models.message import Message
from app.models.turn import Turn, TurnOutcome, TurnStatus
from app.repositories.changes import changed_rows

_UNFINISHED = Turn.status.in_([TurnStatus.QUEUED, TurnStatus.PROCESSING])
_earlier = aliased(Turn)
# Nobody has it, and nobody answers an earlier message of the conversation.
_CLAIM = (
    update(Turn)
    .where(
        Turn.company_id == bindparam("company"),
        Turn.id == bindparam("wanted"),
        (Turn.status == TurnStatus.QUEUED)
        | ((Turn.status == TurnStatus.PROCESSING) & (Turn.due_at < bindparam("moment"))),
        ~select(_earlier.id)
        .where(
            _earlier.company_id == bindparam("company"),
            _earlier.conversation_id == Turn.conversation_id,
            _earlier.status.in_([TurnStatus.QUEUED, TurnStatus.PROCESSING]),
            _earlier.sequence < Turn.sequence,
        )
        .exists(),
    )
    .values(
        status=TurnStatus.PROCESSING.value,
        attempt=Turn.attempt + 1,
        due_at=bindparam("lease_end"),
        started_at=bindparam("moment"),
        updated_at=bindparam("moment"),
    )
    .returning(Turn.attempt, Turn.message_id, Turn.conversation_id, Turn.agent_id, Turn.sequence)
)
_CONTEXT = (
    select(
        Message.content.label("question"),
        Conversation.max_context_length,
        Conversation.lead_id,
        Agent.name.label("agent_name"),
        Agent.instructions,
        Agent.personality_traits,
        Agent.languages,
        Agent.document_languages,
        Agent.embedding_space,
    )
    .join(Conversation, Conversation.id == Message.conversation_id)
    .join(Agent, Agent.id == Conversation.agent_id)
    .where(
        Message.company_id == bindparam("company"),
        Conversation.company_id == bindparam("company"),
        Agent.company_id == bindparam("company"),
        Message.id == bindparam("message"),
        Message.deleted_at.is_(None),
        Conversation.deleted_at.is_(None),
        Agent.deleted_at.is_(None),
    )
)
_RENEW = text(
    "UPDATE turns SET due_at = :due_at FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[])) AS mine(id, attempt)"
    " WHERE turns.id = mine.id AND turns.attempt = mine.attempt AND turns.status = 'processing' RETURNING turns.id"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A turn that is ours until its lease runs out."""

    turn_id: UUID
    company_id: UUID
    attempt: int
    message_id: UUID
    conversation_id: UUID
    agent_id: UUID
    sequence: int


def add(turn: Turn) -> None:
    """Stores a new turn."""
    session().add(turn)
    session().flush()


def claim(*, company_id: UUID, turn_id: UUID, at: datetime, lease: timedelta) -> Claim | None:
    """Takes a turn; None when it is finished, somebody else's, or not its conversation's next."""
    parameters = {"company": company_id, "wanted": turn_id, "moment": at, "lease_end": at + lease}
    row = session().execute(_CLAIM, parameters, execution_options={"synchronize_session": False}).first()
    return None if row is None else Claim(turn_id, company_id, *row)


def context_of(*, company_id: UUID, message_id: UUID) -> Row[Any] | None:
    """What answering a message needs to know; None when the message, its conversation or its agent is deleted."""
    return session().execute(_CONTEXT, {"company": company_id, "message": message_id}).first()


def finish(
    *,
    company_id: UUID,
    turn_id: UUID,
    attempt: int,
    at: datetime,
    status: TurnStatus,
    outcome: TurnOutcome | None = None,
    first_delta_at: datetime | None = None,
    answer_id: UUID | None = None,
    error_code: str | None = None,
    error: str | None = None,
) -> bool:
    """Stores how a turn ended. False when it isn't this attempt's any more."""
    statement = (
        update(Turn)
        .where(
            Turn.company_id == company_id,
            Turn.id == turn_id,
            Turn.attempt == attempt,
            Turn.status == TurnStatus.PROCESSING,
        )
        .values(
            status=status,
            outcome=outcome,
            first_delta_at=first_delta_at,
            finished_at=at,
            answer_id=answer_id,
            error_code=error_code,
            error=error,
        )
    )
    return changed_rows(statement.execution_options(synchronize_session=False)) == 1


def release(*, company_id: UUID, turn_id: UUID, attempt: int, at: datetime) -> bool:
    """Gives a turn back unanswered, for any worker to take at once. The attempt doesn't count."""
    statement = (
        update(Turn)
        .where(
            Turn.company_id == company_id,
            Turn.id == turn_id,
            Turn.attempt == attempt,
            Turn.status == TurnStatus.PROCESSING,
        )
        .values(status=TurnStatus.QUEUED, due_at=at)
    )
    return changed_rows(statement) == 1


def fail_unfinished(
    *,
    company_id: UUID,
    at: datetime,
    error_code: str,
    error: str,
    conversation_id: UUID | None = None,
    message_id: UUID | None = None,
) -> int:
    """Ends the unfinished turns of a conversation, or that of a message; returns how many."""
    statement = update(Turn).where(Turn.company_id == company_id, _UNFINISHED)
    if conversation_id is not None:
        statement = statement.where(Turn.conversation_id == conversation_id)
    if message_id is not None:
        statement = statement.where(Turn.message_id == message_id)
    values = {"status": TurnStatus.FAILED, "error_code": error_code, "error": error, "finished_at": at}
    return changed_rows(statement.values(**values))


def count_unfinished(*, company_id: UUID, conversation_id: UUID) -> int:
    """How many messages of a conversation wait for their answer."""
    statement = select(func.count()).where(
        Turn.company_id == company_id, Turn.conversation_id == conversation_id, _UNFINISHED
    )
    return session().scalar(statement) or 0


_NEXT = (
    select(Turn.id)
    .where(
        Turn.company_id == bindparam("company"),
        Turn.conversation_id == bindparam("conversation"),
        Turn.status == TurnStatus.QUEUED,
    )
    .order_by(Turn.sequence)
    .limit(1)
)


def next_queued(*, company_id: UUID, conversation_id: UUID) -> UUID | None:
    """The turn whose message is to be answered next."""
    return session().scalar(_NEXT, {"company": company_id, "conversation": conversation_id})


def get(*, company_id: UUID, conversation_id: UUID, turn_id: UUID) -> Turn | None:
    """A turn of a conversation."""
    statement = select(Turn).where(
        Turn.company_id == company_id, Turn.conversation_id == conversation_id, Turn.id == turn_id
    )
    return session().scalar(statement)


def find_by_message(*, company_id: UUID, message_ids: Sequence[UUID]) -> Mapping[UUID, Turn]:
    """The turns of messages, by message."""
    statement = select(Turn).where(Turn.company_id == company_id, Turn.message_id.in_(message_ids))
    return {turn.message_id: turn for turn in session().scalars(statement)}


def find_finished(*, company_id: UUID, turn_ids: Sequence[UUID]) -> Sequence[Turn]:
    """Those of the given turns that are finished."""
    statement = select(Turn).where(Turn.company_id == company_id, Turn.id.in_(turn_ids), ~_UNFINISHED)
    return session().scalars(statement).all()


def renew_across_companies(mine: Mapping[UUID, int], *, due_at: datetime) -> set[UUID]:
    """Renews the leases of this worker's turns; returns those that are still its own."""
    parameters = {"due_at": due_at, "ids": [str(each) for each in mine], "attempts": list(mine.values())}
    return set(session().scalars(_RENEW, parameters))


def take_due_across_companies(*, at: datetime, again_at: datetime, limit: int) -> Sequence[Row[UUID, UUID, int]]:
    """Turns that nobody works on and somebody should: those whose job was lost, and those whose worker died. Each is
    given out once until `again_at`. Rows of (id, company_id, attempt)."""
    first = (
        select(Turn.conversation_id, func.min(Turn.sequence).label("sequence"))
        .where(_UNFINISHED)
        .group_by(Turn.conversation_id)
        .subquery()
    )
    due = (
        select(Turn.id)
        .where(
            _UNFINISHED,
            Turn.due_at < at,
            tuple_(Turn.conversation_id, Turn.sequence).in_(select(first.c.conversation_id, first.c.sequence)),
        )
        .order_by(Turn.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(Turn)
        .where(Turn.id.in_(due))
        .values(
            status=TurnStatus.QUEUED,
            due_at=again_at,
        )
        .returning(Turn.id, Turn.company_id, Turn.attempt)
    )
    return session().execute(statement, execution_options={"synchronize_session": False}).all()
