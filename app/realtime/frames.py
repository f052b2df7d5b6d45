"""Events as they travel: an id, a head that a web process can read without parsing JSON, and the JSON.

In Redis an event is `<wire name> <turn or -> <! if it is the turn's last, else .> <JSON>`; a publication has the id
before it.
"""

import json
import re
from typing import Any, NamedTuple, Self
from uuid import UUID

import orjson

from app.realtime.events import Event

_OPTIONS = orjson.OPT_NON_STR_KEYS
_ID = re.compile(r"(\d{1,15})-(\d{1,15})", re.ASCII)
_NOBODY = "-"


class EventId(NamedTuple):
    """A place in a conversation's stream. `epoch`: when the stream was begun, in milliseconds; `number` counts from 1
    without gaps, so a lost event shows. Place 0 is the beginning."""

    epoch: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The id that a client sent; None when it is none."""
        found = _ID.fullmatch(text.strip())
        return cls(int(found[1]), int(found[2])) if found else None

    @classmethod
    def trusted(cls, text: bytes) -> Self:
        """The id that Redis gave."""
        epoch, _, number = text.partition(b"-")
        return cls(int(epoch), int(number))

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"

    @property
    def next(self) -> "EventId":
        """The id of the event after this one, as long as the stream isn't begun anew."""
        return EventId(self.epoch, self.number + 1)


class Frame:
    """An event on its way to listeners, one object for all of them. `id` is None for what is not in the stream."""

    __slots__ = ("_sse", "data", "final", "id", "name", "turn")

    def __init__(
        self, name: str, data: bytes, *, id: EventId | None = None, turn: str | None = None, final: bool = False
    ) -> None:
        self.id, self.name, self.turn, self.final, self.data = id, name, turn, final, data
        self._sse: bytes | None = None

    @classmethod
    def local(cls, event: Event, *, id: EventId | None = None) -> Self:
        """An event that this process says to its own listeners. `id`: where a client that got it would resume."""
        return cls(event.wire_name, to_json(event.payload()), id=id)

    @classmethod
    def parse(cls, id: EventId, text: bytes) -> Self:
        """An event as Redis keeps it."""
        name, turn, final, data = text.split(b" ", 3)
        whose = turn.decode()
        return cls(name.decode(), data, id=id, turn=None if whose == _NOBODY else whose, final=final == b"!")

    @property
    def event(self) -> str:
        """The name for Socket.IO."""
        return self.name.partition(".")[0]

    def sse(self) -> bytes:
        """The event in the words of an event stream (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
        if self._sse is None:
            place = b"" if self.id is None else f"id: {self.id}\n".encode()
            head = f"event: {self.name.rpartition('.')[2]}\n".encode()
            self._sse = b"%b%bdata: %b\n\n" % (place, head, self.data)
        return self._sse

    def payload(self) -> dict[str, Any]:
        """The event for Socket.IO, with its id."""
        return {**orjson.loads(self.data), "id": None if self.id is None else str(self.id)}


def encode(event: Event, turn_id: UUID | None, *, final: bool) -> bytes:
    """An event as Redis keeps it."""
    head = f"{event.wire_name} {turn_id or _NOBODY} {'!' if final else '.'} "
    return head.encode() + to_json(event.payload())


def to_json(value: Any) -> bytes:
    """JSON on one line, UTF-8."""
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except TypeError:
        # Integers beyond 64 bits, which a message's stored metadata can hold.
        return json.dumps(value, default=str, separators=(",", ":")).encode()


def stream_key(conversation_id: UUID) -> str:
    """The key of a conversation's stream, and the name of the channel that its events are published on."""
    return f"frontdesk:events:{conversation_id}"
