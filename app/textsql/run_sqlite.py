"""Running a statement on an SQLite file, which is opened read-only: here the library itself is told what is allowed."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from app.textsql import values
from app.textsql.guard import Checked
from app.textsql.guard.functions import FUNCTIONS, TABLE_FUNCTIONS
from app.textsql.schema import Dialect, TableKind
from app.textsql.watch import CallerLeft

_LIMITS = {
    # Looking for a long text in a longer one is a single step, which neither time nor a caller who leaves can stop.
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 500,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 200,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 100,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_STEPS_BETWEEN_LOOKS, _LOOK_SECONDS = 10_000, 0.25
_TYPES: tuple[tuple[type, str], ...] = ((int, "integer"), (float, "float"), (str, "text"), (bytes, "bytes"))


def explain(connection: Connection, checked: Checked) -> tuple[float | None, float | None]:
    """See `Runner`."""
    _prepared(connection, checked).execute(f"EXPLAIN QUERY PLAN {checked.sql}").fetchall()
    return None, None


def stop(connection: Connection) -> Callable[[], None]:
    """See `Runner`."""
    interrupt: Callable[[], None] = _driver(connection).interrupt
    return interrupt


@contextmanager
def stopped_when(connection: Connection, gone: Callable[[], bool] | None, seconds: float) -> Iterator[None]:
    """As `watch.stopped_when`, without a thread: SQLite computes in this one, and calls back while it does. A green
    thread would not get a turn before the statement is over."""
    if gone is None:
        yield
        return
    end, look_at, left = time.monotonic() + seconds, 0.0, False

    def look() -> int:
        nonlocal look_at, left
        if (moment := time.monotonic()) >= look_at and not left:
            look_at, left = moment + _LOOK_SECONDS, gone()
        return int(left or moment > end)

    _driver(connection).set_progress_handler(look, _STEPS_BETWEEN_LOOKS)
    try:
        yield
    except sqlite3.Error:
        if left:
            raise CallerLeft from None
        raise


class _Types(list[str]):
    """The types of the columns, which in SQLite are those of the values in them."""

    def learn(self, row: tuple[Any, ...]) -> None:
        for at, value in enumerate(row):
            if value is not None and self[at] == "other":
                self[at] = next((name for kind, name in _TYPES if isinstance(value, kind)), "other")


def read(connection: Connection, checked: Checked, value: int) -> Iterator[Any]:
    """See `Runner`."""
    cursor = _prepared(connection, checked).execute(checked.sql)
    try:
        types = _Types("other" for _column in cursor.description)
        yield types
        for row in cursor:
            types.learn(row)
            shortened = False
            found = []
            for raw in row:
                given, too_long = values.cut(raw, value)
                shortened = shortened or too_long
                found.append(values.plain(given))
            yield found, shortened
    finally:
        cursor.close()


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _prepared(connection: Connection, checked: Checked) -> Any:
    driver = _driver(connection)
    driver.set_authorizer(None)  # of the statement before
    driver.text_factory = lambda text: text.decode("utf-8", "replace")
    for limit, most in _LIMITS.items():
        driver.setlimit(limit, most)
    for name in TABLE_FUNCTIONS[Dialect.SQLITE]:
        driver.execute(f"SELECT 1 FROM {name}('[]')").close()
    views = {name.casefold() for (name,) in driver.execute("SELECT name FROM sqlite_master WHERE type = 'view'")}
    driver.set_authorizer(_authorizer(checked, views))
    return driver


def _authorizer(checked: Checked, all_views: set[str]) -> Callable[..., int]:
    """Lets SQLite read the columns that the statement was checked for, call the functions of the list, and nothing
    else: no PRAGMA, no ATTACH, no other table, not the schema."""
    readable = {table.name.casefold(): {column.name.casefold() for column in table.columns} for table in checked.tables}
    # A view may read others, which nobody has to know.
    views = all_views if any(table.kind is TableKind.VIEW for table in checked.tables) else set()
    functions = FUNCTIONS[Dialect.SQLITE] | {"->", "->>"}
    made = TABLE_FUNCTIONS[Dialect.SQLITE]

    def decide(action: int, first: str | None, second: str | None, _database: str | None, inner: str | None) -> int:
        allowed = action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE}
        if action == sqlite3.SQLITE_READ:
            table, column = (first or "").casefold(), (second or "").casefold()
            # What a view reads is the customer's own doing.
            allowed = table in made or (inner or "").casefold() in views
            # Counting rows reads no column, and names the parts of the statement itself as well.
            counted = not column and not table.startswith(("sqlite_", "pragma_"))
            allowed = allowed or counted or column in readable.get(table, ())
        elif action == sqlite3.SQLITE_FUNCTION:
            allowed = (second or "").lower() in functions
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return decide
