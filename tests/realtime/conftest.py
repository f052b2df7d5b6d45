"""Events on a real Redis-compatible server; no database is needed."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import pytest
import redis

from app.config import Settings
from app.core import settings as current_settings
from app.core.redis import make_client
from app.realtime.events import ChatDelta, ChatStatus, Typing
from app.realtime.frames import Frame
from app.realtime.hub import Hub
from app.realtime.publisher import Publisher, TurnRef
from app.realtime.sse import EventStream, event_stream
from launcher.valkey import EmbeddedValkey


@pytest.fixture(autouse=True)
def _settings(settings: Settings) -> Iterator[None]:
    current_settings.configure(settings)
    yield
    current_settings.configure(settings)


@pytest.fixture
def client(settings: Settings) -> Iterator[redis.Redis]:
    """Redis as the application's own processes use it; what it holds is forgotten afterwards."""
    made = make_client(settings.redis_url, 1.0)
    # A Redis that has just started knows no scripts, which counts as a restart: whoever listens is told to resync.
    Publisher(lambda: made).publish(uuid4(), [Typing(conversation_id=uuid4(), who="agent", active=True)])
    yield made
    made.flushdb()
    made.close()


@pytest.fixture
def publisher(client: redis.Redis) -> Publisher:
    return Publisher(lambda: client)


@pytest.fixture
def hub(settings: Settings) -> Iterator[Hub]:
    made = Hub(settings.redis_url)
    yield made
    made.close()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A server of the test's own, which can be stopped."""
    with EmbeddedValkey(tmp_path / "redis", "secret") as server:
        yield server


@pytest.fixture
def own_client(valkey: EmbeddedValkey) -> Iterator[redis.Redis]:
    """For tests that make a server forget its scripts. All test processes share one server, and there the streams of
    the others' tests would begin anew as well."""
    made = make_client(valkey.url(), 3.0)
    Publisher(lambda: made).publish(uuid4(), [Typing(conversation_id=uuid4(), who="agent", active=True)])
    yield made
    made.close()


@dataclass
class Turn:
    """A turn that speaks."""

    publisher: Publisher
    conversation_id: UUID = field(default_factory=uuid4)
    id: UUID = field(default_factory=uuid4)
    attempt: int = 1
    said: int = 0

    @property
    def ref(self) -> TurnRef:
        return TurnRef(self.id, self.attempt)

    def status(self, status: str, *, final: bool = False) -> list[str] | None:
        event = ChatStatus(
            status=status,
            conversation_id=self.conversation_id,
            task_id=self.id,
            message_id=self.id,
            attempt=self.attempt,
        )
        return self.publisher.publish(self.conversation_id, [event], turn=self.ref, final=final)

    def say(self, text: str = "word ") -> list[str] | None:
        return self.publisher.publish(self.conversation_id, [self.word(text)], turn=self.ref)

    def word(self, text: str = "word ") -> ChatDelta:
        """Its next piece, not sent yet."""
        self.said += 1
        return ChatDelta(
            conversation_id=self.conversation_id,
            task_id=self.id,
            message_id=self.id,
            attempt=self.attempt,
            sequence=self.said,
            text=text,
        )

    def finish(self) -> list[str] | None:
        return self.status("completed", final=True)


@pytest.fixture
def turn(publisher: Publisher) -> Turn:
    return Turn(publisher)


def open_stream(
    hub: Hub,
    conversation_id: UUID,
    last_event_id: str | None = None,
    *,
    listener: str = "lead:vera",
    still_allowed: Callable[[], bool] = lambda: True,
    settle: Callable[[list[str]], object] = lambda turn_ids: None,
    most: int = 20,
) -> EventStream:
    return event_stream(
        conversation_id,
        last_event_id=last_event_id,
        listener=listener,
        still_allowed=still_allowed,
        settle=settle,
        most=most,
        source=hub,
    )


class Reader(threading.Thread):
    """A client of an event stream: keeps the names and ids of the events it gets, until `last` has come."""

    def __init__(self, stream: EventStream, last: str = "completed") -> None:
        super().__init__(daemon=True)
        self.stream, self.last = stream, last
        self.text = ""
        self.start()

    def run(self) -> None:
        for chunk in self.stream:
            self.text += chunk.decode()
            if f"event: {self.last}\n" in self.text:
                break
        self.stream.close()

    def wait(self, seconds: float = 5) -> "Reader":
        self.join(seconds)
        assert not self.is_alive(), f"no {self.last}: {self.text}"
        return self

    @property
    def names(self) -> list[str]:
        return [line.removeprefix("event: ") for line in self.text.splitlines() if line.startswith("event: ")]

    @property
    def ids(self) -> list[str]:
        blocks = [block.splitlines() for block in self.text.split("\n\n") if "\nevent: " in f"\n{block}"]
        return [line.removeprefix("id: ") for block in blocks for line in block if line.startswith("id: ")]


def lose_everything(client: redis.Redis) -> None:
    """As a Redis that started empty. What comes next is of a later millisecond: in the same one a stream that is begun
    anew would look like the one before."""
    client.flushdb()
    pass_a_millisecond(client)


def pass_a_millisecond(client: redis.Redis) -> None:
    """Waits until the server's clock, which epochs are taken from, has moved on."""
    before = _milliseconds(client)
    wait_until(lambda: _milliseconds(client) > before, "the next millisecond")


def _milliseconds(client: redis.Redis) -> int:
    seconds, microseconds = cast("tuple[int, int]", client.time())
    return seconds * 1000 + microseconds // 1000


def wait_until(condition: Callable[[], object], what: str, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.005)


def ids_of(frames: list[Frame]) -> list[str]:
    return [str(frame.id) for frame in frames]
