"""What drivers say, in our words: which of host, TLS, credentials, database, permission or driver failed.

psycopg2 gives no code for what happens while it connects, only the server's sentence, which may be in any language; its
first word FATAL and SQLSTATE are not told either. So sentences are matched where nothing better is there.
"""

import re
import sqlite3
import ssl
from collections.abc import Iterator
from typing import Any

import psycopg2
import pymysql
from sqlalchemy.exc import SQLAlchemyError

from app.core.patience import PostgresSilent
from app.textsql.failures import (
    CredentialsRefused,
    DatabaseBusy,
    DatabaseFailed,
    DatabaseMissing,
    DriverMissing,
    HostFailed,
    PermissionMissing,
    StatementFailed,
    TlsFailed,
    TookTooLong,
)
from app.textsql.target import Target

# In this order: a line of pg_hba.conf that is missing names user, database and encryption all at once.
_SENTENCES: tuple[tuple[str, type[DatabaseFailed], str], ...] = (
    (r"no pg_hba\.conf entry.*(no encryption|SSL off)", TlsFailed,
     "The server does not let this user in without encryption (TLS), or not from here. Try with sslmode=require."),
    (r"no pg_hba\.conf entry", PermissionMissing, "The server does not let this user in from our address."),
    (r"server does not support SSL", TlsFailed, "The server does not offer encryption (TLS)."),
    (r"certificate verify failed|self-signed certificate|unable to get local issuer|root certificate file", TlsFailed,
     "The certificate of the server is not signed by an authority that is known."),
    (r"server certificate for .* does not match|hostname mismatch|doesn't match", TlsFailed,
     "The certificate of the server is for another host."),
    (r"invalid response to (SSL|GSSAPI) negotiation|invalid response|Bad handshake|packet sequence", HostFailed,
     "Something else than this kind of database answers on this port."),
    (r"SSL error|SSL SYSCALL|ssl|tls", TlsFailed, ""),
    (r"password authentication failed|authentication failed|no password supplied|role .* does not exist"
     r"|Passwort-Authentifizierung|autentificaci[oó]n|authentification", CredentialsRefused, ""),
    (r"database .* does not exist", DatabaseMissing, ""),
    (r"permission denied|not permitted|must be", PermissionMissing, ""),
    (r"too many (clients|connections)|remaining connection slots|starting up|shutting down|not accepting",
     DatabaseBusy, ""),
    (r"timeout expired|timed out|didn't answer", HostFailed, "The host does not answer in time."),
    (r"Connection refused", HostFailed, "Nothing answers on this port of the host."),
    (r"No route|unreachable|Connection reset|closed the connection|could not (connect|receive|send)", HostFailed, ""),
)  # fmt: skip
_STATES: tuple[tuple[str, type[DatabaseFailed]], ...] = (
    ("28", CredentialsRefused),
    ("3D", DatabaseMissing),
    ("42501", PermissionMissing),
    ("53300", DatabaseBusy),
    ("57014", TookTooLong),
    ("55P03", TookTooLong),
    ("57P0", DatabaseBusy),
    ("08", HostFailed),
)
_MYSQL: dict[int, type[DatabaseFailed]] = {
    1040: DatabaseBusy,
    1203: DatabaseBusy,
    1226: DatabaseBusy,
    1053: DatabaseBusy,
    1044: PermissionMissing,
    1045: CredentialsRefused,
    1698: CredentialsRefused,
    1049: DatabaseMissing,
    1046: DatabaseMissing,
    1130: PermissionMissing,
    1129: PermissionMissing,
    1142: PermissionMissing,
    1143: PermissionMissing,
    1227: PermissionMissing,
    3159: TlsFailed,
    2026: TlsFailed,
    1969: TookTooLong,
    3024: TookTooLong,
    1205: TookTooLong,
    2002: HostFailed,
    2003: HostFailed,
    2005: HostFailed,
    2006: HostFailed,
    2013: HostFailed,
}
_LOST = 2013
_LONGEST_QUOTE = 300


