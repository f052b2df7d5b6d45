"""Slow receivers may use half of the places of a worker process, so that the others always find one."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from cachetools import TTLCache

# `-c` of the worker is twice that (launcher/application.py, scripts/container).
_PLACES = 16
_SLOW_SECONDS = 2.0
_REMEMBERED_SECONDS = 600


class Pace:
    """Who was slow in this process, and how many of them are being waited for."""

    def __init__(self, places: int = _PLACES) -> None:
        self._slow: TTLCache[UUID, bool] = TTLCache(maxsize=50_000, ttl=_REMEMBERED_SECONDS)
        self._places = places
        self._lock = threading.Lock()

    @contextmanager
    def place_for(self, webhook_id: UUID) -> Iterator[bool]:
        """Whether the webhook may be delivered to now. If not, the sweep comes back to it."""
        with self._lock:
            is_slow = webhook_id in self._slow
            has_place = not is_slow or self._places > 0
            self._places -= is_slow and has_place
        started = time.monotonic()
        try:
            yield has_place
        finally:
            with self._lock:
                self._places += is_slow and has_place
                if has_place and time.monotonic() - started > _SLOW_SECONDS:
                    self._slow[webhook_id] = True
                elif has_place:
                    self._slow.pop(webhook_id, None)


pace = Pace()
