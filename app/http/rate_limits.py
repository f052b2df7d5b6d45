"""Rate limits by category and caller, on the storages of the `limits` library.

Windows are minutes by the clock: one increment in Redis a call tells everything that the headers say. While Redis is
away each process counts for itself, so that the limits hold roughly instead of not at all.
"""

import logging
import time
from enum import StrEnum

import redis
from flask import g
from limits.storage import MemoryStorage, RedisStorage, Storage

from app.core.settings import settings
from app.errors import TooMany
from app.extensions import redis_extension

log = logging.getLogger(__name__)

_WINDOW = 60


class Category(StrEnum):
    """Kinds of routes that are counted apart."""

    AUTHENTICATION = "authentication"
    GENERAL = "general"
    UPLOAD = "upload"
    AI = "ai"
    ANALYTICS = "analytics"
    # Probes and static documents.
    UNLIMITED = "unlimited"


class _Counters:
    def __init__(self) -> None:
        self._shared: Storage | None = None
        self._own = MemoryStorage()

    def bind(self, client: "redis.Redis") -> None:
        self._shared = RedisStorage("redis://", connection_pool=client.connection_pool)

    def increment(self, key: str) -> int:
        """Counts one call; returns the count of this window."""
        if self._shared is not None and not redis_extension.resting:
            try:
                return self._shared.incr(key, _WINDOW)
            except (redis.RedisError, OSError) as error:
                redis_extension.rest()
                log.warning("counting in this process while Redis is away", extra={"reason": str(error)})
        return self._own.incr(key, _WINDOW)


_counters = _Counters()
bind = _counters.bind


def enforce(category: Category, caller: str, limits: "dict[str, int] | None" = None) -> None:
    """Counts one call of `caller` and raises `TooMany` above the limit. `limits` are a company's own, a minute."""
    if category is Category.UNLIMITED:
        return
    limit = (limits or {}).get(category.value) or getattr(settings(), f"rate_limit_{category}")
    now = time.time()
    window = int(now // _WINDOW)
    used = _counters.increment(f"frontdesk:limit:{category}:{caller}:{window}")
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
