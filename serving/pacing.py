"""Limits on how slowly a client may send: gunicorn leaves those to a buffering proxy, which may not be there.

Without them a few thousand clients that send a byte now and then (Slowloris, R-U-Dead-Yet) hold every connection, or
every thread, for as long as they like. The rule for bodies, a grace period that each received kilobyte extends, is that
of Apache's mod_reqtimeout (https://httpd.apache.org/docs/2.4/mod/mod_reqtimeout.html).
"""

import socket
import time
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol

from gunicorn.http.errors import LimitRequestHeaders, NoMoreData
from gunicorn.util import close_graceful

# A client that uploads faster than it is read never makes recv() wait, so its green thread would keep the process to
# itself for the whole upload: seconds for each megabyte that comes in chunks of one byte.
YIELD_EVERY_BYTES = 64 * 1024


@dataclass(frozen=True)
class Pace:
    """What a client must keep up with. Times in seconds."""

    head_seconds: float = 20.0
    """From the first byte of a request to the end of its header fields."""
    head_bytes: int = 64 * 1024
    """Request line and header fields together. gunicorn bounds each of them, which allows 800 kB for all."""
    body_seconds: float = 20.0
    """Waiting for a body before the rate counts. The application's own time is not waiting."""
    body_bytes_per_second: float = 1_000.0


class RequestTooSlow(NoMoreData):
    """No request came within the keep-alive time, or its head took too long. gunicorn just closes the connection."""


class BodyTooSlow(TimeoutError):
    """A request's body came too slowly. Werkzeug answers 400; a bare WSGI application's connection is closed."""


class StreamSocket(Protocol):
    """A socket, green or native."""

    def recv(self, size: int, /) -> bytes: ...
    def gettimeout(self) -> float | None: ...
    def settimeout(self, seconds: float | None, /) -> None: ...
    def shutdown(self, how: int, /) -> None: ...
    def close(self) -> None: ...


class _Phase(Enum):
    IDLE = auto()
    HEAD = auto()
    BODY = auto()


class PacedSocket:
    """A client's socket as gunicorn's parser reads it: `recv` raises when the client is too slow.

    Everything else goes to `raw`, the socket itself, which is also what the application gets: a WebSocket may be
    silent for longer than a request.
    """

    __slots__ = ("_idle_seconds", "_pace", "_phase", "_received", "_since", "_unyielded", "_waited", "raw")

    def __init__(self, raw: StreamSocket, pace: Pace, idle_seconds: float) -> None:
        self.raw = raw
        self._pace = pace
        self._idle_seconds = idle_seconds
        self._unyielded = 0
        self.expect_request()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    def expect_request(self) -> None:
        """From now on the connection is idle, until the first byte of a request."""
        self._begin(_Phase.IDLE)

    def expect_body(self) -> None:
        """From now on what is received is the body of a request that is being answered."""
        self._begin(_Phase.BODY)

    def _begin(self, phase: _Phase) -> None:
        self._phase = phase
        self._since = time.monotonic()
        self._waited = 0.0
        self._received = 0

    def recv(self, size: int) -> bytes:
        """Receives at most `size` bytes. Raises RequestTooSlow, BodyTooSlow or LimitRequestHeaders."""
        started = time.monotonic()
        data = self._recv_within(self._patience(started), size)
        self._account(len(data), started)
        return data

    def _patience(self, now: float) -> float:
        """Seconds that the client has left."""
        if self._phase is _Phase.IDLE:
            return self._since + self._idle_seconds - now
        if self._phase is _Phase.HEAD:
            return self._since + self._pace.head_seconds - now
        earned = self._received / self._pace.body_bytes_per_second
        return self._pace.body_seconds + earned - self._waited

    def _recv_within(self, patience: float, size: int) -> bytes:
        if patience <= 0:
            raise self._too_slow()
        callers_timeout = self.raw.gettimeout()
        ours_is_shorter = callers_timeout is None or patience < callers_timeout
        if ours_is_shorter:
            self.raw.settimeout(patience)
        try:
            return self.raw.recv(size)
        except TimeoutError:
            if ours_is_shorter:
                raise self._too_slow() from None
            raise
        finally:
            if ours_is_shorter:
                self.raw.settimeout(callers_timeout)

    def _too_slow(self) -> Exception:
        if self._phase is _Phase.BODY:
            return BodyTooSlow("The request's body came too slowly.")
        return RequestTooSlow()

    def _account(self, received: int, started: float) -> None:
        if self._phase is _Phase.IDLE and received:
            self._begin(_Phase.HEAD)
        self._received += received
        if self._phase is _Phase.HEAD and self._received > self._pace.head_bytes:
            raise LimitRequestHeaders("limit request headers total size")
        self._waited += time.monotonic() - started
        self._yield_now_and_then(received)

    def _yield_now_and_then(self, received: int) -> None:
        self._unyielded += received
        if self._unyielded >= YIELD_EVERY_BYTES:
            self._unyielded = 0
            time.sleep(0)

    def stop_if_idle_since(self, moment: float) -> None:
        """Ends the wait for a request on a connection that has been idle since `moment` (of the monotonic clock).

        Only the reading side: a request that has already arrived is still read and answered.
        """
        if self._phase is _Phase.IDLE and self._since <= moment:
            try:
                self.raw.shutdown(socket.SHUT_RD)
            except OSError:  # the client was faster
                return

    def close(self) -> None:
        """Closes the connection. After a request it first reads what is left for a moment: closing with unread input
        makes the kernel send a reset, which can overtake the answer (RFC 9112, section 9.6)."""
        if self._phase is _Phase.IDLE:
            self.raw.close()
        else:
            close_graceful(self.raw)
