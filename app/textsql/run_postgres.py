"""Running a statement on Postgres: through a cursor of the server's, and no value longer than it may be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from app.textsql import values
from app.textsql.guard import Checked

_CURSOR = "frontdesk_rows"
_BATCH = 100
# Nothing of the session decides what a statement means: neither where names are looked for, nor how texts are read and
# moments written.
_SETTINGS = (
    "SET LOCAL search_path = pg_catalog",
    "SET LOCAL standard_conforming_strings = on",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'iso_8601'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL idle_in_transaction_session_timeout = 60000",
)
# https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat
_SHORT = {16: "boolean", 20: "integer", 21: "integer", 23: "integer", 26: "integer", 700: "float", 701: "float"}
_SHORT |= {1700: "decimal", 2950: "uuid", 790: "text"}
_MOMENTS = {1082: "date", 1083: "time", 1266: "time", 1114: "timestamp", 1184: "timestamp", 1186: "interval"}
_TEXTS = {18, 19, 25, 1042, 1043, 705}
_JSON = {114, 3802}
_ARRAYS = {
    1000,
    1001,
    1005,
    1007,
    1009,
    1014,
    1015,
    1016,
    1021,
    1022,
    1115,
    1182,
    1183,
    1185,
    1187,
    1231,
    199,
    2951,
    3807,
}
_BYTES = 17
# `+00` is understood by fewer readers than `+00:00`.
_SHORT_OFFSET = re.compile(r"(?<=:\d\d)(?:\.\d+)?[+-]\d\d(?![:\d])")


def explain(connection: Connection, checked: Checked) -> tuple[float | None, float | None]:
    """See `Runner`."""
    with _prepared(connection).cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {checked.sql}")
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan.get("Plan Rows"), plan.get("Total Cost")


def stop(connection: Connection) -> Callable[[], None]:
    """See `Runner`."""
    cancel: Callable[[], None] = _driver(connection).cancel
    return cancel


def read(connection: Connection, checked: Checked, value: int) -> Iterator[Any]:
    """See `Runner`."""
    with _prepared(connection).cursor() as cursor:
        # Asked for no row first, to learn the types: a value of a gigabyte must be cut before it is sent.
        cursor.execute(f"DECLARE {_CURSOR} NO SCROLL CURSOR WITHOUT HOLD FOR {checked.sql}")
        cursor.execute(f"FETCH 0 FROM {_CURSOR}")
        oids = [column[1] for column in cursor.description]
        cursor.execute(f"CLOSE {_CURSOR}")
        cursor.execute(f"DECLARE {_CURSOR} NO SCROLL CURSOR WITHOUT HOLD FOR {_clipped(checked.sql, oids, value)}")
        yield [_name(oid) for oid in oids]
        while True:
            cursor.execute(f"FETCH FORWARD {_BATCH} FROM {_CURSOR}")
            rows = cursor.fetchall()
            for row in rows:
                yield _row(row, oids, value)
            if len(rows) < _BATCH:
                break
        cursor.execute(f"CLOSE {_CURSOR}")


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _prepared(connection: Connection) -> Any:
    """The driver's connection, in the transaction whose limits `connect` has set. Statements go to the driver itself:
    SQLAlchemy would have it look for parameters in them."""
    for statement in _SETTINGS:
        connection.exec_driver_sql(statement)
    return _driver(connection)


def _clipped(sql: str, oids: list[int], value: int) -> str:
    columns = [f"c{number}" for number in range(len(oids))]
    clipped = ", ".join(_clip(column, oid, value + 1) for column, oid in zip(columns, oids, strict=True))
    return f"SELECT {clipped} FROM ({sql}) AS q({', '.join(columns)})"


def _clip(column: str, oid: int, most: int) -> str:
    if oid in _SHORT:
        return column
    if oid == _BYTES:
        return f"substring({column}, 1, {most})"
    if oid in _ARRAYS:
        return f"left(to_json({column})::text, {most})"
    return f"left({column}::text, {most})"


def _row(row: tuple[Any, ...], oids: list[int], value: int) -> tuple[list[Any], bool]:
    shortened = False
    found = []
    for raw, oid in zip(row, oids, strict=True):
        given = bytes(raw) if isinstance(raw, memoryview) else raw
        given, too_long = values.cut(given, value)
        shortened = shortened or too_long
        found.append(given if too_long and isinstance(given, str) else _value(given, oid))
    return found, shortened


def _value(given: Any, oid: int) -> Any:
    if isinstance(given, str):
        if oid in _JSON or oid in _ARRAYS:
            return _parsed(given)
        if oid in {1114, 1184}:
            given = given.replace(" ", "T", 1)
        if oid in {1184, 1266}:
            return _SHORT_OFFSET.sub(r"\g<0>:00", given, count=1)
    return values.plain(given)


def _parsed(given: str) -> Any:
    """JSON as values. What Postgres stores and Python can't hold stays the text that it is: half characters, and
    thousands of brackets within each other."""
    try:
        found = values.plain(json.loads(given, parse_float=Decimal, parse_int=Decimal))
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return values.plain(given)
    return found


def _name(oid: int) -> str:
    if oid in _SHORT or oid in _MOMENTS:
        return _SHORT.get(oid) or _MOMENTS[oid]
    if oid in _TEXTS:
        return "text"
    if oid in _JSON:
        return "json"
    if oid in _ARRAYS:
        return "array"
    return "bytes" if oid == _BYTES else "other"
