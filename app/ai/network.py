"""Connections to models: looked up by ourselves, and read no longer than the call's clock says."""

import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import httpcore2

from app.ai.deadlines import running_clock

_TICK_SECONDS = 1.0


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose reads wait for what is left of the call that wrote to it last.

    Reads go to the socket itself, and its time-out stays at a tick: setting it anew for each chunk costs a system call
    and lets go of the interpreter's lock once more, which is what 300 streams compete for.
    """

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner
        self._clock = running_clock()
        # In TLS within TLS (a proxy reached by https) only httpcore's stream knows the inner layer.
        nested = isinstance(inner.get_extra_info("ssl_object"), ssl.SSLObject)
        self._socket: socket.socket | None = None if nested else inner.get_extra_info("socket")
        self._tick: float | None = None
        self._unsent: list[bytes] = []
        self._write_timeout: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._unsent:
            self._send()
        clock = self._clock
        if clock is None:
            return self._inner.read(max_bytes, timeout)
        while (left := clock.seconds_left()) > 0:
            try:
                return self._receive(max_bytes, left)
            except TimeoutError:
                continue
            except OSError as error:
                raise httpcore2.ReadError(str(error)) from error
        raise httpcore2.ReadTimeout(clock.explain())

    def _receive(self, max_bytes: int, left: float) -> bytes:
        if self._socket is None:
            return self._inner.read(max_bytes, left)
        tick = min(left, _TICK_SECONDS)
        if tick != self._tick:
            self._socket.settimeout(tick)
            self._tick = tick
        return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # Head and body of a request come apart, and leave together once the answer is waited for: each one by itself
        # is a system call here, and wakes the server once more.
        self._clock = running_clock()
        self._unsent.append(buffer)
        self._write_timeout = timeout

    def _send(self) -> None:
        request, self._unsent = b"".join(self._unsent), []
        self._tick = None
        # A server that answers before it has read everything may close its side; what it says is read all the same.
        with suppress(httpcore2.WriteError):
            self._inner.write(request, _bounded(self._write_timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, _bounded(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


_resolver: Callable[[str, int], Sequence[str]] | None = None


def resolve_by(resolver: Callable[[str, int], Sequence[str]]) -> None:
    """Has `resolver` say which addresses a host may be called at, in this process, from now on. What it returns is
    called, not the name, which may lead elsewhere a moment later. It raises OSError for a host that is none."""
    global _resolver  # noqa: PLW0603 - set once when the application is made
    _resolver = resolver


class TimedNetwork(httpcore2.SyncBackend):
    """Connects for httpcore."""

    def __init__(self, *, looks_up: bool) -> None:
        """`looks_up`: hosts are looked up here; a proxy is the operator's own, and looks them up itself."""
        super().__init__()
        self._looks_up = looks_up

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """See `SyncBackend`; raises ConnectError, also for a host that may not be called."""
        failure: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for address in self._addresses(host, port):
            try:
                inner = super().connect_tcp(address, port, _bounded(timeout), local_address, socket_options)
                return _TimedStream(inner)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore2.ConnectError(f"{host} has no address")

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        if _resolver is None or not self._looks_up:
            return [host]
        try:
            return _resolver(host, port)
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from None


def _bounded(timeout: float | None) -> float | None:
    clock = running_clock()
    if clock is None:
        return timeout
    left = clock.seconds_left()
    if left <= 0:
        raise httpcore2.ConnectTimeout(clock.explain())
    return left if timeout is None else min(timeout, left)
