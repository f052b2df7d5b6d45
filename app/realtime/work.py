"""A few threads for what must not be done by the thread that hears of it."""

import logging
import queue
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)


class Workers:
    """Runs actions, each on one of a fixed number of threads, which start with the first of them."""

    def __init__(self, name: str, count: int) -> None:
        self._name, self._count = name, count
        self._actions: queue.Queue[Callable[[], object]] = queue.Queue()
        self._started = False
        self._lock = threading.Lock()

    def do(self, action: Callable[[], object]) -> None:
        """Runs `action` soon. Its error is logged."""
        if not self._started:
            self._start()
        self._actions.put(action)

    def _start(self) -> None:
        with self._lock:
            if not self._started:
                self._started = True
                for number in range(self._count):
                    threading.Thread(target=self._run, name=f"{self._name} {number}", daemon=True).start()

    def _run(self) -> None:
        while True:
            action = self._actions.get()
            try:
                action()
            except Exception:
                log.exception("%s failed", self._name)


class Later:
    """Runs actions a fixed time after they were handed in, one after the other on a thread that starts with the
    first."""

    def __init__(self, name: str, seconds: float) -> None:
        self._seconds = seconds
        self._workers = Workers(name, 1)

    def do(self, action: Callable[[], object]) -> None:
        """Runs `action` when the time has passed. Its error is logged."""
        due_at = time.monotonic() + self._seconds

        def when_due() -> None:
            time.sleep(max(0.0, due_at - time.monotonic()))
            action()

        self._workers.do(when_due)


# Asking Postgres about listeners. Few, so that a thousand streams that were opened together don't keep the process
# from delivering events when they are asked about together.
checks = Workers("listener check", 4)
