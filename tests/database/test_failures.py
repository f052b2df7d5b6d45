"""A customer's database that is slow, full, stopped, large, or changes while it is being looked at."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg2
import pymysql
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.models.database_connection import DatabaseConnection
from app.models.database_table import DatabaseTable
from app.services import database_access, database_reading
from app.textsql.failures import DatabaseBusy, DatabaseFailed, HostFailed, TookTooLong
from tests.database.conftest import Analyze, Connect
from tests.database.mariadb import MariaDb
from tests.database.servers import PASSWORD, READER, Shop
from tests.rows import all_of, now_in

# What keeps each kind of server busy for five seconds, or for ever.
SLOW = {
    "postgresql": "SELECT pg_sleep(5)",
    "mysql": "SELECT sleep(5)",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
}


@pytest.fixture
def stored(connect: Connect, shop: Shop, database: Session) -> DatabaseConnection:
    return now_in(database, DatabaseConnection, connect(shop))


@pytest.fixture
def ask(app: Flask, stored: DatabaseConnection) -> Callable[..., Any]:
    """Runs a statement in the customer's database."""

    def run(statement: str, seconds: float = 10.0) -> Any:
        with app.app_context(), database_access.opened(stored, statement_seconds=seconds) as opened:
            return opened.exec_driver_sql(statement).all()

    return run


def test_a_slow_statement_is_stopped_by_the_server(ask: Callable[..., Any], shop: Shop) -> None:
    with pytest.raises(TookTooLong):
        ask(SLOW[shop.kind], seconds=0.3)
    assert ask("SELECT 1") == [(1,)]


def test_the_next_statement_has_its_own_time(app: Flask, stored: DatabaseConnection) -> None:
    with app.app_context(), database_access.opened(stored, statement_seconds=0.5) as opened:
        end = time.monotonic() + 0.7
        while time.monotonic() < end:
            assert opened.exec_driver_sql("SELECT count(*) FROM orders").scalar() == 4


def test_leaves_no_connection_behind(ask: Callable[..., Any], shop: Shop, mariadb: MariaDb) -> None:
    for statement in ("SELECT 1", "SELECT nothing FROM nowhere", SLOW[shop.kind]):
        try:
            ask(statement, seconds=0.2)
        except DatabaseFailed:
            continue
    if shop.kind == "postgresql":
        assert _until_none(lambda: _sessions_of_postgres(shop))
    elif shop.kind == "mysql":
        assert _until_none(lambda: _sessions_of_mariadb(mariadb))


