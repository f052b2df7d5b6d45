"""Underneath the vendors' clients: deadlines that hold, connections that are shared, events read cheaply.

The clients' own time-outs start again with every byte, so a server that drips bytes could hold a call for ever. Here
each read waits for what is left of the call (`Clock`). And their parsing of a streamed chunk into pydantic models
costs several times what the rest of it does; we read the lines of the event stream ourselves.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache, lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, cast
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakSet

import httpcore2
import httpx2

from app.ai.chat import Timeouts

# More than the 300 streams of a worker, so that no call waits for another one's connection.
_MOST_CONNECTIONS = 1000
_IDLE_CONNECTIONS = 100
_IDLE_SECONDS = 30.0
_LONGEST_LINE = 1 << 20
_LONGEST_ANSWER = 32 << 20
_LONGEST_ERROR = 64 << 10
_GRACE_SECONDS = 1.0
_TICK_SECONDS = 1.0

WIRE_ERRORS = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpx2.TransportError,
    httpx2.DecodingError,
    ssl.SSLError,
    OSError,
)

# What the clients raise for an address or a key that can't even be sent.
UNUSABLE = (httpcore2.UnsupportedProtocol, httpx2.InvalidURL, ValueError)


class EventStreamError(Exception):
    """What the server sends isn't a stream of events that we would read."""


class Clock:
    """The deadlines of one call."""

    __slots__ = ("_between", "_end", "_next", "began", "connect_seconds")

    def __init__(self, timeouts: Timeouts, *, deadline: float | None = None) -> None:
        """`deadline`: time.monotonic() after which nobody waits any more."""
        now = time.monotonic()
        self.connect_seconds = timeouts.connect
        self.began = False
        self._between = timeouts.between_tokens
        self._next = now + timeouts.first_token
        self._end = now + timeouts.total if deadline is None else min(now + timeouts.total, deadline)

    def token_arrived(self) -> None:
        """The next one may take `between_tokens`."""
        self.began = True
        self._next = time.monotonic() + self._between

    def answer_complete(self) -> None:
        """The text is there: what may still come (usage, the end of the stream) isn't worth waiting for."""
        self._next = time.monotonic() + min(self._between, _GRACE_SECONDS)

    def seconds_left(self) -> float:
        """Until the nearest deadline, negative when it has passed."""
        return min(self._next, self._end) - time.monotonic()

    def explain(self) -> str:
        """What was waited for in vain."""
        if time.monotonic() >= self._end:
            return "the answer was not complete in time"
        return f"the {'next' if self.began else 'first'} token did not come in time"


class _Call(threading.local):
    # Connections outlive calls, so a call tells them its clock through its thread, when it sends its request.
    clock: Clock | None = None


_call = _Call()


