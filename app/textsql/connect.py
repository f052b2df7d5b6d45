"""Opening a customer's database: where it may lead to, within which time, and read-only.

Every connection is opened for one use and closed after it: customers' servers have few, and nothing of theirs is kept.
The host is looked up once, held against the network policy, and called by the address that was found.
"""

import socket
import sqlite3
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import quote

import pymysql
from pymysql.constants import CR
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from app.core import patience
from app.ingest import addresses
from app.ingest.addresses import Network
from app.ingest.errors import BlockedAddress, FetchTimedOut, NameNotFound
from app.textsql import complaints
from app.textsql.failures import (
    DatabaseFailed,
    DatabaseMissing,
    DriverMissing,
    HostBlocked,
    HostFailed,
    TookTooLong,
    UrlRefused,
)
from app.textsql.schema import Dialect
from app.textsql.target import Target, Tls

_NOWHERE = "/nonexistent/frontdesk"  # for files that drivers would look for in our home folder
_SSLMODES = {Tls.DISABLE: "disable", Tls.PREFER: "prefer", Tls.REQUIRE: "require", Tls.VERIFY: "verify-full"}
_GRACE_SECONDS = 2.0
_STEPS_BETWEEN_LOOKS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Where connections may lead to. `folder`: of SQLite files, None: there are none; `own`: the subfolder of it that
    belongs to the company that asks, beside the files that lie in the folder itself."""

    networks: Sequence[Network] = ()
    folder: Path | None = None
    own: str = ""
    connect_seconds: float = 8.0


@contextmanager
def connect(target: Target, policy: Policy, *, statement_seconds: float = 30.0) -> Iterator[Connection]:
    """A connection with which nothing can be changed, in a transaction that begins with the first statement and is
    rolled back at the end. Every statement is bounded by `statement_seconds`.

    Raises `DatabaseFailed`, also for what goes wrong with a statement inside the block.
    """
    end = time.monotonic() + policy.connect_seconds
    try:
        engine = _engine(target, policy, end, statement_seconds)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()
    except DatabaseFailed:
        raise
    except Exception as error:
        failure = complaints.read(error, target)
        if failure is None:
            raise
        raise failure from None


def file_of(target: Target, policy: Policy) -> Path:
    """The SQLite file that may be opened. Raises `UrlRefused` for any other place, and `DatabaseMissing`."""
    if policy.folder is None:
        raise UrlRefused("SQLite files can't be opened here. The operator can allow it with DATABASE_FILES_DIR.")
    folder = policy.folder.resolve()
    # Resolved before it is compared: neither `..` nor a symbolic link leads out of the folder.
    path = (folder / (target.file or "")).resolve()
    if not path.is_relative_to(folder):
        raise UrlRefused("This file lies outside of the folder that SQLite files are opened from.")
    if path.parent != folder and not (policy.own and path.is_relative_to(folder / policy.own)):
        raise UrlRefused("This file lies in a folder that is not this company's.")
    if not path.is_file():
        raise DatabaseMissing("There is no such file in the folder of SQLite files.")
    return path


def _engine(target: Target, policy: Policy, end: float, seconds: float) -> Engine:
    match target.dialect:
        case Dialect.SQLITE:
            path = file_of(target, policy)
            limit = _Patience(seconds)
            engine = _engine_of("sqlite", lambda: _open_sqlite(path, limit))
            event.listen(engine, "before_cursor_execute", limit.start)
            return engine
        case Dialect.POSTGRESQL:
            found = _look_up(target, policy, end)
            engine = _engine_of("postgresql+psycopg2", lambda: _open_postgres(target, found, end, seconds))
            event.listen(engine, "begin", lambda connection: _bound_postgres(connection, seconds))
            return engine
        case Dialect.MYSQL:
            found = _look_up(target, policy, end)
            return _engine_of("mysql+pymysql", lambda: _open_mysql(target, found, end, seconds))
        case _:
            return _other_engine(target, _look_up(target, policy, end))


def _engine_of(name: str, creator: Callable[[], Any]) -> Engine:
    return create_engine(f"{name}://", creator=creator, poolclass=NullPool, hide_parameters=True)


def _look_up(target: Target, policy: Policy, end: float) -> list[str]:
    left = max(0.1, min(end - time.monotonic(), policy.connect_seconds / 2))
    try:
        return addresses.resolve(target.host, target.port or 0, allowed=policy.networks, timeout_seconds=left)
    except BlockedAddress:
        raise HostBlocked from None
    except NameNotFound:
        raise HostFailed(f"The host {target.host} is not found.") from None
    except FetchTimedOut:
        raise HostFailed(f"The host {target.host} could not be looked up in time.") from None


def _open_postgres(target: Target, found: Sequence[str], end: float, seconds: float) -> Any:
    count = len(found)
    with _certificates(target) as authority:
        connection = patience.connect(
            connect_seconds=max(0.1, end - time.monotonic()),
            statement_seconds=seconds + _GRACE_SECONDS,
            # The name is for the certificate; the addresses are called, in this order.
            host=",".join([target.host] * count),
            hostaddr=",".join(found),
            port=",".join([str(target.port)] * count),
            user=target.user or "",
            password=target.password or "",
            dbname=target.database,
            sslmode=_SSLMODES[target.tls],
            sslrootcert=authority,
            # Neither passwords nor keys of this machine's own user go to somebody else's server.
            passfile=_NOWHERE,
            sslcert=_NOWHERE,
            sslkey=_NOWHERE,
            gssencmode="disable",
            require_auth="!gss,!sspi",
            application_name="frontdesk",
        )
    connection.set_session(readonly=True)
    return connection


def _bound_postgres(connection: Connection, seconds: float) -> None:
    # Of the transaction, not of the session: behind a pooler the session is somebody else's afterwards.
    limit = max(1, round(seconds * 1000))
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {limit}")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {min(limit, 5_000)}")


def _open_mysql(target: Target, found: Sequence[str], end: float, seconds: float) -> Any:
    options: dict[str, Any] = {}
    if target.tls is Tls.DISABLE:
        options["ssl_disabled"] = True
    elif target.tls is not Tls.PREFER:
        options["ssl"] = {"check_hostname": target.tls is Tls.VERIFY, "verify_mode": target.tls is Tls.VERIFY}
    with _certificates(target) as authority:
        if target.tls is Tls.VERIFY:
            options["ssl"]["ca"] = authority
        connection = pymysql.connect(
            host=target.host,
            port=target.port or 0,
            user=target.user or "",
            password=target.password or "",
            database=target.database,
            charset="utf8mb4",
            local_infile=False,
            defer_connect=True,
            read_timeout=max(1, end - time.monotonic()),
            write_timeout=max(1, end - time.monotonic()),
            program_name="frontdesk",
            **options,
        )
        try:
            connection.connect(_dial(found, target.port or 0, end))
        except pymysql.err.OperationalError as error:
            if error.args[0] == CR.CR_SERVER_LOST:
                raise HostFailed("The host does not answer in time, or ended the connection.") from None
            raise
    try:
        _bound_mysql(connection, seconds)
    except BaseException:
        connection.close()
        raise
    return connection


def _bound_mysql(connection: Any, seconds: float) -> None:
    connection._read_timeout = connection._write_timeout = seconds + _GRACE_SECONDS
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
        limit: tuple[str, float] = ("max_execution_time", max(1, round(seconds * 1000)))
        if "mariadb" in connection.server_version.lower():
            limit = ("max_statement_time", seconds)
        # What only speaks MySQL's protocol may not know it. We stop waiting all the same.
        with suppress(pymysql.err.OperationalError, pymysql.err.ProgrammingError):
            cursor.execute(f"SET SESSION {limit[0]} = %s", (limit[1],))


def _dial(found: Sequence[str], port: int, end: float) -> socket.socket:
    last: OSError = TimeoutError("timed out")
    for number, address in enumerate(found):
        # Some time is kept for the addresses after this one.
        left = (end - time.monotonic()) / (len(found) - number)
        if left <= 0:
            break
        try:
            dialled = socket.create_connection((address, port), timeout=left)
        except OSError as error:
            last = error
        else:
            dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return dialled
    raise last


class _Patience:
    """SQLite knows no time-out of statements, but asks now and then whether to go on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def start(self, *_: object) -> None:
        """A statement begins."""
        self._end = time.monotonic() + self._seconds

    def is_over(self) -> int:
        """Other than 0: it is interrupted."""
        return int(time.monotonic() > self._end)


