"""The text of answers as it comes: the first words at once, the rest in small portions, of all turns together. That an
answer was begun is said with its first words, or with the next portions of others.

Each portion costs worker, Redis and web process a third of a millisecond when it is sent by itself, and less than half
of that in the company of others.
"""

import logging
import os
import threading
import time
from contextlib import ExitStack
from uuid import UUID

from app.realtime import publisher
from app.realtime.events import ChatDelta, ChatStatus
from app.realtime.publisher import TurnRef
from app.repositories.turns import Claim
from app.services import turn_events, turn_leases, turn_starts

log = logging.getLogger(__name__)

# Text that a model gives faster than this is sent together, in seconds.
_SHORTEST_PAUSE = 0.03
# The more turns a process answers, the longer: sixty answers with twenty pieces a second took what the first words of
# the next ones needed.
_PAUSE_PER_TURN = 0.0015
_LONGEST_PAUSE = 0.1
# The first words of one answer go before more words of another: while turns wait to begin, those that have begun send
# so rarely.
_CROWDED_PAUSE = 0.4
# How often it is looked which pieces are due: what is due by then goes together.
_ROUND_SECONDS = 0.03
# Of so many at most: their turns read nothing meanwhile.
_AT_ONCE = 50


def shortest_pause(turn_count: int, *, crowded: bool = False) -> float:
    """Seconds between two pieces of an answer, in a process that works on so many. crowded: others wait to begin."""
    if crowded:
        return _CROWDED_PAUSE
    return min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, turn_count * _PAUSE_PER_TURN))


class DeltaStream:
    """Sends an answer's text as it comes. Each piece has a number; number 1 begins the text anew."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._turn = TurnRef(claim.turn_id, claim.attempt)
        self._sequence = 0
        self._waiting = ""
        self._status: ChatStatus | None = None
        self.sent_at = float("-inf")
        # Pieces leave one after the other, whoever sends them; whoever takes one holds it until it has left.
        self.lock = threading.Lock()

    def announce(self) -> None:
        """Says soon that a worker has begun; by then the first words may be there, which leave together with it."""
        with self.lock:
            self._status = turn_events.processing(self._claim)
            self.sent_at = time.monotonic()
            _sender.add(self)

    def announce_now(self) -> None:
        """Says now that a worker has begun, if that wasn't said yet."""
        with self.lock:
            status, self._status = self._status, None
            if status is not None:
                publisher.publish(status.conversation_id, [status], turn=self._turn)

    def send(self, text: str) -> None:
        """Sends `text` soon, together with what follows in quick succession; the first words at once."""
        with self.lock:
            self._waiting += text
            if self._sequence == 0:
                self._send()
            elif self._waiting:
                _sender.add(self)

    def flush(self) -> None:
        """Sends what waits."""
        with self.lock:
            self._send()

    def restart(self) -> None:
        """What was sent is void; the next piece is number 1 again."""
        with self.lock:
            self._waiting = ""
            self._sequence = 0

    def take(self) -> list[ChatStatus | ChatDelta]:
        """The next piece, to be sent by the caller, who holds the lock; empty when nothing waits."""
        taken: list[ChatStatus | ChatDelta] = [] if self._status is None else [self._status]
        self._status = None
        if self._waiting:
            taken.append(self._next())
        return taken

    def _next(self) -> ChatDelta:
        self._sequence += 1
        text, self._waiting = self._waiting, ""
        self.sent_at = time.monotonic()
        return ChatDelta(
            conversation_id=self._claim.conversation_id,
            task_id=self._claim.turn_id,
            message_id=self._claim.message_id,
            attempt=self._claim.attempt,
            sequence=self._sequence,
            text=text,
        )

    @property
    def turn(self) -> TurnRef:
        """Whose text it is."""
        return self._turn

    @property
    def conversation_id(self) -> UUID:
        """Who hears it."""
        return self._claim.conversation_id

    def _send(self) -> None:
        if taken := self.take():
            publisher.publish(self.conversation_id, taken, turn=self._turn)


class _Sender:
    """One thread that sends what waits, of all turns of the process."""

    def __init__(self) -> None:
        self._streams: set[DeltaStream] = set()
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._pid = 0

    def add(self, stream: DeltaStream) -> None:
        with self._lock:
            if stream in self._streams:
                return
            if self._pid != os.getpid():  # a thread doesn't survive a fork
                # Nothing is noted before it runs: when no thread can be started now, the next piece tries again.
                threading.Thread(target=self._run, name="deltas", daemon=True).start()
                self._pid = os.getpid()
            self._streams.add(stream)
        self._woken.set()

    def _run(self) -> None:
        while True:
            self._woken.wait()
            self._woken.clear()
            while self._streams:
                try:
                    self._send_due()
                except Exception:  # whatever it is: without this thread nobody would hear more than the first words
                    log.exception("pieces of answers could not be sent")
                time.sleep(_ROUND_SECONDS)

    def _send_due(self) -> None:
        due = self._take_due()
        for first in range(0, len(due), _AT_ONCE):
            some = due[first : first + _AT_ONCE]
            with ExitStack() as held:
                for stream in some:
                    held.enter_context(stream.lock)
                pieces = [(stream, stream.take()) for stream in some]
                publisher.publish_each(
                    [(stream.conversation_id, piece, stream.turn) for stream, piece in pieces if piece]
                )

    def _take_due(self) -> list[DeltaStream]:
        pause = shortest_pause(turn_leases.count(), crowded=turn_starts.is_crowded())
        earliest = time.monotonic() - pause
        with self._lock:
            due = [stream for stream in self._streams if stream.sent_at <= earliest]
            self._streams.difference_update(due)
        return due


_sender = _Sender()
