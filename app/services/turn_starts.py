"""Few turns of a process compute at a time, first come first served; any number of them wait for a model.

A hundred turns that begin together would otherwise share the processor, all reach their model at the same late moment,
and a worker that is killed before that has done nothing for any of them.
"""

import threading
import time

# More than processors, for between its statements a turn waits for Postgres.
_AT_A_TIME = 4
# While turns wait to begin, those that have begun read for so long and rest for so long, and what their models said
# meanwhile is read together: reading it piece by piece is half of what an answer costs.
_READ_SECONDS = 0.05
_REST_SECONDS = 0.25


class _Places:
    def __init__(self, count: int) -> None:
        self._free = threading.BoundedSemaphore(count)
        self._lock = threading.Lock()
        self.waiting = 0

    def take(self) -> None:
        if self._free.acquire(blocking=False):
            return
        with self._lock:
            self.waiting += 1
        try:
            self._free.acquire()
        finally:
            with self._lock:
                self.waiting -= 1

    def give_back(self) -> None:
        self._free.release()


_places = _Places(_AT_A_TIME)


class Place:
    """A turn's place among those that compute; given back when it ends, or earlier when it only waits."""

    def __init__(self) -> None:
        self._taken = False

    def __enter__(self) -> "Place":
        _places.take()
        self._taken = True
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """From now on the turn waits for somebody else. Called again, it does nothing."""
        if self._taken:
            self._taken = False
            _places.give_back()


def is_crowded() -> bool:
    """Whether turns wait to begin."""
    return _places.waiting > 0


class Reader:
    """Reads what a model says, and gives way to turns that wait to begin."""

    def __init__(self) -> None:
        self._rests_at: float | None = None

    def give_way(self) -> None:
        """Called at every piece: rests now and then while turns wait."""
        if not is_crowded():
            self._rests_at = None
        elif self._rests_at is None or time.monotonic() >= self._rests_at:
            time.sleep(_REST_SECONDS)
            self._rests_at = time.monotonic() + _READ_SECONDS
