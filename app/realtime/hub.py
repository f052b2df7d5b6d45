"""What the listeners of one web process share: one subscription, and a small pool of connections for catching up."""

import logging
import threading
import time
from typing import Any, Protocol
from uuid import UUID

from app.core.redis import make_client
from app.core.settings import settings
from app.realtime import scripts
from app.realtime.frames import EventId, Frame, stream_key
from app.realtime.publisher import CALLERS, RECHECK
from app.realtime.subscription import Subscription

log = logging.getLogger(__name__)

# In a busy green process an answer of Redis waits for its turn, and keeps its connection meanwhile.
_CONNECTIONS = 16
_PATIENCE_SECONDS = 2.0
_REST_SECONDS = 1.0

# How long a turn may be silent before we ask how it is; doubled while it goes on, up to the longest.
SETTLE_SECONDS = 5.0
_LONGEST_SETTLE_SECONDS = 30.0

_claiming = threading.Lock()


class Listener(Protocol):
    """Who is told about a conversation. All of it is called from the subscription's thread and must not wait."""

    # Who it is, as `Publisher.recheck_caller` names them.
    caller: str

    def deliver(self, frame: Frame) -> None:
        """An event was published."""

    def fell_behind(self) -> None:
        """Events may have been missed: read the stream."""

    def recheck(self) -> None:
        """Ask again whether this may still be listened to."""

    def end(self, reason: str) -> None:
        """The process is about to stop."""


class Topic:
    """A conversation that somebody in this process listens to."""

    __slots__ = ("confirmed", "heard_at", "key", "listeners", "settle_pause", "settled_at")

    def __init__(self, key: str) -> None:
        self.key = key
        self.listeners: set[Listener] = set()
        # Whether what is published now reaches us.
        self.confirmed = False
        self.heard_at = self.settled_at = time.monotonic()
        self.settle_pause = SETTLE_SECONDS

    def hear(self) -> None:
        """Notes that the conversation isn't silent."""
        self.heard_at = time.monotonic()
        self.settle_pause = SETTLE_SECONDS

    @property
    def settle_at(self) -> float:
        """When to ask how the open turns are, if nothing is heard before; by the monotonic clock."""
        return max(self.heard_at, self.settled_at) + self.settle_pause

    def claim_settling(self) -> bool:
        """Whether it is time to ask, and the caller's to do so for all listeners of the conversation."""
        with _claiming:
            if time.monotonic() < self.settle_at:
                return False
            self.settled_at = time.monotonic()
            self.settle_pause = min(2 * self.settle_pause, _LONGEST_SETTLE_SECONDS)
            return True


class Position:
    """Where a stream is: `tip` is its last event, `open_turns` those that are not over, with their first events."""

    def __init__(self, state: dict[bytes, bytes]) -> None:
        self.tip = EventId(int(state[b"epoch"]), int(state[b"n"]))
        self.open_turns = {
            name[2:].decode(): EventId.trusted(first) for name, first in state.items() if name.startswith(b"o:")
        }


class Hub:
    """Hands each event to everybody in this process who listens to its conversation."""

    def __init__(self, url: str) -> None:
        self._client = make_client(url, _PATIENCE_SECONDS, connections=_CONNECTIONS)
        self._subscription = Subscription(url, self._receive, self._confirm)
        self._topics: dict[str, Topic] = {}
        self._lock = threading.RLock()  # an abandoned stream leaves when it is collected: in the middle of anything
        self._draining = False
        self._rest_until = float("-inf")
        self._subscription.add(CALLERS)

    def join(self, conversation_id: UUID, listener: Listener) -> Topic:
        """Tells `listener` about the conversation from now on."""
        key = stream_key(conversation_id)
        with self._lock:
            topic = self._topics.get(key)
            if topic is None:
                topic = self._topics[key] = Topic(key)
                self._subscription.add(key)
            topic.listeners.add(listener)
        if self._draining:
            listener.end("restarting")
        return topic

    def leave(self, topic: Topic, listener: Listener) -> None:
        """Tells it no more."""
        with self._lock:
            topic.listeners.discard(listener)
            if not topic.listeners and self._topics.get(topic.key) is topic:
                del self._topics[topic.key]
                self._subscription.remove(topic.key)

    def position(self, topic: Topic) -> Position:
        """Where the stream is. Raises RedisError."""
        return Position(scripts.position(self._client, topic.key, keep_seconds=settings().stream_keep_seconds))

    def read(self, topic: Topic, first: EventId, count: int) -> list[Frame]:
        """What the stream keeps from `first` on, that one included; at most `count` events. Raises RedisError."""
        rows: Any = self._client.xrange(topic.key, min=str(first), max="+", count=count)
        return [Frame.parse(EventId.trusted(id), fields[b"e"]) for id, fields in rows]

    @property
    def resting(self) -> bool:
        """Whether Redis failed a moment ago: a request that waits for it in vain keeps a connection to Postgres."""
        return time.monotonic() < self._rest_until

    def rest(self, error: Exception) -> None:
        """Notes that Redis failed when somebody wanted to listen."""
        self._rest_until = time.monotonic() + _REST_SECONDS
        log.warning("no streams are opened while Redis is away", extra={"reason": str(error)})

    def drain(self) -> None:
        """Ends all listeners, now and from now on: this process is about to stop."""
        self._draining = True
        for topic in self._all_topics():
            for listener in tuple(topic.listeners):
                listener.end("restarting")

    def close(self) -> None:
        """Ends the connections."""
        self._subscription.close()
        self._client.close()

    def _all_topics(self) -> list[Topic]:
        with self._lock:
            return list(self._topics.values())

    def _recheck_caller(self, caller: str) -> None:
        for topic in self._all_topics():
            for listener in tuple(topic.listeners):
                if listener.caller == caller:
                    listener.recheck()

    def _receive(self, channel: str, message: bytes) -> None:
        if channel == CALLERS:
            self._recheck_caller(message.decode())
            return
        topic = self._topics.get(channel)
        if topic is None:
            return
        if message == RECHECK:
            for listener in tuple(topic.listeners):
                listener.recheck()
            return
        id, _, rest = message.partition(b" ")
        frame = Frame.parse(EventId.trusted(id), rest)
        topic.hear()
        for listener in tuple(topic.listeners):
            listener.deliver(frame)

    def _confirm(self, channel: str) -> None:
        topic = self._topics.get(channel)
        if topic is None:
            return
        topic.confirmed = True
        for listener in tuple(topic.listeners):
            listener.fell_behind()


_making = threading.Lock()
_hub: Hub | None = None


def hub() -> Hub:
    """The hub of this process, made when the first listener comes."""
    global _hub  # noqa: PLW0603 - one a process
    with _making:
        if _hub is None:
            _hub = Hub(settings().redis_url)
        return _hub
