"""Rate limits by category and caller, on the storages of the `limits` library.

Windows are minutes by the clock: one increment in Redis a call tells everything that the headers say. While Redis is
away each process counts for itself, so that the limits hold roughly instead of not at all.
"""

import logging
import time
from dataclasses import dataclass
from enum import StrEnum

import redis
from cachetools import TTLCache
from flask import g
from limits.storage import MemoryStorage, RedisStorage, Storage

from app.core.settings import settings
from app.errors import TooMany
from app.extensions import redis_extension

log = logging.getLogger(__name__)

_WINDOW = 60
_LEASES = 20
# How many agents one address may visit as busily as one.
_AGENTS_PER_ADDRESS = 5


class Category(StrEnum):
    """Kinds of routes that are counted apart."""

    AUTHENTICATION = "authentication"
    GENERAL = "general"
    # Of visitors who have no token yet.
    VISITORS = "visitors"
    UPLOAD = "upload"
    AI = "ai"
    ANALYTICS = "analytics"
    # Probes and static documents.
    UNLIMITED = "unlimited"


@dataclass
class _Lease:
    """Calls that a process has counted in Redis ahead of time: the count after the last of them, and how many are
    left."""

    upto: int
    left: int


class _Counters:
    def __init__(self) -> None:
        self._shared: Storage | None = None
        self._own = MemoryStorage()
        self._leases: TTLCache[str, _Lease] = TTLCache(maxsize=50_000, ttl=2 * _WINDOW)

    def bind(self, client: "redis.Redis") -> None:
        self._shared = RedisStorage("redis://", connection_pool=client.connection_pool)
        self.forget()

    def forget(self) -> None:
        """Gives back what was taken ahead of time, as a new process would have it."""
        self._leases.clear()

    def increment(self, key: str, limit: int) -> int:
        """Counts one call; returns the count of this window.

        A round trip to Redis is a tenth of a small request, so a process takes a twentieth of the limit at a time.
        Alone it counts exactly; of several, each may keep the others from that twentieth.
        """
        lease = self._leases.get(key)
        if lease is not None and lease.left:
            lease.left -= 1
            return lease.upto - lease.left
        if self._shared is not None and not redis_extension.resting:
            size = max(1, limit // _LEASES)
            try:
                upto = self._shared.incr(key, _WINDOW, amount=size)
            except (redis.RedisError, OSError) as error:
                redis_extension.rest()
                log.warning("counting in this process while Redis is away", extra={"reason": str(error)})
            else:
                self._leases[key] = _Lease(upto, size - 1)
                return upto - (size - 1)
        return self._own.incr(key, _WINDOW)


_counters = _Counters()
bind = _counters.bind
forget = _counters.forget


def enforce_visitor(network: str, agent: str) -> None:
    """Counts one call of a visitor by address and agent. A whole office, or a provider's customers, may share an
    address and visit several companies' sites; what names one made-up agent after another ends soon all the same."""
    enforce(Category.VISITORS, f"ip:{network}", times=_AGENTS_PER_ADDRESS)
    enforce(Category.VISITORS, f"ip:{network}:agent:{agent}")


def enforce(category: Category, caller: str, limits: "dict[str, int] | None" = None, *, times: int = 1) -> None:
    """Counts one call of `caller` and raises `TooMany` above the limit. `limits` are a company's own, a minute; so many
    `times` as much is allowed."""
    if category is Category.UNLIMITED:
        return
    limit = times * ((limits or {}).get(category.value) or getattr(settings(), f"rate_limit_{category}"))
    now = time.time()
    window = int(now // _WINDOW)
    used = _counters.increment(f"frontdesk:limit:{category}:{caller}:{window}", limit)
    reset = (window + 1) * _WINDOW
    g.limit_category = category.value
    g.limit_headers = [
        ("X-RateLimit-Limit", str(limit)),
        ("X-RateLimit-Remaining", str(max(0, limit - used))),
        ("X-RateLimit-Reset", str(reset)),
    ]
    if used > limit:
        wait = max(1, int(reset - now) + 1)
        raise TooMany(f"More than {limit} calls a minute. Try again in {wait} seconds.", retry_after=wait)
