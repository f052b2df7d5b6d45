"""Turns: claimed by a conditional update, stored by attempt, found again by a sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from json import dumps as json
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Update, bindparam, func, select, text, tuple_, update

from app.core.tenancy import note_company
from app.core.transaction import session
from app.models.message import Message
from app.models.turn import Turn, TurnOutcome, TurnStatus
from app.repositories import llm_settings
from app.repositories.changes import changed_rows

_UNFINISHED = Turn.status.in_([TurnStatus.QUEUED, TurnStatus.PROCESSING])
# What runs for every message is a function of Postgres, which keeps its plan (migrations 0017, 0019).
_CONTEXT_OF = text("SELECT * FROM frontdesk_turn_context(:company, :message, :most_said)")
_TAKEN = text(
    "SELECT c.attempt, c.message_id, c.conversation_id, c.agent_id, x.*, m.*"
    " FROM frontdesk_claim_turn(:company, :wanted, :moment, :lease_end) c"
    " LEFT JOIN LATERAL frontdesk_turn_context(:company, c.message_id, :most_said) x ON true"
    " LEFT JOIN LATERAL frontdesk_model_chain(:company, c.agent_id, :longest_chain) WITH ORDINALITY m ON true"
    " ORDER BY m.ordinality"
)
_STORE_ANSWER = text(
    "SELECT * FROM frontdesk_store_answer(:company, :conversation, :wanted, :attempt, :answered,"
    " CAST(:cited AS uuid[]), :message, :content, :language, CAST(:citations AS jsonb), CAST(:details AS jsonb),"
    " :outcome, :first_delta_at, :at)"
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


@dataclass(frozen=True, slots=True)
class Context:
    """What answering a message needs to know. `said`: role and text of the messages before it, the latest first."""

    question: str
    max_context_length: int
    lead_id: UUID | None
    agent_name: str
    instructions: str | None
    personality_traits: Sequence[str]
    languages: Sequence[str]
    document_languages: Sequence[str]
    embedding_space: str | None
    has_data: bool
    said: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an answer. `outdated`: nothing is stored, what it cites was deleted; `followed`: a webhook wants
    to hear of it; `waiting`: the turn that is next in the conversation."""

    outdated: bool
    followed: bool
    waiting: UUID | None


# How many columns they are of what is taken.
_OF_CLAIM = len(fields(Claim)) - len(["turn_id", "company_id"])
_OF_CONTEXT = len(fields(Context))


def take(
    *, company_id: UUID, turn_id: UUID, at: datetime, lease: timedelta, most_said: int
) -> tuple[Claim, Context | None, Sequence[Row[Any]]] | None:
    """Takes a turn, with its context and the models of its agent (for `llm_settings.opened`); None when it is finished,
    somebody else's, or not its conversation's next. May be a transaction by itself. Enters the company."""
    parameters = {
        "company": company_id,
        "wanted": turn_id,
        "moment": at,
        "lease_end": at + lease,
        "most_said": most_said,
        "longest_chain": llm_settings.LONGEST_CHAIN,
    }
    rows = session().execute(_TAKEN, parameters).all()
    note_company(company_id)
    if not rows:
        return None
    claim, context = rows[0][:_OF_CLAIM], rows[0][_OF_CLAIM : _OF_CLAIM + _OF_CONTEXT]
    return (
        Claim(turn_id, company_id, *claim),
        Context(*context) if rows[0].question is not None else None,
        [row for row in rows if row.settings_id is not None],
    )


def context_of(*, company_id: UUID, message_id: UUID, most_said: int) -> Context | None:
    """What answering a message needs to know; None when the message, its conversation or its agent is deleted."""
    row = session().execute(_CONTEXT_OF, {"company": company_id, "message": message_id, "most_said": most_said}).first()
    return None if row is None else Context(*row)


def store_answer(
    answer: Message,
    *,
    claim: Claim,
    cited: Sequence[UUID],
    outcome: TurnOutcome,
    first_delta_at: datetime | None,
) -> Stored | None:
    """Stores an answer at its conversation's next place, which it is given, and finishes its turn. None, and the
    transaction has to be rolled back: the turn isn't this attempt's any more. `cited`: passages that must still be
    there. Enters the company."""
    values = {
        "company": claim.company_id,
        "conversation": claim.conversation_id,
        "wanted": claim.turn_id,
        "attempt": claim.attempt,
        "answered": claim.message_id,
        "cited": [str(each) for each in cited],
        "message": answer.id,
        "content": answer.content,
        "language": answer.language,
        "citations": json(answer.citations),
        "details": json(answer.details),
        "outcome": outcome,
        "first_delta_at": first_delta_at,
        "at": answer.created_at,
    }
    row = session().execute(_STORE_ANSWER, values).one()
    note_company(claim.company_id)
    if row.state == "lost":
        return None
    answer.sequence = row.place
    return Stored(row.state == "outdated", row.followed, row.waiting)


def fail(*, company_id: UUID, turn_id: UUID, attempt: int, at: datetime, error_code: str, error: str) -> bool:
    """Stores why a turn failed. False when it isn't this attempt's any more."""
    statement = _of_attempt(company_id, turn_id, attempt)
    return (
        changed_rows(statement.values(status=TurnStatus.FAILED, error_code=error_code, error=error, finished_at=at))
        == 1
    )


def release(*, company_id: UUID, turn_id: UUID, attempt: int, at: datetime) -> bool:
    """Gives a turn back unanswered, for any worker to take at once. The attempt doesn't count."""
    statement = _of_attempt(company_id, turn_id, attempt)
    return changed_rows(statement.values(status=TurnStatus.QUEUED, due_at=at)) == 1


def _of_attempt(company_id: UUID, turn_id: UUID, attempt: int) -> Update:
    return update(Turn).where(
        Turn.company_id == company_id,
        Turn.id == turn_id,
        Turn.attempt == attempt,
        Turn.status == TurnStatus.PROCESSING,
    )


def fail_unfinished(
    *,
    company_id: UUID,
    at: datetime,
    error_code: str,
    error: str,
    conversation_id: UUID | None = None,
    message_id: UUID | None = None,
) -> Sequence[Turn]:
    """Ends the unfinished turns of a conversation, or that of a message, and returns them."""
    statement = update(Turn).where(Turn.company_id == company_id, _UNFINISHED)
    if conversation_id is not None:
        statement = statement.where(Turn.conversation_id == conversation_id)
    if message_id is not None:
        statement = statement.where(Turn.message_id == message_id)
    values = {"status": TurnStatus.FAILED, "error_code": error_code, "error": error, "finished_at": at}
    return session().scalars(statement.values(**values).returning(Turn)).all()


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
