"""How long the parts of a call to a model may take.

The vendors' clients have time-outs that start again with every byte, so a server that drips bytes could hold a call for
ever. Here each read waits for what is left of the call.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.ai.chat import Timeouts

_GRACE_SECONDS = 1.0


class Clock:
    """The deadlines of one call."""

    __slots__ = ("_between", "_end", "_next", "began", "connect_seconds")

    def __init__(self, timeouts: Timeouts, *, deadline: float | None = None) -> None:
        """`deadline`: time.monotonic() after which nobody waits any more."""
        now = time.monotonic()
        self.connect_seconds = timeouts.connect
        self.began = False
        self._between = timeouts.between_tokens
        self._next = now + timeouts.first_token
        self._end = now + timeouts.total if deadline is None else min(now + timeouts.total, deadline)

    def token_arrived(self) -> None:
        """The next one may take `between_tokens`."""
        self.began = True
        self._next = time.monotonic() + self._between

    def answer_complete(self) -> None:
        """The text is there: what may still come (usage, the end of the stream) isn't worth waiting for."""
        self._next = time.monotonic() + min(self._between, _GRACE_SECONDS)

    def seconds_left(self) -> float:
        """Until the nearest deadline, negative when it has passed."""
        return min(self._next, self._end) - time.monotonic()

    def explain(self) -> str:
        """What was waited for in vain."""
        if time.monotonic() >= self._end:
            return "the answer was not complete in time"
        return f"the {'next' if self.began else 'first'} token did not come in time"


class _Call(threading.local):
    # Connections outlive calls, so a call tells them its clock through its thread, when it sends its request.
    clock: Clock | None = None


_call = _Call()


def running_clock() -> Clock | None:
    """What the request that this thread sends now is bound by."""
    return _call.clock


@contextmanager
def timed_by(clock: Clock) -> Iterator[None]:
    """Requests that this thread sends inside are bound by `clock`, and so is reading their answers later on."""
    before, _call.clock = _call.clock, clock
    try:
        yield
    finally:
        _call.clock = before
