"""Fetching an address that a stranger gave us, without lending them our network.

Every hop is resolved once, every address is checked, and the connection goes to the checked address while the
certificate is checked for the name (app.core.pinned_http).
"""

import contextlib
import email.message
import http.client
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urljoin

from urllib3.exceptions import DecodeError, HTTPError, LocationParseError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url, parse_url

from app.core.pinned_http import Clock, PinnedHttp, PinnedHttps, connect, is_certificate_error
from app.ingest.addresses import Network, resolve
from app.ingest.errors import (
    BadStatus,
    FetchTimedOut,
    FetchTooLarge,
    NotHttp,
    TooManyRedirects,
    Unreachable,
)

_PIECE = 65_536
_ACCEPT = "text/html,application/xhtml+xml,application/pdf;q=0.9,text/*;q=0.8,*/*;q=0.5"
_REDIRECTS = {301, 302, 303, 307, 308}
_LONGEST_URL = 4_096
_LONGEST_NAME = 200
_REDIRECTED_ELSEWHERE = "The address leads to another one that is neither http nor https, or carries a user name."
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


@dataclass(frozen=True, kw_only=True)
class FetchPolicy:
    """What may be fetched. `timeout_seconds` covers everything, look-ups and redirects included; `max_bytes` counts
    unpacked. `ca_file` (PEM) is trusted besides the system's authorities."""

    allow_networks: tuple[Network, ...] = ()
    max_bytes: int = 20 * 1024**2
    timeout_seconds: float = 30.0
    max_redirects: int = 5
    user_agent: str = "Frontdesk/1.0"
    ca_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What came. `content_type` is the media type in lower case, `charset` what was declared with it; `bytes` is the
    unpacked length; `filename` is safe to show, not to open."""

    final_url: str
    content_type: str | None
    charset: str | None
    filename: str | None
    bytes: int
    etag: str | None
    last_modified: str | None


def fetch(url: str, *, policy: FetchPolicy, to: BinaryIO | Path) -> Fetched:
    """Fetches an address into a file; raises a `FetchError`, after which the file holds nothing of use."""
    try:
        return _fetch(url, policy, to)
    except FetchTimedOut:
        raise FetchTimedOut(f"The server took longer than {policy.timeout_seconds:g} seconds to answer.") from None


def _fetch(url: str, policy: FetchPolicy, to: BinaryIO | Path) -> Fetched:
    with contextlib.ExitStack() as stack:
        target = stack.enter_context(to.open("wb")) if isinstance(to, Path) else to
        clock = stack.enter_context(Clock(policy.timeout_seconds))
        for hop in range(policy.max_redirects + 1):
            at = _checked(url, redirected=hop > 0)
            with _answer(at, policy, clock) as answer:
                if answer.status not in _REDIRECTS:
                    return _received(answer, at, policy, clock, target)
                url = _next(at, answer)
        raise TooManyRedirects(f"The address redirects more than {policy.max_redirects} times.")


def _checked(url: str, *, redirected: bool) -> Url:
    """The parts of an address that may be asked for. The connection is made from the same parts."""
    try:
        at = parse_url(url) if len(url) <= _LONGEST_URL else Url()
    except (LocationParseError, UnicodeError, ValueError):
        at = Url()
    if at.scheme not in {"http", "https"} or not at.host or at.auth is not None or "%" in at.host:
        raise NotHttp(_REDIRECTED_ELSEWHERE if redirected else None)
    return at


@contextlib.contextmanager
def _answer(at: Url, policy: FetchPolicy, clock: Clock) -> Iterator[BaseHTTPResponse]:
    connection = _connection(at, policy, clock)
    headers = {"User-Agent": policy.user_agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip, deflate"}
    try:
        connection.timeout = _left(clock)
        connection.request("GET", at.request_uri, headers=headers, preload_content=False)
        with contextlib.closing(connection.getresponse()) as answer:
            yield answer
    except (HTTPError, OSError, http.client.HTTPException) as error:
        if clock.is_over or isinstance(error, TimeoutError):
            raise FetchTimedOut from None
        raise Unreachable(_reason(error)) from None
    finally:
        connection.close()


def _connection(at: Url, policy: FetchPolicy, clock: Clock) -> PinnedHttp | PinnedHttps:
    scheme, host = at.scheme or "", (at.host or "").strip("[]")
    port = at.port or (443 if scheme == "https" else 80)
    addresses = resolve(host, port, allowed=policy.allow_networks, timeout_seconds=_left(clock))
    return connect(scheme, host, port, addresses=addresses, clock=clock, ca_file=policy.ca_file)


def _left(clock: Clock) -> float:
    try:
        return clock.left()
    except TimeoutError:
        raise FetchTimedOut from None


def _reason(error: Exception) -> str:
    if is_certificate_error(error):
        return "The server's certificate is not valid, or it speaks no TLS."
    if isinstance(error, DecodeError):
        return "The server packed its answer in a way that can't be unpacked."
    return "The server could not be reached, or broke the connection off."


def _next(at: Url, answer: BaseHTTPResponse) -> str:
    location = answer.headers.get("Location")
    if not location:
        raise BadStatus(answer.status)
    # Servers write what browsers take: with spaces and letters of any alphabet.
    return urljoin(at.url, location.encode("latin-1", errors="replace").decode("utf-8", errors="replace").strip())


def _received(answer: BaseHTTPResponse, at: Url, policy: FetchPolicy, clock: Clock, target: BinaryIO) -> Fetched:
    if answer.status != 200:
        raise BadStatus(answer.status)
    declared = answer.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) > policy.max_bytes:
        raise _too_large(policy)
    size = 0
    for piece in _pieces(answer.read1, clock):
        size += len(piece)
        if size > policy.max_bytes:
            raise _too_large(policy)
        target.write(piece)
    message = email.message.Message()
    message["Content-Type"] = answer.headers.get("Content-Type", "")
    return Fetched(
        final_url=at.url,
        content_type=message.get_content_type() if answer.headers.get("Content-Type") else None,
        charset=message.get_content_charset(),
        filename=_filename(answer.headers.get("Content-Disposition"), at),
        bytes=size,
        etag=answer.headers.get("ETag"),
        last_modified=answer.headers.get("Last-Modified"),
    )


def _pieces(read: Callable[[int], bytes], clock: Clock) -> Iterator[bytes]:
    while piece := read(_PIECE):
        _left(clock)
        yield piece
    # A connection that the clock ended looks like one whose server was done.
    if clock.is_over:
        raise FetchTimedOut


def _too_large(policy: FetchPolicy) -> FetchTooLarge:
    return FetchTooLarge(f"What the address answers with is larger than {policy.max_bytes:,} bytes.")


def _filename(disposition: str | None, at: Url) -> str | None:
    """The name that the server gives (RFC 6266), or the last part of the address."""
    message = email.message.Message()
    message["Content-Disposition"] = disposition or ""
    name = message.get_filename() or PurePosixPath(unquote(at.path or "")).name
    return _UNSAFE.sub("_", name).strip(" .")[-_LONGEST_NAME:] or None
