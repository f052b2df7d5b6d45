"""Noticing that a client has left. Otherwise it shows when a heartbeat can't be written, and until then the stream
takes a place of the few that the client, who may have come back, can have."""

import logging
import socket
import threading
import time
from typing import Any, Protocol
from weakref import WeakKeyDictionary

log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0
# https://man7.org/linux/man-pages/man7/tcp.7.html: the first byte of tcp_info is the state, in which 1 is ESTABLISHED.
_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)
_ESTABLISHED = 1


class Stream(Protocol):
    """What ends when its client has left."""

    def client_left(self) -> None:
        """Ends the stream soon. Called from another thread; must not wait."""


class Departures:
    """Looks at the connections of all streams of this process, on a thread that starts with the first of them."""

    def __init__(self) -> None:
        # Weakly: a stream that nobody closed is freed when it is collected.
        self._watched: WeakKeyDictionary[Stream, Any] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._started = False

    def watch(self, stream: Stream, connection: Any) -> None:
        """Ends `stream` soon after the client of `connection`, a TCP socket, has left."""
        with self._lock:
            self._watched[stream] = connection
            if self._started:
                return
            self._started = True
        threading.Thread(target=self._run, name="departures", daemon=True).start()

    def look(self) -> None:
        """Ends the streams whose clients have left."""
        with self._lock:
            watched = list(self._watched.items())
        for stream, connection in watched:
            if has_left(connection):
                with self._lock:
                    self._watched.pop(stream, None)
                stream.client_left()

    def _run(self) -> None:
        while True:
            time.sleep(PAUSE_SECONDS)
            try:
                self.look()
            except Exception:
                log.exception("looking for clients that have left failed")


def has_left(connection: Any) -> bool:
    """Whether the other end has closed a TCP connection. False where it can't be known."""
    if _TCP_INFO is None:
        return False
    try:
        state: int = connection.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 1)[0]
    except OSError:  # no TCP, or closed by ourselves
        return False
    return state != _ESTABLISHED


departures = Departures()