def _open_sqlite(path: Path, limit: _Patience) -> Any:
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5.0, check_same_thread=False)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # a file of another kind shows now
    except BaseException:
        connection.close()
        raise
    connection.set_progress_handler(limit.is_over, _STEPS_BETWEEN_LOOKS)
    return connection


def _other_engine(target: Target, found: Sequence[str]) -> Engine:
    """Any other dialect whose driver is installed. Nothing is known of it but its host, and that it isn't ours."""
    url = URL.create(
        target.scheme,
        username=target.user,
        password=target.password,
        host=found[0],
        port=target.port,
        database=target.database,
    )
    try:
        return create_engine(url, poolclass=NullPool, hide_parameters=True)
    except NoSuchModuleError:
        raise DriverMissing(f"There is no driver for {target.scheme}:// in this installation.") from None
    except ImportError:
        raise DriverMissing from None
    except (ArgumentError, TypeError, ValueError):
        raise UrlRefused from None


@contextmanager
def _certificates(target: Target) -> Iterator[str]:
    """A file with the authorities that a server's certificate is held against."""
    if target.tls is not Tls.VERIFY:
        yield _NOWHERE
    elif target.ca_certificate is None:
        yield ssl.get_default_verify_paths().cafile or str(import_module("certifi").where())
    else:
        with NamedTemporaryFile("w", prefix="frontdesk-ca-", suffix=".pem") as file:
            file.write(target.ca_certificate)
            file.flush()
            yield file.name


def expired(end: float) -> None:
    """Raises `TookTooLong` after a moment of the monotonic clock."""
    if time.monotonic() > end:
        raise TookTooLong
