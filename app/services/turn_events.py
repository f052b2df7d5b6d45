"""What listeners of a conversation are told about its turns. Losing an event loses nothing: Postgres has the answer,
and a stream that misses the end of a turn asks for it (`settle`)."""

from collections.abc import Sequence
from uuid import UUID

from app.core.tenancy import enter_company
from app.core.transaction import transaction
from app.models.message import Message
from app.models.turn import Turn, TurnStatus
from app.realtime import publisher
from app.realtime.events import ChatResponse, ChatStatus, Json
from app.realtime.publisher import TurnRef
from app.repositories import messages, turns
from app.repositories.turns import Claim
from app.services.message_view import shown, shown_error


def announce_queued(conversation_id: UUID, turn_id: UUID, message_id: UUID) -> None:
    """A message waits for its answer."""
    status = ChatStatus(
        status=TurnStatus.QUEUED,
        conversation_id=conversation_id,
        task_id=turn_id,
        message_id=message_id,
        attempt=0,
    )
    publisher.publish(conversation_id, [status], turn=TurnRef(turn_id, 0))


def processing(claim: Claim) -> ChatStatus:
    """A worker has begun with it; what an earlier attempt said doesn't count any more. Sent by `deltas`."""
    return ChatStatus(
        status=TurnStatus.PROCESSING,
        conversation_id=claim.conversation_id,
        task_id=claim.turn_id,
        message_id=claim.message_id,
        attempt=claim.attempt,
    )


def announce_finished(turn: Turn, answer: Message | None) -> None:
    """A turn is over. Announcing it again changes nothing."""
    message = None if answer is None else shown(answer)
    events: list[ChatResponse | ChatStatus] = []
    if message is not None:
        events.append(
            ChatResponse(
                conversation_id=turn.conversation_id,
                task_id=turn.id,
                message_id=turn.message_id,
                attempt=turn.attempt,
                message=message,
            )
        )
    events.append(_end(turn, message))
    publisher.publish(turn.conversation_id, events, turn=TurnRef(turn.id, turn.attempt), final=True)


def forget(conversation_id: UUID, called_off: Sequence[Turn]) -> None:
    """Drops what was said in a conversation, and ends the answers that are still being given: nothing more of them is
    shown, though their worker goes on until it next looks whether they are its own."""
    publisher.forget(conversation_id, [(TurnRef(turn.id, turn.attempt), _end(turn, None)) for turn in called_off])


def settle(company_id: UUID, turn_ids: Sequence[UUID]) -> None:
    """Announces those of the turns that are over: for listeners who may have missed it."""
    with transaction():
        enter_company(company_id)
        finished = turns.find_finished(company_id=company_id, turn_ids=turn_ids)
        answers = {
            turn.id: messages.get(company_id=company_id, message_id=turn.answer_id)
            for turn in finished
            if turn.answer_id
        }
    for turn in finished:
        announce_finished(turn, answers.get(turn.id))


def _end(turn: Turn, message: Json | None) -> ChatStatus:
    return ChatStatus(
        status=turn.status,
        conversation_id=turn.conversation_id,
        task_id=turn.id,
        message_id=turn.message_id,
        attempt=turn.attempt,
        error=shown_error(turn),
        message=message,
    )
