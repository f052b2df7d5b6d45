"""One attempt: signed by the Standard Webhooks specification (https://www.standardwebhooks.com), posted, judged."""

import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from standardwebhooks.webhooks import Webhook as Signer

from app.core.addresses import parsed
from app.core.clock import now
from app.core.settings import settings
from app.integrations import webhook_post
from app.integrations.webhook_post import PostFailed, PostPolicy, Reply
from app.realtime.frames import to_json

log = logging.getLogger(__name__)

_USER_AGENT = "Frontdesk-Webhooks/1.0"
_REFUSED = "The receiver answered with the HTTP status {}."
_REDIRECTED = "The receiver answered with the redirect {}, which is not followed. Give the address that it leads to."
# Seconds before the second attempt, the third, and so on: a day in all.
_MINUTE, _HOUR = 60, 3600
WAITS = (
    *(5, 30, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, 30 * _MINUTE),
    *(1 * _HOUR, 1 * _HOUR, 2 * _HOUR, 2 * _HOUR, 4 * _HOUR, 4 * _HOUR, 4 * _HOUR, 4 * _HOUR),
)
_JITTER = 0.2


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Where to, and the secrets that sign: during a rotation two."""

    url: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One event as it is sent."""

    event_id: UUID
    type: str
    occurred_at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Attempted:
    """How an attempt went. `gone`: the receiver wants no more events (410). Times in milliseconds and seconds."""

    ok: bool
    gone: bool = False
    status: int | None = None
    body: str | None = None
    duration_ms: int | None = None
    error_code: str | None = None
    error: str | None = None
    retry_after: int | None = None


def attempt(receiver: Receiver, letter: Letter) -> Attempted:
    """Sends once. Never raises: a receiver that can't be signed for, or that does something unheard of, is a failure
    like others, or its delivery would be claimed again and again without ever waiting."""
    started = now()
    try:
        body = _body(letter)
        return _judged(webhook_post.post(receiver.url, body, _headers(receiver, letter, body), _policy()))
    except PostFailed as failed:
        return Attempted(ok=False, error_code=failed.code, error=failed.detail, duration_ms=_milliseconds(started))
    except Exception:
        log.exception("an event could not be sent", extra={"event": str(letter.event_id)})
        return Attempted(ok=False, error_code="internal_error", error="Something went wrong on our side.")


def wait_after(tries: int, retry_after: int | None = None) -> timedelta | None:
    """How long to wait after so many attempts; None when it was the last. A receiver may ask for longer."""
    if tries > len(WAITS):
        return None
    wait = WAITS[tries - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret hangs on it
    return timedelta(seconds=max(wait, retry_after or 0))


def _body(letter: Letter) -> bytes:
    moment = letter.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return to_json({"type": letter.type, "timestamp": moment, "data": letter.data})


def _headers(receiver: Receiver, letter: Letter, body: bytes) -> dict[str, str]:
    # The library takes the wall time of what it is given for UTC, as ours is.
    moment, text = now(), body.decode()
    signatures = [Signer(secret).sign(str(letter.event_id), moment, text) for secret in receiver.secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": _USER_AGENT,
        "webhook-id": str(letter.event_id),
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _policy() -> PostPolicy:
    own = settings()
    return PostPolicy(
        allowed_networks=parsed(own.allowed_networks),
        allow_http=own.webhook_allow_http,
        timeout_seconds=own.webhook_timeout_seconds,
    )


def _judged(reply: Reply) -> Attempted:
    told: dict[str, Any] = {"status": reply.status, "body": reply.body, "duration_ms": reply.milliseconds}
    if 200 <= reply.status < 300:
        return Attempted(ok=True, **told)
    redirected = 300 <= reply.status < 400
    return Attempted(
        ok=False,
        gone=reply.status == 410,
        error_code="redirected" if redirected else "http_status",
        error=(_REDIRECTED if redirected else _REFUSED).format(reply.status),
        retry_after=reply.retry_after,
        **told,
    )


def _milliseconds(started: datetime) -> int:
    return round((now() - started).total_seconds() * 1000)
