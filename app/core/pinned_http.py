"""HTTP connections to addresses that were checked, whatever the name says by now, and a clock that ends them.

Proxies of the environment are not used: they would resolve the name again.
"""

import contextlib
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection


class Clock:
    """Ends the connection in use when the time is up: a server that sends a byte a second meets every other limit."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._socket: socket.socket | None = None
        self.is_over = False

    def __enter__(self) -> "Clock":
        self._timer.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._timer.cancel()
        self._close()

    def left(self) -> float:
        """Seconds; raises `TimeoutError` when there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        return left

    def watch(self, connection: socket.socket) -> None:
        """Ends this connection in time."""
        self._close()
        # TLS takes the socket over; a second handle to the same connection stays ours.
        self._socket = connection.dup()
        if self.is_over:
            self._end()

    def _end(self) -> None:
        self.is_over = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Pinned:
    addresses: list[str]
    clock: Clock
    port: int

    def _new_conn(self) -> socket.socket:
        error: OSError = OSError("no address")
        for address in self.addresses:
            try:
                connection = socket.create_connection((address, self.port), timeout=self.clock.left())
            except OSError as failed:
                error = failed
                continue
            self.clock.watch(connection)
            return connection
        raise error


class PinnedHttp(_Pinned, HTTPConnection):
    """See above."""


class PinnedHttps(_Pinned, HTTPSConnection):
    """See above; the certificate is checked for the name."""


def connect(
    scheme: str, host: str, port: int, *, addresses: list[str], clock: Clock, ca_file: Path | None = None
) -> PinnedHttp | PinnedHttps:
    """A connection, not yet opened. `ca_file` (PEM) is trusted besides the system's authorities."""
    connection: PinnedHttp | PinnedHttps
    if scheme == "https":
        context = ssl.create_default_context()
        if ca_file:
            context.load_verify_locations(ca_file)
        connection = PinnedHttps(host, port, ssl_context=context, server_hostname=host)
    else:
        connection = PinnedHttp(host, port)
    connection.addresses = addresses
    connection.clock = clock
    return connection


def is_certificate_error(error: Any) -> bool:
    """Whether a connection failed for its certificate, or for want of TLS."""
    cause = error.__cause__ or error.__context__ or error
    return isinstance(error, ssl.SSLError) or isinstance(cause, ssl.SSLError)
