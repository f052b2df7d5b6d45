"""What listeners of a conversation are told about its turns. Losing an event loses nothing: Postgres has the answer,
and a stream that misses the end of a turn asks for it (`settle`)."""

import threading
import time
from collections.abc import Sequence
from uuid import UUID

from app.core.tenancy import enter_company
from app.core.transaction import transaction
from app.models.message import Message
from app.models.turn import Turn, TurnStatus
from app.realtime import publisher
from app.realtime.events import ChatDelta, ChatResponse, ChatStatus
from app.realtime.publisher import TurnRef
from app.realtime.work import Later
from app.repositories import messages, turns
from app.repositories.turns import Claim
from app.services import turn_leases, turn_starts
from app.services.message_view import shown, shown_error

# Text that a model gives faster than this is sent together, in seconds.
_SHORTEST_PAUSE = 0.03
# The more turns a process answers, the longer: each piece costs worker, Redis and web process a third of a millisecond,
# and sixty answers with twenty pieces a second took what the first words of the next ones needed.
_PAUSE_PER_TURN = 0.0015
# What then waits is sent after so long even if the model pauses.
_LONGEST_WAIT = 0.1
# The first words of one answer go before more words of another: while turns wait to begin, those that have begun send
# so rarely.
_CROWDED_PAUSE = 0.4
_later = Later("late deltas", _LONGEST_WAIT)


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


def announce_processing(claim: Claim) -> None:
    """A worker has begun with it; what an earlier attempt said doesn't count any more."""
    status = ChatStatus(
        status=TurnStatus.PROCESSING,
        conversation_id=claim.conversation_id,
        task_id=claim.turn_id,
        message_id=claim.message_id,
        attempt=claim.attempt,
    )
    publisher.publish(claim.conversation_id, [status], turn=TurnRef(claim.turn_id, claim.attempt))


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
    events.append(
        ChatStatus(
            status=turn.status,
            conversation_id=turn.conversation_id,
            task_id=turn.id,
            message_id=turn.message_id,
            attempt=turn.attempt,
            error=shown_error(turn),
            message=message,
        )
    )
    publisher.publish(turn.conversation_id, events, turn=TurnRef(turn.id, turn.attempt), final=True)


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


def shortest_pause(turn_count: int, *, crowded: bool = False) -> float:
    """Seconds between two pieces of an answer, in a process that works on so many. crowded: others wait to begin."""
    if crowded:
        return _CROWDED_PAUSE
    return min(_LONGEST_WAIT, max(_SHORTEST_PAUSE, turn_count * _PAUSE_PER_TURN))


class DeltaStream:
    """Sends an answer's text as it comes. Each piece has a number; number 1 begins the text anew."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._sequence = 0
        self._waiting = ""
        self._is_due = False
        self._sent_at = float("-inf")
        # Pieces leave one after the other, whoever sends them.
        self._lock = threading.Lock()
        self.first_sent = False

    def send(self, text: str) -> None:
        """Sends `text`, together with the next when they come in quick succession."""
        with self._lock:
            self._waiting += text
            if self._waiting and self._may_send():
                self._send()
            elif self._waiting and not self._is_due:
                self._is_due = True
                _later.do(self._flush_late)

    def flush(self) -> None:
        """Sends what waits."""
        with self._lock:
            self._send()

    def restart(self) -> None:
        """What was sent is void; the next piece is number 1 again."""
        with self._lock:
            self._waiting = ""
            self._sequence = 0

    def _flush_late(self) -> None:
        with self._lock:
            self._is_due = bool(self._waiting) and turn_starts.is_crowded() and not self._may_send()
            if self._is_due:
                _later.do(self._flush_late)
            else:
                self._send()

    def _may_send(self) -> bool:
        pause = shortest_pause(turn_leases.count(), crowded=turn_starts.is_crowded())
        return time.monotonic() - self._sent_at >= pause

    def _send(self) -> None:
        if not self._waiting:
            return
        self._sequence += 1
        delta = ChatDelta(
            conversation_id=self._claim.conversation_id,
            task_id=self._claim.turn_id,
            message_id=self._claim.message_id,
            attempt=self._claim.attempt,
            sequence=self._sequence,
            text=self._waiting,
        )
        publisher.publish(self._claim.conversation_id, [delta], turn=TurnRef(self._claim.turn_id, self._claim.attempt))
        self._waiting = ""
        self._sent_at = time.monotonic()
        self.first_sent = True
