"""Running what the guard has let through, on real servers: what comes back, where it is cut, and what stops it."""

import itertools
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest

from app.textsql import connect, run, target
from app.textsql.connect import Policy
from app.textsql.failures import DatabaseFailed, StatementFailed, TookTooLong
from app.textsql.guard import Checked, check
from app.textsql.run import Limits, Result
from app.textsql.schema import Column, Dialect, Table, TableKind
from app.textsql.watch import CallerLeft
from tests.database.mariadb import MariaDb
from tests.textsql import corpora, shop

NAME = "shop"
# Statements of some seconds at least, of allowed parts only.
SLOW = {
    Dialect.POSTGRESQL: "SELECT COUNT(*) FROM generate_series(1, 300000) a, generate_series(1, 300000) b",
    Dialect.MYSQL: "SELECT COUNT(*) FROM " + ", ".join(f"order_items i{n}" for n in range(14)),
    Dialect.SQLITE: "SELECT COUNT(*) FROM " + ", ".join(f"order_items i{n}" for n in range(14)),
}


@dataclass(frozen=True)
class Place:
    """A shop on a server, and how many of the server's connections are ours (None: there is no server)."""

    dialect: Dialect
    url: str
    tables: list[Table]
    policy: Policy
    count: Callable[[], int]

    def run(
        self,
        sql: str,
        *,
        rows: int = 100,
        seconds: float = 20.0,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        gone: Callable[[], bool] | None = None,
    ) -> Result:
        """Checks and runs."""
        return self.run_checked(check(sql, self.dialect, self.tables, row_limit=rows), seconds, limits, gone)

    def run_checked(
        self,
        checked: Checked,
        seconds: float = 20.0,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        gone: Callable[[], bool] | None = None,
    ) -> Result:
        """Runs without a check."""
        with connect.connect(target.read(self.url), self.policy, statement_seconds=seconds) as connection:
            return run.run(connection, checked, limits, gone=gone)

    @property
    def orders(self) -> str:
        """A table's name, as the guard would write it."""
        return "public.orders" if self.dialect is Dialect.POSTGRESQL else "orders"

    def forged(self, sql: str) -> Checked:
        """What a guard with a hole would have let through."""
        return Checked(sql, self.dialect, tuple(self.tables), ("x",), 100)


