"""Sending events to the listeners of a conversation, in whichever process those are."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import redis
from redis.exceptions import RedisError

from app.core.settings import settings
from app.extensions import redis_extension
from app.realtime import scripts
from app.realtime.events import Event
from app.realtime.frames import encode, stream_key
from app.realtime.scripts import Keep, Said

log = logging.getLogger(__name__)

Result = TypeVar("Result")

RECHECK = b"recheck"
# The channel on which callers are named whose permission may have changed.
CALLERS = "frontdesk:callers"


@dataclass(frozen=True, slots=True)
class TurnRef:
    """Whose events these are: only the latest attempt of a turn speaks, and only until the turn is over."""

    turn_id: UUID
    attempt: int


class Publisher:
    """Sends events through one Redis client. Never raises for Redis, and leaves it alone for a moment after it failed:
    hundreds of threads that each wait for it would be worse than the lost events."""

    REST_SECONDS = 1.0

    def __init__(self, client: Callable[[], "redis.Redis"]) -> None:
        self._client = client
        self._rest_until = float("-inf")

    def publish(
        self, conversation_id: UUID, events: Sequence[Event], *, turn: TurnRef | None = None, final: bool = False
    ) -> list[str] | None:
        """Appends `events` to the conversation's stream, in order and in one step; `final`: the last one ends `turn`.

        Returns their ids; an empty list when they were refused, because `turn` is over already or a later attempt has
        spoken; None when Redis is away.
        """
        said = _said(conversation_id, events, turn, final=final)
        # The end of a turn is worth the wait.
        return self._attempt(lambda client: scripts.append(client, said, _keep()), even_at_rest=final)

    def publish_each(self, said: Sequence[tuple[UUID, Sequence[Event], TurnRef]]) -> None:
        """Appends events to the stream of each conversation, all in one turn to Redis: of many small ones, that is
        most of what they cost."""
        frames = [_said(conversation_id, events, turn) for conversation_id, events, turn in said]
        self._attempt(lambda client: scripts.append_each(client, frames, _keep()), even_at_rest=False)

    def recheck(self, conversation_id: UUID) -> None:
        """Lets every listener's permission be checked now instead of within a minute: after a deletion, say."""
        self._attempt(lambda client: client.publish(stream_key(conversation_id), RECHECK), even_at_rest=False)

    def recheck_caller(self, caller: str) -> None:
        """The same for all that one caller listens to: a key was revoked, say. `caller` is `<kind>:<id>`."""
        self._attempt(lambda client: client.publish(CALLERS, caller), even_at_rest=False)

    def forget(self, conversation_id: UUID, ends: Sequence[tuple[TurnRef, Event]] = ()) -> None:
        """Drops what is kept of a conversation's events: what was deleted must not be resumed. Clients that come back
        are told to fetch the messages again. `ends`: the turns that end by it, and what is said of them; nothing of
        theirs follows."""
        frames = [(turn.turn_id, turn.attempt, encode(event, turn.turn_id, final=True)) for turn, event in ends]
        self._attempt(
            lambda client: scripts.forget(client, stream_key(conversation_id), frames, _keep()), even_at_rest=True
        )

    def _attempt(self, action: Callable[["redis.Redis"], Result], *, even_at_rest: bool) -> Result | None:
        resting = time.monotonic() < self._rest_until
        if resting and not even_at_rest:
            return None
        try:
            return action(self._client())
        except (RedisError, OSError) as error:
            self._rest_until = time.monotonic() + self.REST_SECONDS
            if not resting:
                log.warning("events are lost while Redis is away", extra={"reason": str(error)})
            return None


def _said(conversation_id: UUID, events: Sequence[Event], turn: TurnRef | None, *, final: bool = False) -> Said:
    turn_id, last = turn.turn_id if turn else None, len(events) - 1
    frames = [encode(each, turn_id, final=final and place == last) for place, each in enumerate(events)]
    return Said(stream_key(conversation_id), frames, (turn.turn_id, turn.attempt) if turn else None, final)


def _keep() -> Keep:
    return Keep(settings().stream_keep_seconds, settings().stream_keep_events)


_publisher = Publisher(lambda: redis_extension.client)
publish = _publisher.publish
publish_each = _publisher.publish_each
recheck = _publisher.recheck
recheck_caller = _publisher.recheck_caller
forget = _publisher.forget
