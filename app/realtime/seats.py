"""How many streams and sockets a process keeps open at once, for one caller and in all."""

import threading
from collections import Counter

from prometheus_client import Gauge

from app.errors import TooMany, Unavailable

_RETRY_SECONDS = 10

_listeners = Gauge("frontdesk_listeners", "Open event streams and sockets.", multiprocess_mode="livesum")


class TooManyStreams(TooMany):
    """One caller listens too often."""

    code = "too_many_streams"
    detail = "Too many streams of yours are open. Close one, or listen to several conversations on one socket."


class NoSeatLeft(Unavailable):
    """The process can't hold more listeners without keeping everybody else waiting."""

    code = "too_many_listeners"
    detail = "This server holds as many open streams as it can. Try again shortly."


class Seats:
    """Counts who listens."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._most_in_all: float = float("inf")
        self._lock = threading.RLock()  # an abandoned stream gives its seat back in the middle of anything

    def limit(self, most_in_all: int) -> None:
        """Allows so many at once: where each listener occupies a thread, say."""
        self._most_in_all = most_in_all

    def take(self, who: str, most: int) -> None:
        """Counts one more listener `who`, of which there may be `most`. Raises TooManyStreams and NoSeatLeft."""
        with self._lock:
            if self._taken[who] >= most:
                raise TooManyStreams(
                    f"{most} streams of yours are open, as many as may be. Close one, or listen to several "
                    "conversations on one socket.",
                    retry_after=_RETRY_SECONDS,
                )
            if self._taken.total() >= self._most_in_all:
                raise NoSeatLeft(retry_after=_RETRY_SECONDS)
            self._taken[who] += 1
        _listeners.inc()

    def leave(self, who: str) -> None:
        """Counts one less."""
        with self._lock:
            self._taken[who] -= 1
            if not self._taken[who]:
                del self._taken[who]
        _listeners.dec()


seats = Seats()
