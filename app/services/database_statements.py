"""Checking and running statements on the databases of connections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from app.core.offload import offload
from app.core.settings import settings
from app.errors import Conflict
from app.models.database_connection import DatabaseConnection
from app.services import database_access
from app.services.database_schema import StoredTable
from app.textsql import connect, guard, run
from app.textsql.failures import UrlRefused
from app.textsql.guard import Checked, Reason, Refused
from app.textsql.run import Limits, Result
from app.textsql.schema import Dialect
from app.textsql.target import Target

Value = TypeVar("Value")


class DialectUnsupported(Conflict):
    """A database whose SQL the guard doesn't know."""

    code = "dialect_not_supported"
    detail = "Questions can be asked of PostgreSQL, MySQL, MariaDB and SQLite."


class NotAnalyzed(Conflict):
    """Nothing is known of the database yet."""

    code = "database_not_analyzed"
    detail = "Nothing is known of this database yet. Analyse it first."


@dataclass(frozen=True)
class Place:
    """A database that statements are run on, apart from the row that it comes from."""

    company_id: UUID
    connection_id: UUID
    agent_id: UUID
    name: str
    dialect: Dialect
    target: Target


def place_of(connection: DatabaseConnection) -> Place:
    """Where a connection leads to. Raises `DialectUnsupported`, and `DatabaseUnavailable` for a URL that can't be read
    any more."""
    try:
        target = database_access.target_of_connection(connection)
    except UrlRefused as error:
        raise database_access.DatabaseUnavailable(error) from None
    if target.dialect is None:
        raise DialectUnsupported
    return Place(connection.company_id, connection.id, connection.agent_id, connection.name, target.dialect, target)


def check(place: Place, sql: str, tables: Sequence[StoredTable], *, row_limit: int) -> Checked:
    """The statement as it may be run. Raises `Refused`."""
    return guard.check(sql, place.dialect, [each.table for each in tables], row_limit=row_limit)


def try_out(place: Place, checked: Checked) -> None:
    """Has the database look at a statement without running it. Raises `DatabaseFailed`, and `Refused` for one that it
    expects to cost more than the operator allows."""
    seconds = settings().database_query_seconds

    def explain() -> run.Plan:
        with connect.connect(
            place.target, database_access.policy(place.company_id), statement_seconds=seconds
        ) as open_:
            return run.explain(open_, checked)

    plan = _elsewhere(place, explain)
    most = settings().database_most_cost
    if most and plan.cost is not None and plan.cost > most:
        raise Refused(Reason.TOO_MUCH_WORK, f"The database expects a cost of {plan.cost:,.0f}; {most:,.0f} is allowed")


def execute(
    place: Place, checked: Checked, *, seconds: float | None = None, gone: Callable[[], bool] | None = None
) -> Result:
    """Runs a statement. Raises `DatabaseFailed`, and `CallerLeft` when `gone` says so."""
    own = settings()
    limit = min(seconds or own.database_query_seconds, own.database_query_seconds)
    limits = Limits(bytes=own.database_result_bytes, seconds=limit)

    def read() -> Result:
        with _connected(place, limit) as connection:
            return run.run(connection, checked, limits, gone=gone)

    return _elsewhere(place, read)


def _connected(place: Place, seconds: float) -> AbstractContextManager[Connection]:
    return connect.connect(place.target, database_access.policy(place.company_id), statement_seconds=seconds)


def _elsewhere(place: Place, work: Callable[[], Value]) -> Value:
    # SQLite computes in this very process; servers are waited for, which lets others go on.
    return offload(work) if place.dialect is Dialect.SQLITE else work()


def names_of(checked: Checked) -> list[str]:
    """The tables that a statement reads, as people write them."""
    return [f"{each.schema}.{each.name}" if each.schema else each.name for each in checked.tables]


def shown(columns: Sequence[Any]) -> list[dict[str, str]]:
    """Columns of a result as plain JSON."""
    return [{"name": each.name, "type": each.type} for each in columns]
