"""Posting to a receiver that a company named, without lending it our network.

The name is resolved once, every address is checked, and the connection goes to a checked one. Redirects are not
followed: what they lead to was never asked for. A short beginning of the answer is kept for the log of deliveries.
"""

import contextlib
import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url, parse_url

from app.core import addresses
from app.core.addresses import Network
from app.core.pinned_http import Clock, PinnedHttp, PinnedHttps, connect, is_certificate_error

_PORTS = {"http": 80, "https": 443}
_MOST_KEPT_BYTES = 1_024
_LONGEST_RETRY_AFTER = 3_600


class PostFailed(Exception):
    """Nothing, or nothing of use, came back. `detail` names no address inside the operator's network."""

    def __init__(self, code: str, detail: str) -> None:
        self.code, self.detail = code, detail
        super().__init__(detail)


@dataclass(frozen=True, kw_only=True)
class PostPolicy:
    """`timeout_seconds` covers everything, the look-up included. `ca_file` (PEM) is trusted besides the system's
    authorities."""

    allowed_networks: tuple[Network, ...] = ()
    allow_http: bool = False
    timeout_seconds: float = 10.0
    ca_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a receiver answered. `body` is its beginning; `retry_after` in seconds, an hour at most."""

    status: int
    body: str
    milliseconds: int
    retry_after: int | None = None


def checked(url: str, *, allow_http: bool) -> Url:
    """The parts of an address that may be posted to; raises `PostFailed`."""
    try:
        at = parse_url(url)
    except (LocationParseError, UnicodeError, ValueError):
        at = Url()
    if at.scheme not in _PORTS or not at.host or at.auth is not None or "%" in at.host:
        raise PostFailed("not_https", "The address must start with https:// and carry no user name or password.")
    if at.scheme == "http" and not allow_http:
        raise PostFailed("not_https", "The address must start with https://.")
    return at


def post(url: str, body: bytes, headers: Mapping[str, str], policy: PostPolicy) -> Reply:
    """Posts once; whatever the status, it is a `Reply`. Raises `PostFailed`."""
    at = checked(url, allow_http=policy.allow_http)
    started = time.monotonic()
    with Clock(policy.timeout_seconds) as clock:
        try:
            connection = _open(at, policy, clock)
            with contextlib.closing(connection):
                connection.timeout = clock.left()
                connection.request(
                    "POST",
                    at.request_uri,
                    body=body,
                    headers={**headers, "Accept-Encoding": "identity"},
                    preload_content=False,
                )
                with contextlib.closing(connection.getresponse()) as answer:
                    return _reply(answer, clock, started)
        except addresses.AddressBlocked:
            raise PostFailed("blocked_address", "The address leads to a private or reserved network.") from None
        except addresses.NameUnknown:
            raise PostFailed("name_not_found", "The name of this address can't be resolved.") from None
        except (HTTPError, OSError, http.client.HTTPException, ValueError) as error:
            raise _failure(error, clock) from None


def _open(at: Url, policy: PostPolicy, clock: Clock) -> PinnedHttp | PinnedHttps:
    scheme, host = at.scheme or "", (at.host or "").strip("[]")
    port = at.port or _PORTS[scheme]
    found = addresses.resolve(host, port, allowed=policy.allowed_networks, timeout_seconds=clock.left())
    return connect(scheme, host, port, addresses=found, clock=clock, ca_file=policy.ca_file)


def _reply(answer: BaseHTTPResponse, clock: Clock, started: float) -> Reply:
    # The status is what counts: a receiver that takes its time with the rest has said yes or no already.
    kept = b""
    with contextlib.suppress(HTTPError, OSError, http.client.HTTPException):
        while len(kept) < _MOST_KEPT_BYTES and (piece := answer.read1(_MOST_KEPT_BYTES, decode_content=False)):
            kept += piece
            clock.left()
    return Reply(
        status=answer.status,
        body=kept[:_MOST_KEPT_BYTES].decode("utf-8", errors="replace").replace("\x00", "\ufffd"),
        milliseconds=round((time.monotonic() - started) * 1000),
        retry_after=_seconds(answer.headers.get("Retry-After", "")),
    )


def _seconds(value: str) -> int | None:
    return min(int(value), _LONGEST_RETRY_AFTER) if value.isascii() and value.isdigit() and len(value) < 10 else None


def _failure(error: Exception, clock: Clock) -> PostFailed:
    if clock.is_over or isinstance(error, TimeoutError):
        return PostFailed("timed_out", "The receiver took too long to answer.")
    if is_certificate_error(error):
        return PostFailed("bad_certificate", "The receiver's certificate is not valid, or it speaks no TLS.")
    return PostFailed("unreachable", "The receiver could not be reached, or broke the connection off.")