def _until_none(count: Callable[[], int]) -> bool:
    """Servers take a moment to notice that a client is gone."""
    end = time.monotonic() + 10
    while count():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _sessions_of_postgres(shop: Shop) -> int:
    connection = psycopg2.connect(shop.owner_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", (shop.reader,))
            return int(cursor.fetchone()[0])
    finally:
        connection.close()


def _sessions_of_mariadb(server: MariaDb) -> int:
    connection = server.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM information_schema.processlist WHERE user = %s", (READER,))
            return int(cursor.fetchone()[0])
    finally:
        connection.close()


@pytest.fixture
def full(shops: dict[str, Shop], mariadb: MariaDb) -> Iterator[None]:
    """Servers that take no more connections of the reader."""
    postgres = shops["postgresql"]
    postgres.execute(f'ALTER ROLE "{postgres.reader}" CONNECTION LIMIT 0')
    mariadb.execute(f"ALTER USER {READER}@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1")
    held = pymysql.connect(host="127.0.0.1", port=mariadb.port, user=READER, password=PASSWORD)
    yield
    held.close()
    postgres.execute(f'ALTER ROLE "{postgres.reader}" CONNECTION LIMIT -1')
    mariadb.execute(f"ALTER USER {READER}@'127.0.0.1' WITH MAX_USER_CONNECTIONS 0")


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_says_that_the_server_takes_no_more_connections(
    app: Flask, connect: Connect, shops: dict[str, Shop], reachable: None, database: Session, kind: str, request: Any
) -> None:
    stored = now_in(database, DatabaseConnection, connect(shops[kind]))
    request.getfixturevalue("full")
    with app.app_context(), pytest.raises(DatabaseBusy), database_access.opened(stored):
        pass


def test_a_schema_that_changes_in_the_middle_is_no_failure(
    analyze: Analyze, connect: Connect, shop: Shop, database: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.execute("CREATE TABLE fleeting (id INTEGER PRIMARY KEY)")
    if shop.kind == "postgresql":
        shop.execute(f'GRANT SELECT ON fleeting TO "{shop.reader}"')
    read = database_reading.introspect.read

    def drop_afterwards(*arguments: Any) -> Any:
        found = read(*arguments)
        arguments[0].rollback()
        shop.execute("DROP TABLE fleeting")
        return found

    monkeypatch.setattr(database_reading.introspect, "read", drop_afterwards)
    connection = analyze(connect(shop))
    assert connection.analysis_status == "done"
    assert {table.name for table in all_of(database, DatabaseTable)} >= {"orders", "fleeting"}
    monkeypatch.undo()
    assert analyze(connection.id).drift["tables_removed"]


def test_a_large_table_is_neither_counted_nor_read(
    analyze: Analyze, connect: Connect, shops: dict[str, Shop], reachable: None, database: Session
) -> None:
    shop = shops["postgresql"]
    shop.execute(
        "CREATE TABLE large AS SELECT g AS id, CASE WHEN g % 2 = 0 THEN 'even' ELSE 'odd' END AS kind"
        " FROM generate_series(1, 300000) AS g",
        "ANALYZE large",
        f'GRANT SELECT ON large TO "{shop.reader}"',
        "SELECT pg_stat_reset()",
    )
    try:
        connection_id: UUID = connect(shop)
        analyze(connection_id)
        (table,) = all_of(database, DatabaseTable, DatabaseTable.name == "large")
        assert table.row_estimate == 300_000
        assert _until_none(lambda: int(_rows_read(shop) == 0))  # statistics come a moment later
        assert _rows_read(shop) < 30_000
    finally:
        shop.execute("DROP TABLE large")


def _rows_read(shop: Shop) -> int:
    connection = psycopg2.connect(shop.owner_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'large'")
            return int(cursor.fetchone()[0])
    finally:
        connection.close()


def test_a_server_that_stops_while_it_is_asked_is_told_as_such(
    app: Flask, connect: Connect, shops: dict[str, Shop], reachable: None, database: Session
) -> None:
    shop = shops["postgresql"]
    stored = now_in(database, DatabaseConnection, connect(shop))
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{shop.reader}'"
    with (
        app.app_context(),
        pytest.raises((HostFailed, DatabaseBusy)),
        database_access.opened(stored) as opened,
    ):
        opened.exec_driver_sql("SELECT 1")
        shop.execute(end)
        opened.exec_driver_sql("SELECT 1")


def test_views_that_take_for_ever_are_given_up(
    analyze: Analyze,
    connect: Connect,
    shops: dict[str, Shop],
    reachable: None,
    database: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database_reading, "_LOOK_SECONDS", 0.5)
    monkeypatch.setattr(database_reading, "_PATIENCE", 1)
    shop = shops["sqlite"]
    names = [f"slow_{number}" for number in range(5)]
    # SQLite looks at nothing when a view is made.
    shop.execute(*(f"CREATE VIEW {name} AS {SLOW['sqlite']}" for name in names))
    looked: list[str] = []
    look = database_reading.sample.sample
    monkeypatch.setattr(
        database_reading.sample,
        "sample",
        lambda connection, table, dialect: looked.append(table.name) or look(connection, table, dialect),
    )
    try:
        connection = analyze(connect(shop))
    finally:
        shop.execute(*(f"DROP VIEW {name}" for name in names))
    assert connection.analysis_status == "done"
    assert [name for name in looked if name in names] == names[:1]
    assert {table.name for table in all_of(database, DatabaseTable)} > {*names, "orders"}
