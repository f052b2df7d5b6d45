"""Answering: claim a turn, compose its answer outside any transaction, store it once.

However often a task is delivered or a worker dies, a turn ends with one answer or one stated failure: only the attempt
that owns it can store, a unique index allows one answer for each message, and a sweep finds whatever nobody works on.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.ai.chat import ChatMessage
from app.core.clock import now
from app.core.ids import new_id
from app.core.settings import settings
from app.core.tenancy import across_companies, enter_company
from app.core.transaction import single_statement, transaction
from app.errors import Unavailable
from app.jobs import JobName, send
from app.models.message import Message, MessageRole
from app.models.turn import Turn, TurnOutcome, TurnStatus
from app.models.webhook_event import WebhookEventType as Type
from app.repositories import (
    llm_settings,
    messages,
    turns,
    unanswered_questions,
)
from app.repositories.llm_settings import SettingsRow
from app.repositories.turns import Claim, Context
from app.services import answering, model_choice, turn_events, turn_leases, turn_starts, webhook_events
from app.services.database_patience import is_away, when_database_is_back
from app.services.deltas import DeltaStream
from app.services.history import bounded
from app.services.message_view import shown
from app.services.questions import Composed, Listener, Question
from app.services.turn_costs import Spent
from app.services.turn_leases import Lease, LeaseLost, ShuttingDown
from app.services.turn_starts import Place, Reader

log = logging.getLogger(__name__)

# How often an answer is composed anew because what it cites was deleted meanwhile.
_COMPOSITIONS = 3
_MOST_HISTORY = 40
_AGAIN = timedelta(seconds=10)
_SWEEP_LIMIT = 500


class _Outdated(Exception):
    """What the answer cites was deleted while it was composed."""


@dataclass(frozen=True)
class _Work:
    claim: Claim
    question: Question
    lead_id: UUID | None


# Stands for work that couldn't be loaded.
_BROKEN = _Work.__new__(_Work)


def answer(company_id: UUID, turn_id: UUID) -> None:
    """Answers one message, if it is its turn and nobody else does; then wakes a worker for the next."""
    with turn_starts.Place() as place:
        if turn_leases.is_stopping():
            send(JobName.ANSWER_TURN, company_id=company_id, turn_id=turn_id)
            return
        claim, work = _take(company_id, turn_id)
        if claim is not None:
            _answer_claimed(claim, work, place)


def _answer_claimed(claim: Claim, work: "_Work | None", place: Place) -> None:
    spent = Spent()
    with turn_leases.held(claim) as lease:
        try:
            if work is _BROKEN:
                work = when_database_is_back(lambda: _load_again(claim))
            _answer(claim, work, lease, place, spent)
        except LeaseLost:
            when_database_is_back(lambda: spent.store_called_off(claim))
        except ShuttingDown:
            _release(claim)
        except Unavailable as error:
            log.warning("a turn can't be answered now", extra={"turn": str(claim.turn_id), "reason": error.detail})
            _fail(claim, error.code, "I can't look this up at the moment. Please ask again shortly.", spent)
        except Exception as error:
            if isinstance(error, DBAPIError | PoolTimeout) and is_away(error):
                # Somebody restarts it, say: no reason to tell the visitor to ask again.
                log.warning("a turn is begun anew, for Postgres was away", extra={"turn": str(claim.turn_id)})
                when_database_is_back(lambda: _release(claim))
                return
            log.exception("a turn failed", extra={"turn": str(claim.turn_id), "attempt": claim.attempt})
            _fail(claim, "internal_error", "Something went wrong on our side. Please ask again.", spent)


def sweep() -> int:
    """Wakes workers for turns whose job was lost or whose worker died. Returns how many."""
    at = now()
    with transaction(), across_companies("a sweep over the turns of all companies"):
        due = turns.take_due_across_companies(at=at, again_at=at + _AGAIN, limit=_SWEEP_LIMIT)
    for row in due:
        send(JobName.ANSWER_TURN, company_id=row.company_id, turn_id=row.id)
    return len(due)


def _take(company_id: UUID, turn_id: UUID) -> tuple[Claim | None, "_Work | None"]:
    """The turn, if it is to be had, and what answering it takes; None for the latter when its message is gone.

    Both in one statement, for they are most of what comes before the first word. When loading fails the claim stands
    all the same, or the turn would be tried for ever without an attempt being counted.
    """
    return when_database_is_back(lambda: _take_and_load(company_id, turn_id))


def _take_and_load(company_id: UUID, turn_id: UUID) -> tuple[Claim | None, "_Work | None"]:
    with single_statement():
        taken = turns.take(
            company_id=company_id,
            turn_id=turn_id,
            at=now(),
            lease=turn_leases.lease_time(),
            most_said=_MOST_HISTORY,
        )
    if taken is None:
        return None, None
    claim, context, chain = taken
    try:
        return claim, _work(claim, context, [llm_settings.opened(row) for row in chain])
    except Exception:
        log.exception("what a turn needs can't be loaded", extra={"turn": str(turn_id)})
        return claim, _BROKEN


def _load_again(claim: Claim) -> _Work | None:
    with transaction():
        enter_company(claim.company_id)
        context = turns.context_of(company_id=claim.company_id, message_id=claim.message_id, most_said=_MOST_HISTORY)
        chain = llm_settings.find_chain(company_id=claim.company_id, agent_id=claim.agent_id)
    return _work(claim, context, chain)


def _answer(claim: Claim, work: _Work | None, lease: Lease, place: Place, spent: Spent) -> None:
    if claim.attempt > settings().turn_attempts:
        _fail(claim, "gave_up", "This message could not be answered after several attempts.", spent)
        return
    deltas = DeltaStream(claim)
    deltas.announce()
    for _ in range(_COMPOSITIONS):
        if work is None:
            deltas.announce_now()
            _fail(claim, "message_deleted", "The message was deleted before it was answered.", spent)
            return
        try:
            _compose_and_store(work, deltas, lease, place, spent)
            return
        except _Outdated:
            deltas.restart()
            work = when_database_is_back(lambda: _load_again(claim))
    _fail(claim, "documents_changed", "The documents changed while this was answered. Please ask again.", spent)


def _compose_and_store(work: _Work, deltas: DeltaStream, lease: Lease, place: Place, spent: Spent) -> None:
    first_delta_at: list[datetime] = []
    reader = Reader()

    def on_text(text: str) -> None:
        lease.check()
        if not first_delta_at:
            first_delta_at.append(now())
        deltas.send(text)
        reader.give_way()

    listener = Listener(on_text, deltas.restart, place.leave)
    spent.lead_id = work.lead_id
    try:
        composed = answering.compose(work.question, listener)
    finally:
        deltas.announce_now()  # before anything is said of its end
        spent.calls.extend(listener.calls)
    lease.check()
    deltas.flush()
    message, waiting = when_database_is_back(lambda: _store(work, composed, first_delta_at, spent))
    turn_events.announce_finished(_finished(work.claim, TurnStatus.COMPLETED), message)
    _wake(work.claim, waiting)


def _work(claim: Claim, context: Context | None, chain: Sequence[SettingsRow]) -> _Work | None:
    if context is None:
        return None
    history = [
        ChatMessage("assistant" if role == MessageRole.ASSISTANT else "user", text) for role, text in context.said
    ]
    question = Question(
        company_id=claim.company_id,
        agent_id=claim.agent_id,
        text=context.question,
        agent_name=context.agent_name,
        instructions=context.instructions,
        personality=tuple(context.personality_traits),
        languages=tuple(context.languages),
        document_languages=tuple(context.document_languages),
        space=context.embedding_space,
        choice=model_choice.of_rows(chain),
        has_data=context.has_data,
        history=bounded(history, context.max_context_length),
        deadline=time.monotonic() + settings().turn_seconds,
    )
    return _Work(claim, question, context.lead_id)


def _store(
    work: _Work, composed: Composed, first_delta_at: list[datetime], spent: Spent
) -> tuple[Message, UUID | None]:
    """Stores the answer; returns it, and the turn that is next in the conversation."""
    claim, at = work.claim, now()
    message = _message(work, composed, at)
    with transaction():
        stored = turns.store_answer(
            message,
            claim=claim,
            cited=list({UUID(each["chunk_id"]) for each in composed.citations if "chunk_id" in each}),
            outcome=composed.outcome,
            first_delta_at=first_delta_at[0] if first_delta_at else None,
        )
        if stored is None:
            raise LeaseLost
        if stored.outdated:
            raise _Outdated
        spent.store(claim, at)
        if composed.outcome is TurnOutcome.REFUSED:
            unanswered_questions.add(
                company_id=claim.company_id,
                agent_id=claim.agent_id,
                message_id=claim.message_id,
                question=work.question.text,
                language=composed.language,
                confidence=composed.confidence,
            )
        if stored.followed:
            webhook_events.record(
                claim.company_id, Type.MESSAGE_COMPLETED, claim.conversation_id, lambda: shown(message)
            )
        # The conversation is locked since its place was taken: a message that comes meanwhile either is seen there, or
        # waits for our commit and finds the conversation free.
        return message, stored.waiting


def _message(work: _Work, composed: Composed, at: datetime) -> Message:
    """The answer, without its place yet."""
    return Message(
        id=new_id(),
        company_id=work.claim.company_id,
        conversation_id=work.claim.conversation_id,
        role=MessageRole.ASSISTANT,
        content=composed.text,
        reply_to_id=work.claim.message_id,
        language=composed.language,
        citations=composed.citations,
        details=composed.metadata,
        created_at=at,
    )


def _fail(claim: Claim, code: str, sentence: str, spent: Spent) -> None:
    turn = _finished(claim, TurnStatus.FAILED)
    turn.error_code, turn.error = code, sentence

    def store() -> bool:
        with transaction():
            enter_company(claim.company_id)
            stored = turns.fail(
                company_id=claim.company_id,
                turn_id=claim.turn_id,
                attempt=claim.attempt,
                at=now(),
                error_code=code,
                error=sentence,
            )
            if stored:
                spent.store(claim, now())
                webhook_events.record(claim.company_id, Type.MESSAGE_FAILED, claim.conversation_id, said)
            return stored

    def said() -> dict[str, Any]:
        message = messages.get(company_id=claim.company_id, message_id=claim.message_id, include_deleted=True)
        return {} if message is None else shown(message, turn)

    if not when_database_is_back(store):
        when_database_is_back(lambda: spent.store_called_off(claim))
        return
    turn_events.announce_finished(turn, None)
    _wake_next(claim)


def _finished(claim: Claim, status: TurnStatus) -> Turn:
    """The turn as it is stored now, without reading it again."""
    return Turn(
        id=claim.turn_id,
        company_id=claim.company_id,
        conversation_id=claim.conversation_id,
        message_id=claim.message_id,
        attempt=claim.attempt,
        status=status,
    )


def _release(claim: Claim) -> None:
    with transaction():
        enter_company(claim.company_id)
        given_back = turns.release(company_id=claim.company_id, turn_id=claim.turn_id, attempt=claim.attempt, at=now())
    if given_back:
        send(JobName.ANSWER_TURN, company_id=claim.company_id, turn_id=claim.turn_id)


def _wake_next(claim: Claim) -> None:
    # Asked after the commit: a message that came meanwhile either is seen here, or sees the conversation free itself.
    with transaction():
        enter_company(claim.company_id)
        waiting = turns.next_queued(company_id=claim.company_id, conversation_id=claim.conversation_id)
    _wake(claim, waiting)


def _wake(claim: Claim, waiting: UUID | None) -> None:
    if waiting is not None:
        send(JobName.ANSWER_TURN, company_id=claim.company_id, turn_id=waiting)
