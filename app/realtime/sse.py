"""Server-sent events: one conversation's events as an endless answer.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import Self
from uuid import UUID

from redis.exceptions import RedisError

from app.core.settings import settings
from app.errors import AppError, Unavailable
from app.realtime.events import End, Heartbeat
from app.realtime.follower import Follower
from app.realtime.frames import Frame
from app.realtime.hub import Hub, hub
from app.realtime.seats import seats
from app.realtime.work import checks

RECHECK_SECONDS = 60.0
_RETRY_MS = 1_000
_MOST_RETRY_MS = 4_000
_CHUNK = 64 * 1024


class StreamingUnavailable(Unavailable):
    """Redis, which carries the events, doesn't answer."""

    code = "streaming_unavailable"
    detail = "Live events are not available at the moment. Fetch the messages instead, and try again shortly."


def event_stream(
    conversation_id: UUID,
    *,
    last_event_id: str | None,
    listener: str,
    still_allowed: Callable[[], bool],
    settle: Callable[[list[str]], object],
    most: int = 20,
    source: Hub | None = None,
) -> "EventStream":
    """Opens the stream of a conversation; iterate over it, and close it.

    `last_event_id`: the id of the last event that the client saw. `listener` names the caller, who may have `most`
    streams open. `still_allowed` is asked once a minute and may raise an AppError whose code the client is told;
    `settle` gets the ids of turns whose end may have been lost. Both run on a thread of their own.

    Raises StreamingUnavailable, TooManyStreams and NoSeatLeft.
    """
    source = source or hub()
    if source.resting:
        raise StreamingUnavailable(retry_after=2)
    seats.take(listener, most)
    try:
        stream = EventStream(source, conversation_id, listener, still_allowed, settle)
    except BaseException:
        seats.leave(listener)
        raise
    try:
        stream.open(last_event_id)
    except BaseException as error:
        stream.close()
        if isinstance(error, (RedisError, OSError)):
            source.rest(error)
            raise StreamingUnavailable(retry_after=2) from None
        raise
    return stream


class EventStream:
    """The chunks of an event stream, as the client's connection takes them."""

    def __init__(
        self,
        source: Hub,
        conversation_id: UUID,
        listener: str,
        still_allowed: Callable[[], bool],
        settle: Callable[[list[str]], object],
    ) -> None:
        self._listener, self._still_allowed, self._settle = listener, still_allowed, settle
        self._woken = threading.Event()
        self._asking = False
        self._heartbeat_seconds = settings().stream_heartbeat_seconds
        self._said_at = time.monotonic()
        self._recheck_at = self._said_at + _jittered(RECHECK_SECONDS)
        self._chunks: Iterator[bytes] = iter(())
        self._follower = Follower(source, conversation_id, self._woken.set, caller=listener)
        self._closed = False

    def open(self, last_event_id: str | None) -> None:
        """Reads what the stream begins with. Raises RedisError."""
        self._chunks = self._run(self._follower.start(last_event_id))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        # An answer that fails before it is sent is not closed by everybody.
        self.close()

    def close(self) -> None:
        """Frees what the stream holds. The server calls it whether the client left or the stream ended."""
        if not getattr(self, "_closed", True):
            self._closed = True
            self._chunks = iter(())
            self._follower.close()
            seats.leave(self._listener)

    def client_left(self) -> None:
        """Ends: nobody reads any more."""
        self._follower.end("client_left")

    def _run(self, first: list[Frame]) -> Iterator[bytes]:
        # An id alone is no event, but the client will send it when it comes back: without one it would miss what
        # happens before the first event reaches it.
        place = b"" if first else f"id: {self._follower.last}\n".encode()
        yield b"retry: %d\n%b\n" % (_RETRY_MS, place)
        yield from _chunked(first)
        while True:
            self._woken.clear()
            yield from self._said(_chunked(self._follower.take()))
            if end := self._follower.ended:
                yield _farewell(end)
                return
            self._ask_whether_allowed()
            self._ask_for_silent_turns()
            yield from self._said(self._heartbeat())
            if not self._follower.has_more:
                self._woken.wait(self._pause())

    def _said(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            yield chunk
            self._said_at = time.monotonic()

    def _heartbeat(self) -> Iterator[bytes]:
        if time.monotonic() - self._said_at >= self._heartbeat_seconds:
            yield Frame.local(Heartbeat()).sse()

    def _pause(self) -> float:
        due_at = min(self._said_at + self._heartbeat_seconds, self._recheck_at, self._follower.due_at)
        return max(0.0, due_at - time.monotonic())

    def _ask_for_silent_turns(self) -> None:
        if silent := self._follower.take_silent_turns():
            checks.do(partial(self._settle, silent))

    def _ask_whether_allowed(self) -> None:
        if time.monotonic() < self._recheck_at and not self._follower.recheck_due:
            return
        self._recheck_at = time.monotonic() + _jittered(RECHECK_SECONDS)
        if self._asking:
            return
        self._follower.recheck_due = False
        self._asking = True
        checks.do(self._recheck)

    def _recheck(self) -> None:
        try:
            if not self._closed and not self._still_allowed():
                self._follower.refuse("insufficient_permissions")
        except AppError as error:
            self._follower.refuse(error.code)
        finally:
            self._asking = False
            if self._follower.recheck_due:  # what was said while it was asked may have come too late for the answer
                self._woken.set()


def _jittered(seconds: float) -> float:
    # Streams that were opened together, after a restart, don't all ask in the same moment.
    return seconds * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def _chunked(frames: Sequence[Frame]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for frame in frames:
        text = frame.sse()
        waiting.append(text)
        size += len(text)
        if size >= _CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _farewell(end: End) -> bytes:
    # Everybody is sent away at once, and shouldn't come back at once.
    pause = random.randint(_RETRY_MS // 2, _MOST_RETRY_MS)  # noqa: S311 - no secret
    return b"retry: %d\n%b" % (pause, Frame.local(end).sse())
