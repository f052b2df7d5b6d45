"""Opening the databases of connections: the operator's policy, the stored URL, and errors as callers see them."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from app.core.settings import settings
from app.errors import Invalid, Unavailable
from app.ingest.addresses import Network
from app.models.database_connection import DatabaseConnection
from app.textsql import connect, target
from app.textsql.connect import Policy
from app.textsql.failures import DatabaseFailed, UrlRefused
from app.textsql.target import Target, Tls

_TEST_STATEMENT_SECONDS = 2.0


class DatabaseRefused(Invalid):
    """A connection that somebody wants to store doesn't work. Its code says what failed: `database_host`, …"""

    def __init__(self, error: DatabaseFailed) -> None:
        super().__init__(error.detail, errors={"url": [error.detail]})
        self.code = f"database_{error.failure}"


class DatabaseUnavailable(Unavailable):
    """A customer's database can't be asked now."""

    def __init__(self, error: DatabaseFailed) -> None:
        super().__init__(f"The customer's database can't be asked: {error.detail}")
        self.code = f"database_{error.failure}"


@dataclass(frozen=True)
class Tested:
    """How connecting went. Times are in milliseconds."""

    latency_ms: int
    server_version: str | None = None
    error: DatabaseFailed | None = None


def policy(company_id: UUID) -> Policy:
    """Where a company's connections may lead to."""
    own = settings()
    return Policy(
        networks=_networks(own.allowed_networks),
        folder=Path(own.database_files_dir) if own.database_files_dir else None,
        own=str(company_id),
        connect_seconds=own.database_test_seconds,
    )


def target_of(url: str, params: Mapping[str, Any]) -> Target:
    """What a URL and its parameters name; raises `UrlRefused`."""
    tls = params.get("tls")
    return target.read(url, tls=Tls(tls) if tls else None, ca_certificate=params.get("ca_certificate"))


def target_of_connection(connection: DatabaseConnection) -> Target:
    """What a stored connection names; raises `UrlRefused`."""
    return target_of(connection.url, connection.connection_params)


@contextmanager
def opened(connection: DatabaseConnection, *, statement_seconds: float = 30.0) -> Iterator[Connection]:
    """A read-only connection to a customer's database, outside of any transaction of ours. Raises `DatabaseFailed`."""
    where = target_of_connection(connection)
    with connect.connect(where, policy(connection.company_id), statement_seconds=statement_seconds) as database:
        yield database


def test(company_id: UUID, where: Target) -> Tested:
    """Connects and asks for the version. A failure is part of the result."""
    started = time.monotonic()
    try:
        with connect.connect(where, policy(company_id), statement_seconds=_TEST_STATEMENT_SECONDS) as database:
            version = _version(database)
    except DatabaseFailed as error:
        return Tested(_since(started), error=error)
    return Tested(_since(started), server_version=version)


def test_url(company_id: UUID, url: str, params: Mapping[str, Any]) -> Tested:
    """The same for a URL."""
    try:
        return test(company_id, target_of(url, params))
    except UrlRefused as error:
        return Tested(0, error=error)


def _version(database: Connection) -> str | None:
    found = database.dialect.server_version_info
    return ".".join(map(str, found)) if found else None


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


@lru_cache(maxsize=4)
def _networks(allowed: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(network, strict=False) for network in allowed)