@pytest.fixture(scope="module")
def places(
    mariadb: MariaDb, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[dict[Dialect, Place]]:
    """The shop on every kind of server."""
    folder = tmp_path_factory.mktemp("run")
    policy = Policy(networks=(ip_network("127.0.0.0/8"),), folder=folder)
    name = f"corpus_{worker_id}"
    server = os.environ["TEST_DATABASE_URL"]

    def as_owner(database: str, *statements: str) -> list[tuple[int]]:
        connection = psycopg2.connect(urlunsplit(urlsplit(server)._replace(path=f"/{database}")))
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            found: list[tuple[int]] = cursor.fetchall() if cursor.description else []
        connection.close()
        return found

    as_owner("postgres", f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
    as_owner(name, *shop.statements(Dialect.POSTGRESQL))
    mariadb.execute(f"CREATE OR REPLACE DATABASE {NAME} CHARACTER SET utf8mb4")
    mariadb.execute(*shop.statements(Dialect.MYSQL), database=NAME)
    _write_sqlite(folder / "corpus.db")

    def ours_on_mariadb() -> int:
        with mariadb.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{NAME}'")
            return int(cursor.fetchone()[0])

    counted = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"
    postgres_url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    made = (
        (Dialect.POSTGRESQL, postgres_url, "public", lambda: as_owner("postgres", counted)[0][0]),
        (Dialect.MYSQL, mariadb.url(NAME), NAME, ours_on_mariadb),
        (Dialect.SQLITE, "sqlite:///corpus.db", None, lambda: 0),
    )
    yield {
        dialect: Place(dialect, url, shop.tables(dialect, schema), policy, count)
        for dialect, url, schema, count in made
    }
    as_owner("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')


def _write_sqlite(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        for statement in shop.statements(Dialect.SQLITE):
            connection.execute(statement)
    connection.close()


@pytest.fixture(params=list(Dialect))
def place(request: pytest.FixtureRequest, places: dict[Dialect, Place]) -> Place:
    """One server after the other."""
    found: Place = places[request.param]
    return found


def soon(count: Callable[[], int]) -> bool:
    """Whether it counts down to nothing; a server notices a moment later that somebody hung up."""
    end = time.monotonic() + 10
    while count() and time.monotonic() < end:
        time.sleep(0.05)
    return count() == 0


@pytest.mark.slow  # hundreds of statements
def test_every_legitimate_statement_runs(place: Place) -> None:
    with connect.connect(target.read(place.url), place.policy, statement_seconds=20) as connection:
        for statement in corpora.legitimate(place.dialect):
            checked = check(statement, place.dialect, place.tables, row_limit=50)
            try:
                run.explain(connection, checked)
                found = run.run(connection, checked)
            except Exception as error:
                raise AssertionError(statement) from error
            assert [column.name for column in found.columns] == list(checked.columns)
            assert all(len(row) == len(found.columns) for row in found.rows)
            json.dumps(found.rows, allow_nan=False)


class TestResults:
    """What a result says."""

    def test_values_are_as_json_has_them(self, place: Place) -> None:
        found = place.run("SELECT id, name, created_at FROM customers WHERE id = 3")
        moment = "2024-03-01 23:15:00" if place.dialect is Dialect.SQLITE else "2024-03-01T23:15:00"
        assert found.rows == [[3, "Cy O'Neil", moment]]
        assert [each.type for each in found.columns][:2] == ["integer", "text"]
        assert found.cut is False

    def test_unusual_values_of_postgres(self, places: dict[Dialect, Place]) -> None:
        found = places[Dialect.POSTGRESQL].run(
            "SELECT 'NaN'::float AS a, 'Infinity'::numeric AS b, 12345678901234567890.5 AS c, 9007199254740993 AS d,"
            " interval '1 month 2 days' AS e, 'infinity'::timestamp AS f, ARRAY[1, NULL] AS g,"
            " '{\"a\": [1.5]}'::jsonb AS h,"
            " decode('00ff', 'hex') AS i, date '0044-03-15 BC' AS j, time '10:00' AS k, true AS l, NULL AS m, 0.10 AS n"
        )
        assert found.rows == [
            ["NaN", "Infinity", "12345678901234567890.5", "9007199254740993", "P1M2D", "infinity", [1, None],
             {"a": [1.5]}, "AP8=", "0044-03-15 BC", "10:00:00", True, None, 0.1]
        ]  # fmt: skip
        assert [each.type for each in found.columns] == [
            "float", "decimal", "decimal", "integer", "interval", "timestamp", "array", "json", "bytes", "date", "time",
            "boolean", "text", "decimal",
        ]  # fmt: skip

    def test_json_that_python_cannot_hold_stays_text(self, places: dict[Dialect, Place]) -> None:
        place, many = places[Dialect.POSTGRESQL], 5000
        digits = place.run(f"SELECT repeat('1', {many})::json AS a, ARRAY[repeat('2', {many})::numeric] AS b")
        assert digits.rows == [["1" * many, ["2" * many]]]
        nested = "repeat('[', 4000) || repeat(']', 4000)"
        found = place.run(f"SELECT ({nested})::json AS a, '\"\\ud800\"'::json AS b, '\"a\\u0000b\"'::json AS c")
        assert found.rows == [["[" * 4000 + "]" * 4000, '"\\ud800"', "a\ufffdb"]]

    def test_moments_with_offsets_of_postgres(self, places: dict[Dialect, Place]) -> None:
        found = places[Dialect.POSTGRESQL].run(
            "SELECT timestamptz '2024-01-02 03:04:05.6Z', CAST('03:04:05+05:30' AS timetz),"
            " CAST('03:04:05-08' AS timetz), timestamptz '0044-03-15 12:00:00+00 BC'"
        )
        assert found.rows == [
            ["2024-01-02T03:04:05.6+00:00", "03:04:05+05:30", "03:04:05-08:00", "0044-03-15T12:00:00+00:00 BC"]
        ]

    def test_views_of_sqlite_may_read_other_views(self, places: dict[Dialect, Place]) -> None:
        place = places[Dialect.SQLITE]
        folder = place.policy.folder
        assert folder is not None
        with sqlite3.connect(folder / "corpus.db") as connection:
            connection.execute("CREATE VIEW inner_view AS SELECT id, name FROM customers")
            connection.execute("CREATE VIEW outer_view AS SELECT id, name FROM inner_view")
        connection.close()
        view = Table(None, "outer_view", TableKind.VIEW, (Column("id", "INTEGER"), Column("name", "TEXT")))
        found = replace(place, tables=[view]).run("SELECT name FROM outer_view WHERE id = 1")
        assert found.rows == [["Ada Berg"]]
        with pytest.raises(StatementFailed):
            replace(place, tables=[view]).run_checked(
                replace(place.forged("SELECT secret FROM customers"), tables=(view,))
            )

    def test_rows_are_cut_at_the_limit(self, place: Place) -> None:
        found = place.run("SELECT id FROM order_items ORDER BY id", rows=4)
        assert (found.rows, found.cut) == ([[1], [2], [3], [4]], True)
        whole = place.run("SELECT id FROM order_items ORDER BY id", rows=6)
        assert (len(whole.rows), whole.cut) == (6, False)

    def test_bytes_are_cut_at_the_limit(self, place: Place) -> None:
        found = place.run("SELECT name, email FROM customers, order_items", limits=Limits(bytes=100))
        assert found.cut is True
        assert 1 <= len(found.rows) < 6
        assert soon(place.count)

    def test_a_long_value_is_shortened(self, place: Place) -> None:
        aggregate = "string_agg(name, ',')" if place.dialect is Dialect.POSTGRESQL else "group_concat(name)"
        found = place.run(f"SELECT {aggregate} AS names FROM customers", limits=Limits(value=5))
        assert (len(found.rows[0][0]), found.cut) == (5, True)


class TestBehindTheGuard:
    """What a statement meets that the guard should never have let through."""

    def test_nothing_can_be_written(self, place: Place) -> None:
        for sql in (
            f"DELETE FROM {place.orders}",
            f"INSERT INTO {place.orders} (id) VALUES (99)",
            f"UPDATE {place.orders} SET total = 0",
            "CREATE TABLE stolen (id int)",
            f"DROP TABLE {place.orders}",
            f"WITH x AS (DELETE FROM {place.orders} RETURNING id) SELECT id FROM x",
            f"SELECT 1; DELETE FROM {place.orders}",
        ):
            with pytest.raises(DatabaseFailed):
                place.run_checked(place.forged(sql))
        assert place.run("SELECT COUNT(*), SUM(total) FROM orders").rows == [[4, 3276.4]]

    def test_sqlite_reads_only_what_was_checked(self, places: dict[Dialect, Place]) -> None:
        place = places[Dialect.SQLITE]
        for sql in (
            "SELECT secret FROM customers",
            "SELECT amount FROM payroll",
            "SELECT sql FROM sqlite_master",
            "SELECT name FROM pragma_table_info('customers')",
            "PRAGMA query_only = OFF",
            "ATTACH DATABASE '/tmp/planted.db' AS planted",
            "SELECT load_extension('planted')",
            "SELECT randomblob(10)",
            "VACUUM INTO '/tmp/planted.db'",
        ):
            with pytest.raises(StatementFailed):
                place.run_checked(place.forged(sql))
        with pytest.raises(StatementFailed):
            place.run_checked(replace(place.forged("SELECT name FROM customers"), tables=()))

    def test_a_statement_of_a_changed_schema_is_a_clear_error(self, place: Place) -> None:
        with pytest.raises(StatementFailed) as caught:
            place.run_checked(place.forged(f"SELECT gone_column FROM {place.orders}"))
        assert "gone_column" in caught.value.detail
        assert soon(place.count)


class TestStopping:
    """Statements that take too long, or that nobody waits for."""

    def test_a_slow_statement_is_stopped_and_its_connection_closed(self, place: Place) -> None:
        with pytest.raises(TookTooLong):
            place.run(SLOW[place.dialect], seconds=0.5)
        assert soon(place.count)

    def test_a_statement_stops_when_the_caller_leaves(self, place: Place) -> None:
        looks = itertools.count()
        with pytest.raises(CallerLeft):
            place.run(SLOW[place.dialect], seconds=60, gone=lambda: next(looks) > 0)
        assert soon(place.count)

    def test_a_caller_who_stays_gets_the_result(self, place: Place) -> None:
        assert place.run("SELECT 1 AS one", gone=lambda: False).rows == [[1]]
