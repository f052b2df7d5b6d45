"""The Socket.IO clients of this process, and the conversations that each of them listens to.

Socket.IO's own rooms would send one event to everybody at once. Here each client has its own place in each
conversation's stream, so that one who comes back gets what it missed before what happens now, and a slow one is waited
for without holding up the others.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any
from uuid import UUID

from app.realtime.events import End, Event, Resync
from app.realtime.follower import Follower
from app.realtime.frames import EventId, Frame
from app.realtime.hub import Hub
from app.security.principal import Principal
from app.services.listening import Credentials
from app.sockets import transport

NAMESPACE = "/"


class Client:
    """One connected client. `server` is python-socketio's."""

    def __init__(self, server: Any, sid: str, credentials: Credentials, principal: Principal) -> None:
        self.server, self.sid = server, sid
        self.engine_id: str = server.manager.eio_sid_from_sid(sid, NAMESPACE)
        self.credentials, self.principal = credentials, principal
        self.rooms: dict[UUID, Room] = {}
        self.review_at = 0.0
        self.review_due = False

    @property
    def gone(self) -> bool:
        """Whether the connection is no more."""
        return transport.backlog(self.server.eio, self.engine_id) < 0

    @property
    def capacity(self) -> int:
        """How many more packets may wait for the client."""
        engine = self.server.eio
        return transport.may_wait(engine, self.engine_id) - transport.backlog(engine, self.engine_id)

    def send(self, frame: Frame) -> None:
        """Sends an event."""
        self.server.emit(frame.event, frame.payload(), to=self.sid, namespace=NAMESPACE)

    def say(self, event: Event) -> None:
        """Sends an event that is in no stream."""
        self.send(Frame.local(event))

    def leave(self, conversation_id: UUID) -> None:
        """Listens to the conversation no more."""
        room = self.rooms.pop(conversation_id, None)
        if room is not None:
            room.close()

    def leave_all(self) -> None:
        """Listens to nothing any more."""
        for conversation_id in list(self.rooms):
            self.leave(conversation_id)

    def expel(self, conversation_id: UUID, code: str) -> None:
        """Listens no more, because it may not."""
        if conversation_id in self.rooms:
            self.leave(conversation_id)
            self.say(End(reason="not_allowed", code=code, conversation_id=conversation_id))

    def dismiss(self, code: str) -> None:
        """Disconnects the client for good: its credential doesn't stand any more."""
        self.say(End(reason="not_allowed", code=code))
        self.server.disconnect(self.sid, namespace=NAMESPACE)
        transport.hang_up(self.server.eio, self.engine_id)

    def send_elsewhere(self) -> None:
        """Closes the connection, so that the client comes back to another process."""
        self.say(End(reason="restarting"))
        transport.hang_up(self.server.eio, self.engine_id)


class Room:
    """One client's place in one conversation. `schedule` is called with it whenever `pump` has something to do."""

    def __init__(
        self, client: Client, conversation_id: UUID, company_id: UUID, hub: Hub, schedule: Callable[["Room"], None]
    ) -> None:
        self.client, self.conversation_id, self.company_id = client, conversation_id, company_id
        self._schedule = schedule
        self._waiting: deque[Frame] = deque()
        self._pumping = threading.Lock()
        self._scheduled = True  # until it is opened
        self._closed = False
        self.follower = Follower(hub, conversation_id, self._notified, caller=client.principal.name)

    def open(self, since: str | None) -> EventId:
        """Begins, or goes on after the event `since`; returns the id after which everything will be sent. Raises
        RedisError."""
        first = self.follower.start(since)
        self._waiting.extend(first)
        ids = [frame.id for frame in first if frame.id is not None and frame.name != Resync.name]
        return EventId(ids[0].epoch, ids[0].number - 1) if ids else self.follower.last

    def close(self) -> None:
        """Sends nothing any more."""
        self._closed = True
        self.follower.close()

    def pump(self) -> bool:
        """Sends what there is to send; False when the client has to take some of it first."""
        with self._pumping:
            self._scheduled = False
            while not self._closed:
                if not self._waiting:
                    self._waiting.extend(self.follower.take())
                if not self._waiting:
                    return True
                if (capacity := self.client.capacity) <= 0:
                    self._scheduled = True
                    return False
                self._send(capacity)
        return True

    def _send(self, most: int) -> None:
        while self._waiting and most and not self._closed:
            self.client.send(self._waiting.popleft())
            most -= 1

    def _notified(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._schedule(self)
