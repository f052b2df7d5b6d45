"""Encrypted connections, to servers that have a certificate."""

import ipaddress
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from flask import Flask
from sqlalchemy import Connection

from app.textsql import connect, target
from app.textsql.connect import Policy
from app.textsql.failures import TlsFailed
from app.textsql.target import Tls
from tests.database import certificates
from tests.database.mariadb import MariaDb

POLICY = Policy(networks=[ipaddress.ip_network("127.0.0.0/8")])
# Of what is told below; MariaDB tells it itself.
CIPHER = "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'SSL_CIPHER'"


@dataclass(frozen=True)
class Server:
    """A server with a certificate for 127.0.0.1. `sessions`: whether each was encrypted, of Postgres."""

    url: str
    sessions: list[bool]

    def is_encrypted(self, opened: Connection) -> bool:
        """Whether a connection is."""
        if self.url.startswith("mysql"):
            return bool(opened.exec_driver_sql(CIPHER).scalar())
        assert opened.exec_driver_sql("SELECT 1").scalar() == 1
        return self.sessions[-1]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the servers' account may look into."""
    made = Path(tempfile.mkdtemp(prefix="fd-tls-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def authority(folder: Path) -> str:
    return certificates.make(folder)


@pytest.fixture(scope="module")
def servers(folder: Path, authority: str) -> Iterator[dict[str, Server]]:
    plain = urlsplit(os.environ["TEST_DATABASE_URL"])
    mariadb = MariaDb(folder / "mariadb", "owner-of-tests", certificate=folder / "server.crt")
    with mariadb, certificates.encrypted_postgres(plain.port or 5432, folder) as (port, sessions):
        netloc = f"{plain.username}:{plain.password}@127.0.0.1:{port}"
        postgres = urlunsplit(plain._replace(netloc=netloc, path="/postgres"))
        yield {"postgresql": Server(postgres, sessions), "mysql": Server(mariadb.url("mysql"), [])}


@pytest.fixture(params=["postgresql", "mysql"])
def server(app: Flask, servers: dict[str, Server], request: pytest.FixtureRequest) -> Server:
    return servers[request.param]


@pytest.mark.parametrize("tls", [Tls.PREFER, Tls.REQUIRE])
def test_is_encrypted_where_the_server_can(server: Server, tls: Tls) -> None:
    where = target.read(server.url, tls=tls)
    with connect.connect(where, POLICY) as opened:
        assert server.is_encrypted(opened)


def test_can_be_switched_off(server: Server) -> None:
    where = target.read(server.url, tls=Tls.DISABLE)
    with connect.connect(where, POLICY) as opened:
        assert not server.is_encrypted(opened)


def test_verifies_the_certificate_with_the_authority_that_is_given(server: Server, authority: str) -> None:
    where = target.read(server.url, ca_certificate=authority)
    assert where.tls is Tls.VERIFY
    with connect.connect(where, POLICY) as opened:
        assert server.is_encrypted(opened)


def test_refuses_a_certificate_of_an_unknown_authority(server: Server) -> None:
    with pytest.raises(TlsFailed), connect.connect(target.read(server.url, tls=Tls.VERIFY), POLICY):
        pass


def test_refuses_a_certificate_of_another_host(server: Server, authority: str) -> None:
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    with pytest.raises(TlsFailed), connect.connect(target.read(elsewhere, ca_certificate=authority), POLICY):
        pass


def test_says_that_the_authority_cannot_be_read(server: Server) -> None:
    with pytest.raises(TlsFailed), connect.connect(target.read(server.url, ca_certificate="not a certificate"), POLICY):
        pass
