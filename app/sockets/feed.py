"""What moves events from the streams to the clients of this process, and looks after the clients meanwhile."""

import logging
import random
import threading
import time
from collections import deque
from functools import partial
from typing import Any
from uuid import UUID

from app.errors import AppError
from app.realtime.seats import seats
from app.realtime.work import Workers, checks
from app.services import listening
from app.sockets import transport
from app.sockets.clients import Client, Room

log = logging.getLogger(__name__)

REVIEW_SECONDS = 60.0
# How long a connection may stay that doesn't say who it is.
STRANGER_SECONDS = 10.0
_TICK_SECONDS = 1.0
_SLOW_TICK_SECONDS = 0.03


class Feed:
    """All Socket.IO clients of a process."""

    def __init__(self) -> None:
        self.clients: dict[str, Client] = {}
        self._pumps = Workers("socket pump", 4)
        self._slow: deque[Room] = deque()
        self._arrivals: dict[str, float] = {}
        self._stirred = threading.Event()
        self._urgent = False
        self._lock = threading.Lock()
        self._engine: Any = None
        self._thread: threading.Thread | None = None

    def watch(self, engine: Any) -> None:
        """Looks after the connections of this Engine.IO server from now on."""
        with self._lock:
            self._engine = engine
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="socket feed", daemon=True)
                self._thread.start()

    def add(self, client: Client) -> None:
        """A client has connected. Raises TooManyStreams and NoSeatLeft."""
        seats.take(*listening.seat_of(client.principal))
        client.review_at = time.monotonic() + _jittered()
        self.clients[client.sid] = client

    def remove(self, sid: str) -> None:
        """A client has left."""
        client = self.clients.pop(sid, None)
        if client is not None:
            seats.leave(listening.seat_of(client.principal)[0])
            client.leave_all()

    def schedule(self, room: Room) -> None:
        """Sends what there is for a room, soon."""
        if room.follower.recheck_due:
            room.follower.recheck_due = False
            room.client.review_due = self._urgent = True
            self._stirred.set()
        self._pumps.do(partial(self._pump, room))

    def postpone(self, room: Room) -> None:
        """Sends what there is for a room in a moment: for one just opened, after its opener was answered."""
        self._slow.append(room)
        self._stirred.set()

    def drain(self) -> None:
        """Sends all clients elsewhere: this process is about to stop."""
        for client in list(self.clients.values()):
            self._pumps.do(client.send_elsewhere)
        for engine_id in self._strangers():
            transport.hang_up(self._engine, engine_id)

    def _pump(self, room: Room) -> None:
        if not room.pump() and not room.client.gone:
            self.postpone(room)

    def _run(self) -> None:
        looked_at = float("-inf")
        while True:
            if not self._slow:
                self._stirred.wait(_TICK_SECONDS)
            self._stirred.clear()
            try:
                if self._slow:
                    time.sleep(_SLOW_TICK_SECONDS)
                    self._try_slow_rooms()
                if self._urgent or time.monotonic() - looked_at >= _TICK_SECONDS:
                    self._urgent, looked_at = False, time.monotonic()
                    self._look_after_all(looked_at)
            except Exception:
                log.exception("looking after the sockets failed")

    def _try_slow_rooms(self) -> None:
        for _ in range(len(self._slow)):
            self._pumps.do(partial(self._pump, self._slow.popleft()))

    def _look_after_all(self, now: float) -> None:
        for client in list(self.clients.values()):
            self._look_after(client, now)
        self._turn_strangers_away(now)

    def _look_after(self, client: Client, now: float) -> None:
        if client.gone:
            self.remove(client.sid)
            return
        for room in list(client.rooms.values()):
            # One that something waited for already wasn't scheduled again for this.
            if room.follower.recheck_due:
                room.follower.recheck_due, client.review_due = False, True
        if client.review_due or now >= client.review_at:
            client.review_due, client.review_at = False, now + _jittered()
            checks.do(partial(self._review, client))
        for room in list(client.rooms.values()):
            if now >= room.follower.due_at:
                self._attend(room)

    def _attend(self, room: Room) -> None:
        if room.follower.has_more:
            self._pumps.do(partial(self._pump, room))
        if silent := room.follower.take_silent_turns():
            checks.do(partial(listening.settle, room.company_id, silent))

    def _review(self, client: Client) -> None:
        try:
            refused: dict[UUID, str] = listening.review(client.credentials, list(client.rooms))
        except AppError as error:
            client.dismiss(error.code)
            return
        for conversation_id, code in refused.items():
            client.expel(conversation_id, code)

    def _turn_strangers_away(self, now: float) -> None:
        self._arrivals = {engine_id: self._arrivals.get(engine_id, now) for engine_id in self._strangers()}
        for engine_id, arrived_at in self._arrivals.items():
            if now - arrived_at >= STRANGER_SECONDS:
                transport.hang_up(self._engine, engine_id)

    def _strangers(self) -> set[str]:
        """The connections of those who haven't said who they are."""
        return transport.connections(self._engine) - {client.engine_id for client in self.clients.values()}


def _jittered() -> float:
    return REVIEW_SECONDS * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


feed = Feed()
