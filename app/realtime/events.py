"""The events that listeners of a conversation get. Each becomes one JSON object with `event` (its name) and `at`."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.core.clock import now

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What all events have in common."""

    name: ClassVar[str]

    @property
    def wire_name(self) -> str:
        """The name in the stream: Socket.IO clients see the part before the dot, event streams the one after it."""
        return self.name

    def payload(self) -> Json:
        """The event as plain values; ids as UUIDs."""
        own_fields: tuple[str, ...] = type(self).__slots__  # made by slots=True
        own = {name: getattr(self, name) for name in own_fields}
        return {"event": self.name, "at": now().isoformat(timespec="milliseconds").replace("+00:00", "Z"), **own}


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatStatus(Event):
    """How far a turn is. `status`: queued, processing, completed or failed; `error`: `{code, detail}` of a failed one;
    `message`: the answer of a completed one, as the API shows it."""

    name: ClassVar[str] = "chat_status"

    status: str
    conversation_id: UUID
    task_id: UUID
    message_id: UUID
    attempt: int
    error: Json | None = None
    message: Json | None = None

    @property
    def wire_name(self) -> str:
        """Event streams name these by their status, as the contract does."""
        return f"{self.name}.{self.status}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatDelta(Event):
    """The text of an answer since the last delta. `sequence` counts from 1; a 1 begins the text anew."""

    name: ClassVar[str] = "chat_delta"

    conversation_id: UUID
    task_id: UUID
    message_id: UUID
    attempt: int
    sequence: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatResponse(Event):
    """The final answer, which replaces whatever the deltas said. `message` as the API shows it."""

    name: ClassVar[str] = "chat_response"

    conversation_id: UUID
    task_id: UUID
    message_id: UUID
    attempt: int
    message: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Typing(Event):
    """Somebody begins or stops typing. `who`: agent, supporter or visitor."""

    name: ClassVar[str] = "typing"

    conversation_id: UUID
    who: str
    active: bool
    display_name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Handover(Event):
    """A person takes over, or gives back. `status`: requested, joined, left or cancelled."""

    name: ClassVar[str] = "handover"

    conversation_id: UUID
    status: str
    display_name: str | None = None


# The following never enter a stream: each web process says them to its own listeners.


@dataclass(frozen=True, kw_only=True, slots=True)
class Heartbeat(Event):
    """The stream lives, though nothing happens."""

    name: ClassVar[str] = "heartbeat"


@dataclass(frozen=True, kw_only=True, slots=True)
class Resync(Event):
    """Events may be missing here: fetch the messages again. What follows is complete."""

    name: ClassVar[str] = "resync"

    conversation_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class End(Event):
    """The server ends this. `reason`: restarting (come back at once) or not_allowed, with the `code` of the refusal; or
    client_left, which nobody reads."""

    name: ClassVar[str] = "end"

    reason: str
    code: str | None = None
    conversation_id: UUID | None = None
