"""Waiting for a statement: how long depends on whether the server lives, not on whether it lets us in."""

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from urllib.parse import urlsplit

import psycopg2
import pytest
from alembic import command
from alembic.config import Config
from psycopg2 import extensions
from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.config import Settings, without_driver
from app.core import patience
from app.core.patience import PostgresSilent, UnhurriedConnection
from tests.guards.rules import PROJECT


@pytest.fixture
def _as_before(settings: Settings) -> Iterator[None]:
    yield
    patience.install(settings)


def wait_for_a_statement(settings: Settings, kind: type[extensions.connection] = extensions.connection) -> None:
    """Runs something that takes long enough for the server to be asked whether it lives."""
    with closing(psycopg2.connect(without_driver(settings.database_url), connection_factory=kind)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(1)")


@pytest.mark.usefixtures("app", "_as_before")
@pytest.mark.parametrize("other", [{"path": "/not_made_yet"}, {"netloc": "nobody_yet:x@{host}"}])
def test_what_is_still_being_made_is_waited_for(settings: Settings, other: dict[str, str]) -> None:
    url = urlsplit(settings.runtime_url)
    host = url.netloc.rpartition("@")[2]
    missing = url._replace(**{name: value.format(host=host) for name, value in other.items()}).geturl()
    patience.install(replace(settings, database_runtime_url=missing))
    wait_for_a_statement(settings)


@pytest.mark.usefixtures("app", "_as_before")
def test_a_server_that_takes_no_connections_is_not(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = urlsplit(settings.runtime_url)
    credentials = url.netloc.rpartition("@")[0]
    gone = url._replace(netloc=f"{credentials}@127.0.0.1:{port}").geturl()
    patience.install(replace(settings, database_runtime_url=gone))
    with pytest.raises(PostgresSilent):
        wait_for_a_statement(settings)


@pytest.mark.usefixtures("app", "_as_before")
def test_migrations_are_waited_for_as_long_as_the_server_lives(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_GRACE_SECONDS", 0)
    patience.install(replace(settings, database_statement_timeout_ms=100))
    with pytest.raises(PostgresSilent, match="didn't answer within"):
        wait_for_a_statement(settings)
    wait_for_a_statement(settings, UnhurriedConnection)


@pytest.mark.usefixtures("app")
def test_migrations_connect_so(settings: Settings) -> None:
    config = Config()
    config.set_main_option("script_location", str(PROJECT / "migrations").replace("%", "%%"))
    config.attributes["url"] = settings.database_url
    kinds: list[type[object]] = []

    def note(connection: object, *_: object) -> None:
        kinds.append(type(connection))

    event.listen(Engine, "connect", note)
    try:
        command.current(config)
    finally:
        event.remove(Engine, "connect", note)
    assert kinds
    assert set(kinds) == {UnhurriedConnection}
