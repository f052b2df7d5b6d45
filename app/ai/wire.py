"""Underneath the vendors' clients: connections that are shared, on a network of our own (`app.ai.network`)."""

import ssl
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, cast
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakSet

import httpcore2
import httpx2

from app.ai.deadlines import Clock
from app.ai.network import TimedNetwork

# More than the 300 streams of a worker, so that no call waits for another one's connection.
_MOST_CONNECTIONS = 1000
_IDLE_CONNECTIONS = 100
_IDLE_SECONDS = 30.0
_LONGEST_ERROR = 64 << 10

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
            network_backend=TimedNetwork(looks_up=proxy is None),
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
