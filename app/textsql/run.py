"""Runs a statement that the guard has let through: read-only, for a bounded time, and bounded in rows and bytes.

None of this relies on the guard: what it might have overlooked meets a transaction that can't write, a server that
stops in time, and a reader that stops when it has enough.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from app.textsql import run_mysql, run_postgres, run_sqlite, values
from app.textsql.guard import Checked
from app.textsql.schema import Dialect
from app.textsql.watch import stopped_when


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much of a result is read. `value`: characters, or bytes, of a single value; `seconds`: how long the
    connection lets a statement run, which SQLite has to be told anew when it also looks for its caller."""

    seconds: float = 30.0
    bytes: int = 1_000_000
    value: int = values.MOST_CHARACTERS


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result. type: `integer`, `decimal`, `float`, `text`, `boolean`, `date`, `time`, `timestamp`,
    `interval`, `json`, `bytes`, `array`, `uuid` or `other`."""

    name: str
    type: str


@dataclass(frozen=True)
class Result:
    """What came back. Values are as JSON has them; `cut`: there is more than this, or a value was shortened."""

    columns: tuple[ResultColumn, ...]
    rows: list[list[Any]]
    cut: bool
    milliseconds: int


@dataclass(frozen=True)
class Plan:
    """What the database expects of a statement; None where it doesn't say."""

    rows: float | None = None
    cost: float | None = None


class Runner(Protocol):
    """One dialect's way of running a statement on an open connection."""

    def explain(self, connection: Connection, checked: Checked) -> tuple[float | None, float | None]:
        """Rows and cost that the database expects; raises what its driver raises for a statement that is wrong."""

    def stop(self, connection: Connection) -> Callable[[], None]:
        """What stops the statement under way, from another thread."""

    def read(self, connection: Connection, checked: Checked, value: int) -> Iterator[Any]:
        """First the names of the types of the columns, then the rows, values as JSON has them, each with whether one
        of them was shortened. Closing it ends the statement."""


_RUNNERS: dict[Dialect, Runner] = {
    Dialect.POSTGRESQL: run_postgres,
    Dialect.MYSQL: run_mysql,
    Dialect.SQLITE: run_sqlite,
}


def explain(connection: Connection, checked: Checked) -> Plan:
    """Lets the database look at the statement without running it. Inside of `connect`, which names its errors."""
    rows, cost = _RUNNERS[checked.dialect].explain(connection, checked)
    return Plan(rows, cost)


def run(
    connection: Connection, checked: Checked, limits: Limits = Limits(), *, gone: Callable[[], bool] | None = None
) -> Result:
    """Runs it, on a connection of `connect`, which names its errors. `gone`: whether the caller has left; raises
    `CallerLeft` then."""
    runner = _RUNNERS[checked.dialect]
    started = time.monotonic()
    with _watched(connection, checked, limits, gone):
        types, rows, cut = _collect(runner.read(connection, checked, limits.value), checked.row_limit, limits.bytes)
    columns = tuple(ResultColumn(name, kind) for name, kind in zip(checked.columns, types, strict=True))
    return Result(columns, rows, cut, round((time.monotonic() - started) * 1000))


def _watched(
    connection: Connection, checked: Checked, limits: Limits, gone: Callable[[], bool] | None
) -> AbstractContextManager[None]:
    if checked.dialect is Dialect.SQLITE:
        return run_sqlite.stopped_when(connection, gone, limits.seconds)
    return stopped_when(gone, _RUNNERS[checked.dialect].stop(connection))


def _collect(read: Any, most_rows: int, most_bytes: int) -> tuple[Sequence[str], list[list[Any]], bool]:
    rows: list[list[Any]] = []
    cut, total = False, 0
    try:
        types = next(read)
        for row, shortened in read:
            total += sum(map(values.size, row))
            if len(rows) == most_rows or total > most_bytes:
                return types, rows, True
            rows.append(row)
            cut = cut or shortened
        # SQLite's types are those of its values, so they are known at the end.
        return getattr(types, "settled", types), rows, cut
    finally:
        read.close()
