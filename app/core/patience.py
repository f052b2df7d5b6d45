"""How long we wait for Postgres. Its own time-outs work only while it works: a server that hangs, or whose network
swallows packets, would hold every request for minutes.

psycopg2 hands us the waiting (https://www.psycopg.org/docs/advanced.html#support-for-coroutine-libraries). Connecting
and BEGIN, which a living server answers at once, get `DATABASE_CONNECT_TIMEOUT_SECONDS`. Other statements may take
long for good reasons: while we wait for one, a second connection asks now and then whether the server lives at all.
In a green process the server registers its way of waiting.
"""

import select
import time
from typing import Any, Protocol, cast

import psycopg2
from psycopg2 import extensions

from app.config import Settings, without_driver

_GRACE_SECONDS = 2.0
_FIRST_PROBE_SECONDS = 0.6
_LONGEST_PAUSE_SECONDS = 5.0
_STOPPING = ("starting up", "shutting down", "in recovery mode", "not yet accepting", "not accepting connections")


class Wait(Protocol):
    """Waits until a file descriptor is ready; False when `timeout` seconds passed before."""

    def __call__(self, fd: int, *, write: bool, timeout: float) -> bool:
        """See above."""


class PostgresSilent(psycopg2.OperationalError):
    """Postgres took the connection or the statement, and didn't answer in time. `connecting`: the former."""

    connecting = False


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
    extensions.set_wait_callback(_Patience(settings))


class UnhurriedConnection(extensions.connection):
    """A connection whose statements may take as long as they do, as those of migrations: an index over all that a
    company has takes minutes. Only a server that answers nobody any more ends the waiting."""


class ForeignConnection(extensions.connection):
    """A connection to somebody else's server, which has times of its own."""

    def __init__(self, dsn: str, *, connect_seconds: float, statement_seconds: float) -> None:
        self._seconds = connect_seconds
        self._connected = False
        super().__init__(dsn)
        self._seconds = statement_seconds
        self._connected = True

    def wait(self) -> None:
        """Waits for the server; raises `PostgresSilent`."""
        end = time.monotonic() + self._seconds
        while (state := self.poll()) != extensions.POLL_OK:
            left = end - time.monotonic()
            if left <= 0 or not _wait(self.fileno(), write=state == extensions.POLL_WRITE, timeout=left):
                silent = PostgresSilent(f"the server didn't answer within {self._seconds:.0f} s")
                silent.connecting = not self._connected
                raise silent


def connect(*, connect_seconds: float, statement_seconds: float, **options: str) -> ForeignConnection:
    """Connects to somebody else's Postgres; `options` are libpq's. Needs `install` before."""

    def make(dsn: str, *_: object) -> ForeignConnection:
        return ForeignConnection(dsn, connect_seconds=connect_seconds, statement_seconds=statement_seconds)

    opened: ForeignConnection = psycopg2.connect(connection_factory=make, **cast("dict[str, Any]", options))
    return opened


class _Patience:
    """The wait callback: called by psycopg2 with a connection that waits for its server."""

    def __init__(self, settings: Settings) -> None:
        self._url = without_driver(settings.runtime_url)
        self._at_once = settings.database_connect_timeout_seconds
        self._statement = settings.database_statement_timeout_ms / 1000 + _GRACE_SECONDS
        self._alive_at = float("-inf")

    def __call__(self, connection: extensions.connection) -> None:
        if isinstance(connection, ForeignConnection):
            connection.wait()
            return
        while (state := connection.poll()) != extensions.POLL_OK:
            # Maintenance (CREATE DATABASE, say) runs outside of transactions and takes its time.
            at_work = connection.status == extensions.STATUS_BEGIN or connection.autocommit
            writes = state == extensions.POLL_WRITE
            if at_work:
                most = float("inf") if isinstance(connection, UnhurriedConnection) else self._statement
                self._wait_for_statement(connection.fileno(), writes, most)
            else:
                self._wait_at_once(connection.fileno(), writes)

    def _wait_at_once(self, fd: int, write: bool) -> None:
        if not _wait(fd, write=write, timeout=self._at_once):
            raise PostgresSilent(f"Postgres didn't answer within {self._at_once} s")

    def _wait_for_statement(self, fd: int, write: bool, most: float) -> None:
        end = time.monotonic() + most
        pause = _FIRST_PROBE_SECONDS
        while not _wait(fd, write=write, timeout=pause):
            if time.monotonic() > end:
                raise PostgresSilent(f"Postgres didn't answer within {most:.0f} s")
            self._probe()
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _probe(self) -> None:
        """Raises `PostgresSilent` when the server doesn't take connections any more."""
        if time.monotonic() - self._alive_at < _FIRST_PROBE_SECONDS:
            return  # another statement has just asked
        try:
            psycopg2.connect(self._url, application_name="frontdesk probe").close()
        except PostgresSilent:
            raise
        except psycopg2.OperationalError as error:
            if not _comes_from_a_living_server(str(error)):
                raise PostgresSilent("Postgres stopped while it ran a statement") from None
        self._alive_at = time.monotonic()


def _comes_from_a_living_server(refusal: str) -> bool:
    """Whether a server that works on says this: that it has too many clients, say, or that our role or database isn't
    there, which is so as long as they are being made. psycopg2 tells no code for what happens while it connects."""
    return "FATAL" in refusal and not any(words in refusal for words in _STOPPING)
