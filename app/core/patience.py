"""How long we wait for Postgres. Its own time-outs work only while it works: a server that hangs, or whose network
swallows packets, would hold every request for minutes.

psycopg2 hands us the waiting (https://www.psycopg.org/docs/advanced.html#support-for-coroutine-libraries). Connecting
and BEGIN, which a living server answers at once, get `DATABASE_CONNECT_TIMEOUT_SECONDS`; other statements get their
own time-out and a little more. In a green process the server registers its way of waiting.
"""

import select
from collections.abc import Callable
from typing import Protocol

import psycopg2
from psycopg2 import extensions

from app.config import Settings

_GRACE_SECONDS = 2.0


class Wait(Protocol):
    """Waits until a file descriptor is ready; False when `timeout` seconds passed before."""

    def __call__(self, fd: int, *, write: bool, timeout: float) -> bool:
        """See above."""


class PostgresSilent(psycopg2.OperationalError):
    """Postgres took the connection or the statement, and didn't answer in time."""


def _wait_by_poll(fd: int, *, write: bool, timeout: float) -> bool:
    waiting = select.poll()
    waiting.register(fd, select.POLLOUT if write else select.POLLIN)
    return bool(waiting.poll(timeout * 1000))


_wait: Wait = _wait_by_poll


def register(wait: Wait) -> None:
    """Makes this process wait by `wait` from now on."""
    global _wait  # noqa: PLW0603 - set once at boot of the web process
    _wait = wait


def install(settings: Settings) -> None:
    """Bounds the waiting of every connection of this process."""
    extensions.set_wait_callback(
        _bounded(
            at_once=float(settings.database_connect_timeout_seconds),
            statement=settings.database_statement_timeout_ms / 1000 + _GRACE_SECONDS,
        )
    )


def _bounded(*, at_once: float, statement: float) -> Callable[[extensions.connection], None]:
    def wait_for(connection: extensions.connection) -> None:
        while (state := connection.poll()) != extensions.POLL_OK:
            in_transaction = connection.status == extensions.STATUS_BEGIN
            limit = statement if in_transaction else at_once
            if not _wait(connection.fileno(), write=state == extensions.POLL_WRITE, timeout=limit):
                raise PostgresSilent(f"Postgres didn't answer within {limit:.0f} s")

    return wait_for
