"""Running a statement on MySQL and MariaDB: row by row, in a transaction that the server keeps from writing."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.cursors import SSCursor
from sqlalchemy import Connection

from app.textsql import values
from app.textsql.guard import Checked

# As the guard reads statements: quotes are quotes, `||` is OR, backslashes escape.
_SETTINGS = (
    "SET SESSION sql_mode = 'ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
    "SET SESSION group_concat_max_len = 65536",
)
_RECURSION = {
    True: "SET SESSION max_recursive_iterations = 10000",
    False: "SET SESSION cte_max_recursion_depth = 10000",
}
_STOP_SECONDS = 5
_NAMES = {
    **dict.fromkeys(
        (FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG, FIELD_TYPE.INT24), "integer"
    ),
    **dict.fromkeys((FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE), "float"),
    **dict.fromkeys((FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL), "decimal"),
    **dict.fromkeys((FIELD_TYPE.DATE, FIELD_TYPE.NEWDATE), "date"),
    **dict.fromkeys((FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP), "timestamp"),
    FIELD_TYPE.TIME: "time",
    FIELD_TYPE.YEAR: "integer",
    FIELD_TYPE.JSON: "json",
    FIELD_TYPE.BIT: "bytes",
}
_TEXTS = {
    FIELD_TYPE.VARCHAR,
    FIELD_TYPE.VAR_STRING,
    FIELD_TYPE.STRING,
    FIELD_TYPE.TINY_BLOB,
    FIELD_TYPE.MEDIUM_BLOB,
    FIELD_TYPE.LONG_BLOB,
    FIELD_TYPE.BLOB,
    FIELD_TYPE.ENUM,
    FIELD_TYPE.SET,
}
_BINARY = 63  # the character set of bytes


def explain(connection: Connection, checked: Checked) -> tuple[float | None, float | None]:
    """See `Runner`."""
    driver = _prepared(connection)
    with driver.cursor() as cursor:
        cursor.execute(f"EXPLAIN {checked.sql}")
        at = [column[0] for column in cursor.description].index("rows")
        expected = [row[at] for row in cursor.fetchall()]
    known = [float(each) for each in expected if isinstance(each, int | float)]
    return (max(known) if known else None), None


def stop(connection: Connection) -> Callable[[], None]:
    """See `Runner`."""
    driver = _driver(connection)

    def kill() -> None:
        # A query that runs holds its connection, so another one has to say it; of the same server and user.
        context = driver.ctx if isinstance(driver._sock, ssl.SSLSocket) else None
        other: Any = pymysql.connections.Connection(
            user=driver.user,
            password=driver.password,
            ssl=context,
            ssl_disabled=context is None,
            connect_timeout=_STOP_SECONDS,
            read_timeout=_STOP_SECONDS,
            defer_connect=True,
        )
        other.connect(socket.create_connection(driver._sock.getpeername()[:2], timeout=_STOP_SECONDS))
        try:
            other.query(f"KILL QUERY {int(driver.thread_id())}")
        finally:
            other.close()

    return kill


def read(connection: Connection, checked: Checked, value: int) -> Iterator[Any]:
    """See `Runner`."""
    driver = _prepared(connection)
    cursor: Any = SSCursor(driver)
    finished = False
    try:
        cursor.execute(checked.sql)
        fields = cursor._result.fields
        yield [_name(field) for field in fields]
        while (row := cursor.fetchone()) is not None:
            yield _row(row, value)
        finished = True
    finally:
        if finished:
            cursor.close()
        else:
            # Closing the cursor would read to the end, so would forgetting it. The connection is of no further use.
            if cursor._result is not None:
                cursor._result.unbuffered_active = False
            connection.invalidate()


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _prepared(connection: Connection) -> Any:
    driver = _driver(connection)
    with driver.cursor() as cursor:
        for statement in (*_SETTINGS, _RECURSION["mariadb" in driver.server_version.lower()]):
            cursor.execute(statement)
        cursor.execute("START TRANSACTION READ ONLY")
    return driver


def _row(row: tuple[Any, ...], value: int) -> tuple[list[Any], bool]:
    shortened = False
    found = []
    for raw in row:
        given, too_long = values.cut(raw, value)
        shortened = shortened or too_long
        found.append(values.plain(given))
    return found, shortened


def _name(field: Any) -> str:
    if field.type_code in _TEXTS:
        return "bytes" if field.charsetnr == _BINARY else "text"
    return _NAMES.get(field.type_code, "other")
