"""What surrounds every request: its id, the security headers, the access log line and the usage record."""

import ipaddress
import logging
import re
import time

from flask import Flask, Response, g, request

from app.core.clock import now
from app.core.ids import new_id
from app.core.logging import request_id
from app.core.settings import settings
from app.http import metrics
from app.repositories.api_requests import CallRecord
from app.security.principal import Principal, PrincipalKind
from app.services import audit, usage
from app.services.allowed_domains import AskingPage, origin_of

log = logging.getLogger("frontdesk.access")

_SANE_ID = re.compile(r"[\w.:@/+=-]{1,128}", re.ASCII)
# For answers that are no pages; a route that serves one sets its own.
_SECURITY = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Resource-Policy", "same-site"),
    ("Cache-Control", "no-store"),
)


def register(app: Flask) -> None:
    """Hangs the surroundings on the application."""
    app.before_request(_begin)
    app.after_request(_end)


def client_ip() -> str | None:
    """The caller's address, as far as the configured proxies are trusted."""
    return request.remote_addr


def client_network() -> str:
    """What anonymous callers are counted by: an IPv4 address, or the /64 that one IPv6 subscriber has to itself."""
    try:
        address = ipaddress.ip_address(client_ip() or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
        address = address.ipv4_mapped
    return str(address)


def asking_page() -> AskingPage:
    """The page that calls, by its `Origin`."""
    own = {origin for url in (settings().public_url, request.host_url) if (origin := origin_of(url))}
    return AskingPage(request.headers.get("Origin"), frozenset(own))


def route() -> str:
    """The route with its placeholders; unknown addresses share one name, so that metrics stay bounded."""
    return request.url_rule.rule if request.url_rule else "unmatched"


def _begin() -> None:
    sent = request.headers.get("X-Request-ID", "")
    request_id.set(sent if _SANE_ID.fullmatch(sent) else str(new_id()))
    audit.origin.set(audit.Origin(client_ip(), request.user_agent.string[:300] or None))
    g.started = time.perf_counter()


def _end(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    error_code = response.headers.pop("X-Error-Code", None)
    _add_headers(response)
    principal: Principal | None = g.get("principal")
    metrics.observe(request.method, route(), response.status_code, seconds)
    log.info(
        "request",
        extra={
            "method": request.method,
            "path": request.path,
            "route": route(),
            "status": response.status_code,
            "ms": round(seconds * 1000, 2),
            "ip": client_ip(),
            "caller": principal.name if principal else None,
        },
    )
    if principal is not None:
        usage.record(_call(principal, response, seconds, error_code))
    return response


def _add_headers(response: Response) -> None:
    present = {name.lower() for name, _ in response.headers}
    added = [("X-Request-ID", request_id.get() or ""), *g.get("limit_headers", ())]
    # A page that other sites show in a frame says in its own policy which ones.
    without = present | ({"x-frame-options"} if g.get("frameable") else set())
    added += [(name, value) for name, value in _SECURITY if name.lower() not in without]
    if settings().production:
        added.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))
    response.headers.extend(added)


def _call(principal: Principal, response: Response, seconds: float, error_code: str | None) -> CallRecord:
    return CallRecord(
        id=new_id(),
        company_id=principal.company_id,
        created_at=now(),
        caller_kind=principal.kind,
        caller_id=principal.id,
        api_key_id=principal.id if principal.kind is PrincipalKind.API_KEY else None,
        method=request.method,
        endpoint=route(),
        status=response.status_code,
        error_code=error_code,
        duration_ms=round(seconds * 1000, 3),
        category=g.get("limit_category", "general"),
        scope=g.get("needed_scope"),
        resource=g.get("needed_resource"),
        ip=client_ip(),
        request_id=request_id.get(),
    )
