"""Few turns of a process compute at a time, first come first served; any number of them wait for a model.

A hundred turns that begin together would otherwise share the processor, all reach their model at the same late moment,
and a worker that is killed before that has done nothing for any of them.
"""

import threading
import time

# More than processors, for between its statements a turn waits for Postgres.
_AT_A_TIME = 4
# For so long after one had to wait, others are expected to: of sixty questions at once, a worker is told of one after
# the other, and between two of them nobody may wait.
_RUSH_SECONDS = 0.25
# In a rush those that have begun read for so long and then rest, and what their models said meanwhile is read together:
# reading it piece by piece is half of what an answer costs. They rest in naps, at most so many, until the rush is over.
_READ_SECONDS = 0.05
_NAP_SECONDS = 0.25
_MOST_NAPS = 2


class _Places:
    def __init__(self, count: int) -> None:
        self._free = threading.BoundedSemaphore(count)
        self._lock = threading.Lock()
        self._waiting = 0
        self._waited_at = float("-inf")

    @property
    def is_crowded(self) -> bool:
        return self._waiting > 0 or time.monotonic() < self._waited_at + _RUSH_SECONDS

    def take(self) -> None:
        if self._free.acquire(blocking=False):
            return
        with self._lock:
            self._waiting += 1
        try:
            self._free.acquire()
        finally:
            with self._lock:
                self._waiting -= 1
                self._waited_at = time.monotonic()

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
    """Whether turns wait to begin, or did a moment ago."""
    return _places.is_crowded


class Reader:
    """Reads what a model says, and gives way to turns that wait to begin."""

    def __init__(self) -> None:
        self._rests_at: float | None = None

    def give_way(self) -> None:
        """Called at every piece: rests now and then while turns wait."""
        if not is_crowded():
            self._rests_at = None
        elif self._rests_at is None or time.monotonic() >= self._rests_at:
            self._rest()
            self._rests_at = time.monotonic() + _READ_SECONDS

    def _rest(self) -> None:
        for _ in range(_MOST_NAPS):
            time.sleep(_NAP_SECONDS)
            if not is_crowded():
                return
