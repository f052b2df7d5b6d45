"""The event loop of a green process: what has come counts before what is overdue."""

from typing import Any

from eventlet.hubs import epolls

# Timers are a little late all the time. Asking the sockets once more costs a system call.
_LATE_SECONDS = 0.02


class SoberHub(epolls.Hub):
    """Looks at the sockets before it raises an alarm that is late.

    eventlet's own loop fires timers first. When many requests came at the same moment and took the process longer than
    a time-out, answers that had long been there were taken for silence: Redis for away, and messages then waited for
    the sweep, or Postgres for hanging, and requests got 503.
    """

    @staticmethod
    def is_available() -> bool:
        """Asked by `hubs.use_hub`."""
        available: bool = epolls.is_available()
        return available

    def fire_timers(self, when: float) -> Any:
        """Those of `when` and before. Timers that are set meanwhile come later."""
        if self.timers and self.timers[0][0] < when - _LATE_SECONDS:
            self.wait(0)
        return super().fire_timers(when)
