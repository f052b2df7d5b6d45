"""What can be wrong with a customer's database. Each error says what failed in words of ours: what servers and drivers
say may name hosts, users and parts of the URL."""

from enum import StrEnum
from typing import ClassVar


class Failure(StrEnum):
    """What failed."""

    URL = "url"
    HOST = "host"
    TLS = "tls"
    CREDENTIALS = "credentials"
    DATABASE = "database"
    PERMISSION = "permission"
    DRIVER = "driver"
    BUSY = "busy"
    TIMEOUT = "timeout"
    STATEMENT = "statement"


class DatabaseFailed(Exception):
    """A customer's database can't be reached, or not be read. `detail` never holds anything of the URL but the host.

    `transient`: it may well work later without anybody changing anything.
    """

    failure: ClassVar[Failure]
    detail = "The database can't be used."
    transient = False

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or type(self).detail
        super().__init__(self.detail)


class UrlRefused(DatabaseFailed):
    """The URL can't be read, or asks for something that isn't allowed."""

    failure = Failure.URL
    detail = "This is not the URL of a database, as in postgresql://user:password@host:5432/database."


class HostFailed(DatabaseFailed):
    """No connection to the server."""

    failure = Failure.HOST
    detail = "The host does not answer."
    transient = True


class HostBlocked(DatabaseFailed):
    """The host lies inside the operator's network."""

    failure = Failure.HOST
    detail = (
        "The host leads to an address inside the network of this installation. Its operator can allow it with "
        "ALLOWED_NETWORKS."
    )


class TlsFailed(DatabaseFailed):
    """The two sides don't agree on encryption, or the certificate isn't accepted."""

    failure = Failure.TLS
    detail = "The encrypted connection (TLS) failed."


class CredentialsRefused(DatabaseFailed):
    """User or password are wrong."""

    failure = Failure.CREDENTIALS
    detail = "The database server does not accept this user and password."


class DatabaseMissing(DatabaseFailed):
    """The server is there, the database isn't."""

    failure = Failure.DATABASE
    detail = "There is no such database on the server."


class PermissionMissing(DatabaseFailed):
    """The user is who they say, and may not do this."""

    failure = Failure.PERMISSION
    detail = "The database user may not do this."


class DriverMissing(DatabaseFailed):
    """A dialect whose driver the operator hasn't installed."""

    failure = Failure.DRIVER
    detail = "The driver of this database is not installed. The operator of this installation can install it."


class DatabaseBusy(DatabaseFailed):
    """The server takes no more connections, or is starting or stopping."""

    failure = Failure.BUSY
    detail = "The database server takes no more connections at the moment."
    transient = True


class TookTooLong(DatabaseFailed):
    """A statement ran for longer than allowed, or the server fell silent."""

    failure = Failure.TIMEOUT
    detail = "The database took too long to answer."
    transient = True


class StatementFailed(DatabaseFailed):
    """The server refused a statement: the schema changed, say."""

    failure = Failure.STATEMENT
    detail = "The database refused a statement."
