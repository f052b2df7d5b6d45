"""Circuit breakers: a model server that keeps failing is left alone for a while, so that nobody waits for it.

pybreaker holds its lock while the guarded function runs, which would queue all streams behind one another. So calls
run outside, and only their outcomes go through the breaker.
"""

import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

import pybreaker
from cachetools import LRUCache

_FAILURES = 5
_OPEN_SECONDS = 30.0
_MOST_CIRCUITS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """Leave to make one call. `trial`: the call that finds out whether the server is back."""

    trial: bool


class Circuit:
    """The breaker of one model: opens after consecutive failures, then lets one trial through at a time."""

    def __init__(self, *, failures: int = _FAILURES, open_seconds: float = _OPEN_SECONDS) -> None:
        self._memory = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failures, reset_timeout=open_seconds, state_storage=self._memory, throw_new_error_on_trip=False
        )
        self._trial: Ticket | None = None
        self._lock = threading.Lock()

    @property
    def closed(self) -> bool:
        """Whether calls may go through as usual."""
        return self._breaker.current_state == pybreaker.STATE_CLOSED

    def admit(self) -> Ticket | None:
        """A ticket, or None while the circuit is open. Give it back to `succeed`, `fail` or `release`."""
        with self._lock:
            if self.closed:
                return Ticket(trial=False)
            if self._trial or not self._rested():
                return None
            self._breaker.half_open()
            self._trial = Ticket(trial=True)
            return self._trial

    def succeed(self, ticket: Ticket) -> None:
        """The server answered."""
        with self._lock:
            if self._counts(ticket):
                self._breaker.call(_succeed)

    def fail(self, ticket: Ticket) -> None:
        """The server didn't answer, or not to the end."""
        with self._lock:
            if self._counts(ticket):
                with suppress(_Failure):
                    self._breaker.call(_fail)

    def release(self, ticket: Ticket) -> None:
        """The call was given up before it could tell: the next one may try."""
        with self._lock:
            self._counts(ticket)

    def _counts(self, ticket: Ticket) -> bool:
        # Calls from before the circuit opened may end after it did; only the trial says whether it closes again.
        if ticket is self._trial:
            self._trial = None
            return True
        return self.closed

    def _rested(self) -> bool:
        if self._breaker.current_state == pybreaker.STATE_HALF_OPEN:
            return True
        opened_at = self._memory.opened_at
        rest = timedelta(seconds=self._breaker.reset_timeout)
        return opened_at is None or datetime.now(UTC) >= opened_at + rest


class _Failure(Exception):
    pass


def _succeed() -> None:
    return


def _fail() -> None:
    raise _Failure


_circuits: LRUCache[str, Circuit] = LRUCache(_MOST_CIRCUITS)
_circuits_lock = threading.Lock()


def circuit(key: str) -> Circuit:
    """The circuit of this process for `key` (see `circuit_key`)."""
    with _circuits_lock:
        found = _circuits.get(key)
        if found is None:
            found = _circuits[key] = Circuit()
        return found


def forget() -> None:
    """Closes every circuit, for instance after the settings of a server changed."""
    with _circuits_lock:
        _circuits.clear()


def circuit_key(*, provider: str, base_url: str, api_key: str, model: str, settings_id: object) -> str:
    """Names the circuit of a model, as certain settings ask it. Holds a digest of the key, so it may be logged.

    Vendors overload model by model: one that fails must not take another one with it that it falls back to, and the
    other one's success must not keep its circuit closed. The settings are in it because servers without keys are
    shared by companies, and what one asks of them is none of another's business.
    """
    digest = blake2b(api_key.encode(), digest_size=8).hexdigest()
    return f"{provider} {base_url.rstrip('/')} {digest} {model} {settings_id}"
