"""Following a conversation's stream exactly: every event once and in order, whatever happens to connections.

What is published is put into a small mailbox. An event that doesn't continue the last one, a mailbox that is full and a
subscription that was broken all lead to the same: read on in the stream, from the last event that was passed on.

A stream of a later epoch than that event's may lack events that were never appended, for Redis was away: its listeners
are told to fetch the messages, though nothing is missing that can be seen.
"""

import random
import time
from collections import deque
from collections.abc import Callable, Collection
from itertools import pairwise
from uuid import UUID

from redis.exceptions import RedisError

from app.realtime.events import End, Resync
from app.realtime.frames import EventId, Frame
from app.realtime.hub import Hub, Position, Topic

MAILBOX = 256
_PAGE = 500
_RETRY_SECONDS = 1.0


class Follower:
    """One listener's place in one conversation's stream. `notify` is called from another thread whenever `take` has
    something to do, and must not wait.

    `caller` names who listens, as `Hub` is told whose permission may have changed.

    `last` is the id after which the next frames follow; `open_turns` are the turns whose end hasn't been seen.
    """

    __slots__ = (
        "_behind",
        "_conversation_id",
        "_hub",
        "_mailbox",
        "_notify",
        "_retry_at",
        "_topic",
        "caller",
        "ended",
        "last",
        "open_turns",
        "recheck_due",
    )

    def __init__(self, hub: Hub, conversation_id: UUID, notify: Callable[[], None], *, caller: str = "") -> None:
        self.caller = caller
        self._hub, self._conversation_id, self._notify = hub, conversation_id, notify
        self._mailbox: deque[Frame] = deque()
        self._behind = False
        self._retry_at = float("-inf")
        self.ended: End | None = None
        self.recheck_due = False
        self.open_turns: set[str] = set()
        self.last = EventId(0, 0)
        self._topic: Topic = hub.join(conversation_id, self)

    def close(self) -> None:
        """Follows no more."""
        self._hub.leave(self._topic, self)

    # Called by the hub.

    def deliver(self, frame: Frame) -> None:
        """An event was published."""
        if len(self._mailbox) < MAILBOX:
            self._mailbox.append(frame)
        else:
            self._behind = True
            self._mailbox.clear()
        self._notify()

    def fell_behind(self) -> None:
        """Events may have been missed."""
        self._behind = True
        self._retry_at = float("-inf")
        self._notify()

    def recheck(self) -> None:
        """Somebody's permission may have changed."""
        self.recheck_due = True
        self._notify()

    def end(self, reason: str) -> None:
        """There will be no more."""
        self.ended = End(reason=reason, conversation_id=self._conversation_id)
        self._notify()

    def refuse(self, code: str) -> None:
        """There will be no more, because the listener may not listen."""
        self.ended = End(reason="not_allowed", code=code, conversation_id=self._conversation_id)
        self._notify()

    # Called by the one who listens.

    def start(self, last_event_id: str | None) -> list[Frame]:
        """The frames to begin with.

        Without an id: what there is of turns that aren't over. With the id of an event that is kept: all after it, by
        and by, behind a `resync` if the stream is of a later epoch. With any other: a `resync`, and what there is of
        turns that aren't over. Raises RedisError.
        """
        if last_event_id is None:
            return self._begin()
        found = EventId.parse(last_event_id)
        if found is None:
            return self._begin_anew()
        self.last = found
        position = self._hub.position(self._topic)
        self.open_turns = set(position.open_turns)
        known, frames = self._read()
        if not known:
            return self._begin_anew()
        return self._pass_unbroken(frames) if position.tip.epoch == found.epoch else self._pass_lost(frames)

    def take(self) -> list[Frame]:
        """The next frames; empty when there is nothing to pass on. While Redis is away it waits for a later call."""
        if not self._behind:
            return self._open_mail()
        if time.monotonic() < self._retry_at:
            return []
        try:
            return self._read_on()
        except (RedisError, OSError):
            self._behind = True
            self._retry_at = time.monotonic() + _RETRY_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
            return []

    @property
    def has_more(self) -> bool:
        """Whether `take` has something to do right now."""
        return bool(self._mailbox) or (self._behind and time.monotonic() >= self._retry_at)

    @property
    def due_at(self) -> float:
        """When to call `take` or `take_silent_turns` again without having been notified; by the monotonic clock."""
        retry = self._retry_at if self._behind else float("inf")
        return min(retry, self._topic.settle_at) if self.open_turns else retry

    def take_silent_turns(self) -> list[str]:
        """The open turns when their end may have been lost: somebody should ask Postgres. They are given to one
        listener of the conversation in this process, and not again for some seconds."""
        return sorted(self.open_turns) if self.open_turns and self._topic.claim_settling() else []

    def _open_mail(self) -> list[Frame]:
        fresh: list[Frame] = []
        while self._mailbox:
            try:
                frame = self._mailbox.popleft()
            except IndexError:  # it overflowed in this moment
                break
            if frame.id == self.last.next:
                fresh.append(self._pass(frame))
            elif frame.id is not None and frame.id > self.last:
                self._behind = True
                break
        return fresh

    def _pass(self, frame: Frame) -> Frame:
        if frame.id is not None:
            self.last = frame.id
        if frame.turn is not None:
            (self.open_turns.discard if frame.final else self.open_turns.add)(frame.turn)
        return frame

    def _forget_mail(self) -> None:
        # In this order, and before reading: what comes from now on is either read or stays in the mailbox.
        self._behind = False
        self._mailbox.clear()

    def _read_on(self) -> list[Frame]:
        known, frames = self._read()
        if known and not frames:
            known = self._hub.position(self._topic).tip.epoch == self.last.epoch
        return self._pass_unbroken(frames) if known else self._pass_lost(frames)

    def _read(self) -> tuple[bool, list[Frame]]:
        """Whether our last event is still known, and what is kept of the events after it: a page of them."""
        self._forget_mail()
        page = self._hub.read(self._topic, self.last, _PAGE)
        self._behind = self._behind or len(page) == _PAGE
        return self._continues(page), [frame for frame in page if frame.id != self.last]

    def _pass_unbroken(self, frames: list[Frame]) -> list[Frame]:
        unbroken = _unbroken(self.last, frames)
        if frames and not unbroken:
            return self._pass_lost(frames)
        self._behind = self._behind or len(unbroken) < len(frames)
        return [self._pass(frame) for frame in unbroken]

    def _pass_lost(self, frames: list[Frame]) -> list[Frame]:
        """Events are missing before `frames`: says so, and goes on with them."""
        if frames and frames[0].id is not None:
            self.last = EventId(frames[0].id.epoch, frames[0].id.number - 1)
            return [self._resync(), *self._pass_unbroken(frames)]
        position = self._hub.position(self._topic)
        self.last = position.tip
        # The end of a turn that is open to us may be among what is lost, so it stays open to us.
        self.open_turns.update(position.open_turns)
        return [self._resync(at=self.last)]

    def _continues(self, page: list[Frame]) -> bool:
        """Whether `page` shows that our last event is still kept, so that nothing can be missing after it."""
        if self.last.number:
            return bool(page) and page[0].id == self.last
        if page:
            return page[0].id == self.last.next
        return self._hub.position(self._topic).tip.epoch == self.last.epoch

    def _begin(self) -> list[Frame]:
        self._forget_mail()
        return self._replay(self._hub.position(self._topic))

    def _begin_anew(self) -> list[Frame]:
        frames = self._begin()
        return [self._resync(at=None if frames else self.last), *frames]

    def _resync(self, at: EventId | None = None) -> Frame:
        """`at`: where a client resumes that gets nothing after this."""
        return Frame.local(Resync(conversation_id=self._conversation_id), id=at)

    def _replay(self, position: Position) -> list[Frame]:
        """What is kept of the open turns; afterwards we are at the end of the stream."""
        self.open_turns = set(position.open_turns)
        first = min(position.open_turns.values(), default=None)
        frames = [] if first is None else self._kept_of(position.open_turns, first, position.tip)
        self.last = position.tip
        return frames

    def _kept_of(self, turns: Collection[str], first: EventId, tip: EventId) -> list[Frame]:
        found: list[Frame] = []
        while True:
            page = self._hub.read(self._topic, first, _PAGE)
            places = [frame.id for frame in page if frame.id is not None and frame.id <= tip]
            found += [frame for frame in page[: len(places)] if frame.turn in turns]
            if len(places) < _PAGE:
                return found
            first = places[-1].next


def _unbroken(last: EventId, frames: list[Frame]) -> list[Frame]:
    """The frames up to the first that doesn't follow the one before it."""
    ids = [last, *(frame.id for frame in frames if frame.id is not None)]
    for place, (before, after) in enumerate(pairwise(ids)):
        if after != before.next:
            return frames[:place]
    return frames
