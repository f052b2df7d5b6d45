"""The first part of an analysis: the catalogue, a look at the values of what is new or has changed, and how the tables
refer to one another. One connection to the customer's server serves the catalogue, another one the rest; none is
kept."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from app.core import tenancy
from app.core.ids import new_id
from app.core.transaction import transaction
from app.models.database_connection import AnalysisStage, DatabaseConnection
from app.repositories import database_catalogue
from app.repositories.database_catalogue import KnownTable
from app.services import database_access, database_drift, database_relations
from app.services.database_findings import Findings, Place
from app.services.database_lease import AnalysisLease
from app.textsql import infer, introspect, sample, wording
from app.textsql.failures import Failure
from app.textsql.sample import ColumnSample
from app.textsql.schema import Table, TableKind

log = logging.getLogger(__name__)

# Of a large server the catalogue takes its time; a look at 200 rows doesn't, unless a view makes them first.
_CATALOGUE_SECONDS = 90.0
_LOOK_SECONDS = 5.0
# After so many tables that took longer, views aren't looked at any more: a thousand of them would take hours.
_PATIENCE = 12
_BATCH = 25


def read(connection: DatabaseConnection, lease: AnalysisLease) -> None:
    """Stores the tables of a customer's database, with samples of those that are new or changed. Raises
    `DatabaseFailed` and `LeaseLost`."""
    target = database_access.target_of_connection(connection)
    schemas = connection.connection_params.get("schemas", ())
    lease.report(AnalysisStage.READING)
    with database_access.opened(connection, statement_seconds=_CATALOGUE_SECONDS) as database:
        found = introspect.read(database, target.dialect, schemas)
    findings = Findings(connection, lease, target, {(each.schema or "", each.name): each for each in found})
    _compare(findings)
    guesses = infer.guess(found)
    with database_access.opened(connection, statement_seconds=_LOOK_SECONDS) as database:
        _sample(findings, database, {(each.table, each.column) for each in guesses})
        database_relations.store(findings, database, guesses)


def _compare(findings: Findings) -> None:
    """Finds out what is new, changed or gone, tells it, and forgets what is gone."""
    connection, lease = findings.stored, findings.lease
    company_id, connection_id = connection.company_id, connection.id
    with transaction():
        tenancy.enter_company(company_id)
        known = {
            (each.schema_name, each.name): each
            for each in database_catalogue.find_tables(company_id=company_id, connection_id=connection_id)
        }
        types = _types(company_id, known)
    fingerprints = {place: introspect.fingerprint(table) for place, table in findings.tables.items()}
    same = [place for place in findings.tables if place in known and known[place].fingerprint == fingerprints[place]]
    gone = [each.id for place, each in known.items() if place not in findings.tables]
    findings.ids = {place: each.id for place, each in known.items() if place in findings.tables}
    deleted = {place for place, each in known.items() if each.is_deleted}
    unchanged = set(same)
    findings.changed = [place for place in findings.tables if place not in unchanged]
    log.info(
        "database compared",
        extra={"connection": str(connection_id), "tables": len(findings.tables), "changed": len(findings.changed)},
    )
    estimates = [{"id": str(known[place].id), "row_estimate": findings.tables[place].row_estimate} for place in same]
    with lease.storing(
        **_drift(findings, types),
        table_count=len(findings.tables) - len(deleted & findings.tables.keys()),
        column_count=sum(len(each.columns) for place, each in findings.tables.items() if place not in deleted),
    ):
        database_catalogue.remove_tables(company_id=company_id, connection_id=connection_id, table_ids=gone)
        database_catalogue.set_estimates(company_id=company_id, connection_id=connection_id, rows=estimates)


def _types(company_id: UUID, known: Mapping[Place, KnownTable]) -> dict[Place, dict[str, str]]:
    """The types of columns, by table and name."""
    places = {each.id: place for place, each in known.items()}
    types: dict[Place, dict[str, str]] = {place: {} for place in known}
    for column in database_catalogue.find_columns(company_id=company_id, table_ids=list(places)):
        types[places[column.table_id]][column.name] = column.type
    return types


def _drift(findings: Findings, types: Mapping[Place, Mapping[str, str]]) -> dict[str, Any]:
    """The column to set, if any: an attempt that takes over finds half of the changes stored already, and would tell
    less than the first one did."""
    connection = findings.stored
    since = connection.analyzed_at.isoformat() if connection.analyzed_at else None
    if connection.tries > 1 and connection.drift and connection.drift.get("since") == since:
        return {}
    return {"drift": database_drift.compare(types, findings.tables, since=since)}


def _sample(findings: Findings, database: Connection, wanted: set[tuple[infer.Place, str]]) -> None:
    done, total = 0, len(findings.changed)
    findings.lease.report(AnalysisStage.SAMPLING)
    for batch in _batches(findings.changed):
        samples: dict[Place, dict[str, ColumnSample]] = {}
        for place in batch:
            samples[place] = _look(findings, database, place)
            done += 1
            findings.lease.beat(AnalysisStage.SAMPLING, done, total)
        _keep_compared(findings, samples, wanted)
        _store(findings, samples, done, total)


def _look(findings: Findings, database: Connection, place: Place) -> dict[str, ColumnSample]:
    table = findings.tables[place]
    if table.kind is TableKind.VIEW and findings.timeouts >= _PATIENCE:
        return sample.unseen(table)
    try:
        return sample.sample(database, table, findings.target.dialect)
    except Exception as error:
        failure = findings.failure_of(error)
        findings.timeouts += failure.failure is Failure.TIMEOUT
        log.info("table can't be looked at", extra={"table": table.name, "code": failure.failure})
        return sample.unseen(table)
    finally:
        # The customer's server is given back its locks after each table; after an error Postgres insists on it.
        database.rollback()


def _keep_compared(
    findings: Findings, samples: Mapping[Place, Mapping[str, ColumnSample]], wanted: set[tuple[infer.Place, str]]
) -> None:
    for place, columns in samples.items():
        own = (place[0] or None, place[1])
        for name, seen in columns.items():
            if (own, name) in wanted:
                findings.compared[place, name] = seen.compared


def _store(findings: Findings, samples: Mapping[Place, Mapping[str, ColumnSample]], done: int, total: int) -> None:
    company_id, connection_id = findings.stored.company_id, findings.stored.id
    rows = [_table_row(place, findings.tables[place]) for place in samples]
    with findings.lease.storing(analysis_stage=AnalysisStage.SAMPLING, analysis_progress=100 * done // max(total, 1)):
        ids = database_catalogue.store_tables(company_id=company_id, connection_id=connection_id, rows=rows)
        findings.ids.update(ids)
        columns = [
            row for place, seen in samples.items() for row in _column_rows(ids[place], findings.tables[place], seen)
        ]
        database_catalogue.store_columns(
            company_id=company_id, connection_id=connection_id, table_ids=list(ids.values()), rows=columns
        )


def _table_row(place: Place, table: Table) -> dict[str, Any]:
    description, source = wording.describe_table(table)
    return {
        "id": str(new_id()),
        "schema_name": place[0],
        "name": place[1],
        "kind": table.kind,
        "comment": table.comment,
        "description": description,
        "described_by": source,
        "row_estimate": table.row_estimate,
        "primary_key": table.primary_key,
        "unique_keys": table.unique_keys,
        "fingerprint": introspect.fingerprint(table),
        "words": wording.table_words(table),
    }


def _column_rows(table_id: UUID, table: Table, seen: Mapping[str, ColumnSample]) -> Iterator[dict[str, Any]]:
    for position, column in enumerate(table.columns):
        found = seen[column.name]
        yield {
            "id": str(new_id()),
            "table_id": str(table_id),
            "position": position,
            "name": column.name,
            "type": column.type,
            "nullable": column.nullable,
            "comment": column.comment,
            "description": wording.describe_column(column, found),
            "samples": found.values,
            "distinct_values": found.distinct,
            "personal": found.personal,
            "words": wording.column_words(column, found),
        }


def _batches(places: Sequence[Place]) -> Iterator[list[Place]]:
    rest = iter(places)
    while batch := list(islice(rest, _BATCH)):
        yield batch
