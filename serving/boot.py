"""Chooses how a web process waits for sockets, before anything else is imported.

This is the one module that imports eventlet in order to patch: its maintainers plan its retirement
(https://eventlet.readthedocs.io/en/latest/asyncio/migration.html), so the way out is a value of `ASYNC_MODE`.
"""

import os
import sys
import warnings
from enum import StrEnum


class AsyncMode(StrEnum):
    """How one web process serves many clients: green threads, or native ones."""

    EVENTLET = "eventlet"
    GTHREAD = "gthread"


class AsyncModeError(RuntimeError):
    """The async mode is unknown, or can no longer be had in this process."""


# Modules that keep locks or sockets of their own from the moment of their import. Patched afterwards they mix native
# and green ones, and such a process hangs under load instead of failing at start. A gunicorn worker that is not ours
# counts as well: it runs on native threads.
_MUST_COME_LATER = ("flask", "gunicorn.workers.base", "psycopg2", "redis", "sqlalchemy", "urllib3")

_booted: AsyncMode | None = None


def configured_mode() -> AsyncMode:
    """The mode named by `ASYNC_MODE`; eventlet when it names none. Raises AsyncModeError for any other word."""
    return _parse(os.environ.get("ASYNC_MODE") or AsyncMode.EVENTLET)


def booted_mode() -> AsyncMode | None:
    """The mode of this process, or None in one that is not a web server (tests, task workers, commands)."""
    return _booted


def boot(async_mode: str | None = None) -> AsyncMode:
    """Prepares this process for `async_mode` and returns the mode; for eventlet it patches the standard library.

    Our gunicorn workers name their mode. Without one, the mode of the worker that already booted stands, and
    `ASYNC_MODE` decides otherwise, unless it is too late for eventlet: the `flask` command finds `wsgi.py` by its
    name and has Flask imported by then, so it gets native threads.

    Raises AsyncModeError when the mode is unknown, differs from the one this process has, or comes too late.
    """
    global _booted  # noqa: PLW0603 - patching is as global as anything can be, and happens once
    if _booted is None:
        _booted = _default_mode() if async_mode is None else _parse(async_mode)
        if _booted is AsyncMode.EVENTLET:
            _patch()
    elif async_mode is not None and _parse(async_mode) is not _booted:
        raise AsyncModeError(f"This process runs in mode {_booted}; it can't become {async_mode}.")
    return _booted


def _parse(async_mode: str) -> AsyncMode:
    try:
        return AsyncMode(async_mode)
    except ValueError:
        known = " or ".join(AsyncMode)
        raise AsyncModeError(f"ASYNC_MODE is {async_mode!r}; it should be {known}.") from None


def _default_mode() -> AsyncMode:
    return AsyncMode.GTHREAD if _imported_too_early() else configured_mode()


def _imported_too_early() -> list[str]:
    return [name for name in _MUST_COME_LATER if name in sys.modules]


def _patch() -> None:
    if early := _imported_too_early():
        raise AsyncModeError(f"Imported before serving.boot, too early for eventlet: {', '.join(early)}.")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
        import eventlet  # noqa: PLC0415 - only here, so that the other mode never loads it
        from eventlet import patcher  # noqa: PLC0415
    eventlet.monkey_patch()
    # monkey_patch() gives psycopg2 a green wait callback by itself, and says nothing when it could not: every query
    # would then stop all clients of the process.
    if not patcher.is_monkey_patched("psycopg"):
        raise AsyncModeError("eventlet could not make psycopg2 green; is psycopg2 installed and loadable?")
