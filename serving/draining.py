"""Tells the application that this process is about to stop."""

from typing import Any


def drain(application: object, log: Any) -> None:
    """Calls `application.drain()`, where there is one, so that open streams send their clients elsewhere.

    Its errors are logged: the requests that are still running must be waited for all the same.
    """
    hook = getattr(application, "drain", None)
    if not callable(hook):
        return
    try:
        hook()
    except Exception:
        log.exception("drain() of the application failed")
