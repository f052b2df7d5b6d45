"""Sample queries: questions that were answered once, with the SQL that did it. The last part of an analysis."""

import logging
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.core.transaction import transaction
from app.models.database_connection import AnalysisStage, DatabaseConnection
from app.models.database_sample_query import DatabaseSampleQuery
from app.repositories import database_sample_queries
from app.security.principal import Principal
from app.services import database_access, database_connections, database_schema
from app.services.database_lease import AnalysisLease
from app.services.database_schema import StoredTable
from app.textsql import guard, run, samples
from app.textsql.failures import DatabaseFailed, Failure
from app.textsql.guard import Checked
from app.textsql.samples import SampleQuery, Subject
from app.textsql.schema import Dialect

log = logging.getLogger(__name__)

_MOST = 25
_TRIED = 60
_MOST_TABLES = 40
_ROWS = 20
_SECONDS = 5.0
_OF_THE_STATEMENT = {Failure.STATEMENT, Failure.TIMEOUT, Failure.PERMISSION}


def find_all(principal: Principal, connection_id: UUID, wanted: PageRequest) -> Page[DatabaseSampleQuery]:
    """The sample queries of a connection whose tables all live."""
    connection = database_connections.get(principal, connection_id)
    return database_sample_queries.find_page(
        company_id=connection.company_id, connection_id=connection.id, wanted=wanted
    )


def make(connection: DatabaseConnection, lease: AnalysisLease) -> None:
    """Makes the sample queries of a connection anew: each was run and returned rows. Whatever goes wrong with one, or
    with the customer's server, only means fewer of them. Raises `LeaseLost`."""
    where = database_access.target_of_connection(connection)
    if where.dialect is None:
        return  # the guard doesn't know its SQL
    lease.report(AnalysisStage.QUERYING)
    with transaction():
        tenancy.enter_company(connection.company_id)
        tables = database_schema.load(company_id=connection.company_id, connection_id=connection.id)
    found: list[DatabaseSampleQuery] = []
    suggested = list(samples.suggest(_subjects(tables), where.dialect))[:_TRIED]
    for done, each in enumerate(suggested):
        if len(found) == _MOST:
            break
        lease.beat(AnalysisStage.QUERYING, done, len(suggested))
        try:
            query = _try(connection, each, where.dialect, tables)
        except DatabaseFailed as error:
            log.info("sample queries are cut short", extra={"code": error.failure})
            break
        if query is not None:
            found.append(query)
    with lease.storing():
        database_sample_queries.replace(company_id=connection.company_id, connection_id=connection.id, rows=found)


def _subjects(tables: list[StoredTable]) -> list[Subject]:
    """The tables that others refer to and the large ones first."""
    referred = {(key.target_schema, key.target_table) for each in tables for key in each.table.foreign_keys}

    def weight(each: StoredTable) -> tuple[bool, int, int]:
        own = (each.table.schema, each.table.name)
        return own in referred, len(each.table.foreign_keys), each.table.row_estimate or 0

    return [
        Subject(
            each.table,
            {name: column.personal for name, column in each.columns.items() if column.personal},
            frozenset(name for name, column in each.columns.items() if column.distinct_values),
        )
        for each in sorted(tables, key=weight, reverse=True)[:_MOST_TABLES]
    ]


def _try(
    connection: DatabaseConnection, each: SampleQuery, dialect: Dialect, tables: list[StoredTable]
) -> DatabaseSampleQuery | None:
    """A query that passed the guard, was run, and returned rows; None for any other. Raises `DatabaseFailed` when the
    server is gone."""
    try:
        checked = guard.check(each.sql, dialect, [table.table for table in tables], row_limit=_ROWS)
        found = _run(connection, checked)
    except guard.Refused as refusal:
        log.info("a sample query was refused", extra={"reason": refusal.reason})
        return None
    except DatabaseFailed as error:
        if error.failure not in _OF_THE_STATEMENT:
            raise
        return None
    if not found:
        return None
    return DatabaseSampleQuery(
        id=new_id(),
        company_id=connection.company_id,
        connection_id=connection.id,
        question=each.question,
        sql=each.sql,
        tables=[f"{table.schema}.{table.name}" if table.schema else table.name for table in checked.tables],
        columns=list(checked.columns),
        row_count=found,
        ran_at=now(),
    )


def _run(connection: DatabaseConnection, checked: Checked) -> int:
    with database_access.opened(connection, statement_seconds=_SECONDS) as database:
        return len(run.run(database, checked).rows)
