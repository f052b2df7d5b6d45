"""Stopping a statement when nobody waits for its result any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_LOOK_SECONDS = 0.25


class CallerLeft(Exception):
    """Whoever asked is gone; there is nobody to tell."""


@contextmanager
def stopped_when(gone: Callable[[], bool] | None, stop: Callable[[], None]) -> Iterator[None]:
    """Calls `stop`, from another thread, as soon as `gone` says so while the block runs; what the block raises then
    becomes `CallerLeft`."""
    if gone is None:
        yield
        return
    finished, left = threading.Event(), threading.Event()

    def look() -> None:
        while not finished.wait(_LOOK_SECONDS):
            if gone():
                left.set()
                # A server that can't be told stops by its own time-out.
                with suppress(Exception):
                    stop()
                return

    watcher = threading.Thread(target=look, name="watch-caller", daemon=True)
    watcher.start()
    try:
        yield
    except Exception:
        if left.is_set():
            raise CallerLeft from None  # and not what stopping did to the statement
        raise
    finally:
        finished.set()
        watcher.join()
    if left.is_set():
        raise CallerLeft
