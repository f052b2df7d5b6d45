"""A client of event streams that reads as the bytes come."""

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from tests.cast import Headers
from tests.sockets.conftest import Server


@dataclass(frozen=True)
class Event:
    """One block of a stream; `name` is empty for one that is no event."""

    id: str | None
    name: str
    payload: Any


class StreamClient:
    """One open stream."""

    def __init__(self, server: Server, conversation_id: UUID, headers: Headers, last: str | None = None) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=8)
        more = {"Last-Event-ID": last} if last else {}
        path = f"/v1/conversation/{conversation_id}/messages/stream"
        self.connection.request("GET", path, headers={**headers, **more})
        self.answer = self.connection.getresponse()
        self.events: list[Event] = []
        self.last = last
        self.ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.answer.close()
        self.connection.close()

    def until(self, name: str) -> Self:
        """Reads until an event of this name has come."""
        return self._read(lambda: name in self.names)

    def until_ended(self) -> Self:
        return self._read(lambda: self.ended)

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.events if each.name]

    @property
    def ids(self) -> list[str | None]:
        return [each.id for each in self.events if each.name]

    def _read(self, condition: Callable[[], bool]) -> Self:
        end = time.monotonic() + 8
        while not condition():
            assert time.monotonic() < end, self.events
            assert not self.ended, self.events
            self._read_block()
        return self

    def _read_block(self) -> None:
        fields: dict[str, str] = {}
        while line := self.answer.readline().decode():
            if line == "\n":
                break
            name, _, value = line.rstrip("\n").partition(": ")
            fields[name] = value
        else:
            self.ended = True
        self.last = fields.get("id", self.last)
        data = json.loads(fields["data"]) if "data" in fields else None
        self.events.append(Event(fields.get("id"), fields.get("event", ""), data))