def read(error: BaseException, target: Target) -> DatabaseFailed | None:
    """Our error for a driver's; None for one that is no driver's, and so a bug."""
    for cause in _causes(error):
        if isinstance(cause, DatabaseFailed):
            return cause
        for kind, reader in _READERS.items():
            if isinstance(cause, kind):
                found: DatabaseFailed = reader(cause, target)
                return found
    # Drivers of other dialects have errors of their own.
    if target.dialect is None or isinstance(error, SQLAlchemyError):
        return _by_sentence(str(error)) or StatementFailed(_quotable(str(error), target))
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, the driver's own last word first."""
    orig = getattr(error, "orig", None)
    first = orig if isinstance(orig, BaseException) else error
    original = getattr(first, "original_exception", None)  # where PyMySQL keeps what its socket said
    if isinstance(original, BaseException):
        yield original
    yield first
    if isinstance(first.__cause__, BaseException):
        yield first.__cause__


def _of_postgres(error: psycopg2.Error, target: Target) -> DatabaseFailed:
    state = error.pgcode or ""
    for beginning, kind in _STATES:
        if state.startswith(beginning):
            return kind()
    if state:
        return StatementFailed(_quotable((error.diag.message_primary or str(error)), target))
    return _by_sentence(str(error)) or HostFailed()


def _of_mysql(error: pymysql.Error, target: Target) -> DatabaseFailed:
    code = error.args[0] if error.args else None
    said = str(error.args[1]) if len(error.args) > 1 else str(error)
    kind = _MYSQL.get(code) if isinstance(code, int) else HostFailed
    if kind is None:
        return StatementFailed(_quotable(said, target))
    if code == _LOST and "timed out" in said:
        return TookTooLong()
    # Only these two are worth a closer look: the codes of the others say all there is to say.
    return (_by_sentence(said) if kind in {TlsFailed, HostFailed} else None) or kind()


def _of_sqlite(error: sqlite3.Error, target: Target) -> DatabaseFailed:
    said = str(error)
    if said == "interrupted":
        return TookTooLong()
    if "not a database" in said or "malformed" in said:
        return DatabaseMissing("This file is no SQLite database, or it is damaged.")
    if "unable to open" in said:
        return PermissionMissing("This file can't be opened.")
    if "locked" in said:
        return DatabaseBusy("The file is being written by another program at the moment.")
    return StatementFailed(_quotable(said, target))


def _by_sentence(said: str) -> DatabaseFailed | None:
    for pattern, kind, detail in _SENTENCES:
        if re.search(pattern, said, re.IGNORECASE | re.DOTALL):
            return kind(detail or None)
    return None


def _quotable(said: str, target: Target) -> str:
    """What the server says of a statement, without the password, should it be in there."""
    if target.password and len(target.password) > 3:
        said = said.replace(target.password, "***")
    return " ".join(said.split())[:_LONGEST_QUOTE] or StatementFailed.detail


def _of_socket(error: OSError, _target: Target) -> DatabaseFailed:
    return HostFailed("The host does not answer in time.") if isinstance(error, TimeoutError) else _heard(error)


def _heard(error: BaseException) -> DatabaseFailed:
    return _by_sentence(str(error)) or HostFailed()


def _of_silence(error: PostgresSilent, _target: Target) -> DatabaseFailed:
    return HostFailed("The host does not answer in time.") if error.connecting else TookTooLong()


# In this order: the first that fits.
_READERS: dict[type[BaseException], Any] = {
    PostgresSilent: _of_silence,
    psycopg2.Error: _of_postgres,
    ssl.SSLError: lambda error, _target: _by_sentence(str(error)) or TlsFailed(),
    pymysql.Error: _of_mysql,
    sqlite3.Error: _of_sqlite,
    ImportError: lambda _error, _target: DriverMissing(),
    OSError: _of_socket,
}