@contextmanager
def timed_by(clock: Clock) -> Iterator[None]:
    """Requests that this thread sends inside are bound by `clock`, and so is reading their answers later on."""
    before, _call.clock = _call.clock, clock
    try:
        yield
    finally:
        _call.clock = before


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose reads wait for what is left of the call that wrote to it last.

    Reads go to the socket itself, and its time-out stays at a tick: setting it anew for each chunk costs a system call
    and lets go of the interpreter's lock once more, which is what 300 streams compete for.
    """

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner
        self._clock = _call.clock
        # In TLS within TLS (a proxy reached by https) only httpcore's stream knows the inner layer.
        nested = isinstance(inner.get_extra_info("ssl_object"), ssl.SSLObject)
        self._socket: socket.socket | None = None if nested else inner.get_extra_info("socket")
        self._tick: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
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
        self._clock = _call.clock
        self._tick = None
        self._inner.write(buffer, _bounded(timeout))

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


class _TimedNetwork(httpcore2.SyncBackend):
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
    clock = _call.clock
    if clock is None:
        return timeout
    left = clock.seconds_left()
    if left <= 0:
        raise httpcore2.ConnectTimeout(clock.explain())
    return left if timeout is None else min(timeout, left)


class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        cast(Any, self._stream).close()


class _ShortBody(_Body):
    """The body of an error, which the clients read to its end, however long it is."""

    def __iter__(self) -> Iterator[bytes]:
        left = _LONGEST_ERROR
        for block in self._stream:
            yield block[:left]
            left -= len(block)
            if left <= 0:
                return


def _without_encoding(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    # We asked for none; a small error that unpacks to gigabytes stays packed.
    return [(name, value) for name, value in headers if name.lower() != b"content-encoding"]


class _Transport(httpx2.BaseTransport):
    """One origin's connections, on httpcore's pool with a network of our own, which httpx's transport can't be given.

    Errors stay httpcore's: the clients hand unknown exceptions on, and `WIRE_ERRORS` has them all.
    """

    def __init__(self, proxy: httpcore2.Proxy | None) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=_trusted_certificates(),
            proxy=proxy,
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=_IDLE_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=_TimedNetwork(looks_up=proxy is None),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=cast(Iterable[bytes], request.stream),
                extensions=request.extensions,
            )
        )
        refused = answer.status >= 300
        body = cast(Iterable[bytes], answer.stream)
        return httpx2.Response(
            status_code=answer.status,
            headers=_without_encoding(answer.headers) if refused else answer.headers,
            stream=_ShortBody(body) if refused else _Body(body),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        self._pool.close()


_transports: WeakSet[_Transport] = WeakSet()


def close_connections() -> None:
    """Closes all connections, also those of running streams. New calls connect anew."""
    for transport in list(_transports):
        transport.close()


@cache
def _trusted_certificates() -> ssl.SSLContext:
    # Reading the certificates takes tens of milliseconds: once a process.
    return httpx2.create_ssl_context()


def http_client(base_url: str) -> httpx2.Client:
    """The HTTP client of a server, shared by everybody who calls it. Follows no redirect and keeps no cookie.

    A redirect would carry the prompt to an address that nobody checked; cookies would tie companies together.
    """
    url = urlsplit(base_url)
    return _http_client(url.scheme, url.netloc.rpartition("@")[2])


@lru_cache(maxsize=512)
def _http_client(scheme: str, host_and_port: str) -> httpx2.Client:
    transport = _Transport(_proxy_of(scheme, host_and_port))
    _transports.add(transport)
    return httpx2.Client(
        transport=transport,
        follow_redirects=False,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
    )


def _proxy_of(scheme: str, host_and_port: str) -> httpcore2.Proxy | None:
    # HTTPS_PROXY and NO_PROXY, as the clients would honour them on a transport of their own.
    address = getproxies().get(scheme)
    if not address or proxy_bypass(host_and_port):
        return None
    url = urlsplit(address if "://" in address else f"http://{address}")
    auth = (unquote(url.username), unquote(url.password or "")) if url.username else None
    return httpcore2.Proxy(f"{url.scheme}://{url.netloc.rpartition('@')[2]}", auth=auth)


def sdk_timeout(clock: Clock) -> httpx2.Timeout:
    """What to hand to a vendor's client: connecting and waiting for a connection; `clock` bounds the rest."""
    return httpx2.Timeout(None, connect=clock.connect_seconds, pool=clock.connect_seconds)


def read_events(response: httpx2.Response) -> Generator[bytes]:
    """The `data` of each event of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html).

    For vendors that put each event's JSON on one line. Raises `EventStreamError` and `WIRE_ERRORS`.
    """
    encoded = response.headers.get("content-encoding", "identity") != "identity"
    # Reading the stream itself skips three layers of generators, a fifth of the cost of a chunk.
    blocks = response.iter_bytes() if encoded else iter(response.stream)  # type: ignore[arg-type]
    with closing(response):
        for line in _lines(blocks):
            if line.startswith(b"data:"):
                yield line[5:].strip()


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    pending: list[bytes] = []
    pending_bytes = total = 0
    for block in blocks:
        total += len(block)
        *complete, rest = block.split(b"\n")
        if complete:
            complete[0] = b"".join([*pending, complete[0]])
            pending, pending_bytes = [], 0
            yield from complete
        if rest:
            pending.append(rest)
            pending_bytes += len(rest)
        if pending_bytes > _LONGEST_LINE or total > _LONGEST_ANSWER:
            raise EventStreamError("the server sent more than any answer is long")
    if pending:
        yield b"".join(pending)


def read_to_end(events: Iterator[bytes], clock: Clock) -> None:
    """Reads what is left after the answer: only a connection that was read to its end can be used again."""
    clock.answer_complete()
    with suppress(EventStreamError, *WIRE_ERRORS):
        for _event in events:
            pass


def read_body(response: httpx2.Response) -> bytes:
    """The whole body of an answer that isn't a stream."""
    parts: list[bytes] = []
    total = 0
    with closing(response):
        for part in response.iter_bytes():
            parts.append(part)
            total += len(part)
            if total > _LONGEST_ANSWER:
                raise EventStreamError("the server sent more than any answer is long")
    return b"".join(parts)
