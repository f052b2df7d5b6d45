"""Tables of customers' databases: looking at them, deleting and restoring them, letting agents answer from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.clock import now
from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.errors import Conflict, NotFound
from app.models.audit_entry import RiskLevel
from app.models.database_column import DatabaseColumn
from app.models.database_relation import DatabaseRelation
from app.models.database_table import DatabaseTable
from app.repositories import database_tables
from app.security.principal import Principal
from app.services import audit, database_connections
from app.services.audit import Event


class TableNotDeleted(Conflict):
    """Only a deleted table can be restored."""

    code = "not_deleted"
    detail = "This table is not deleted."


@dataclass(frozen=True)
class TableDetails:
    """A table with everything that is known of it."""

    table: DatabaseTable
    columns: Sequence[DatabaseColumn]
    relations: Sequence[DatabaseRelation]


def find_all(principal: Principal, connection_id: UUID, *, search: str, wanted: PageRequest) -> Page[DatabaseTable]:
    """The live tables of a connection."""
    connection = database_connections.get(principal, connection_id)
    return database_tables.find_page(
        company_id=connection.company_id, connection_id=connection.id, search=search, wanted=wanted
    )


def get(principal: Principal, table_id: UUID) -> TableDetails:
    """A live table with its columns and what it refers to."""
    table = _get(principal, table_id)
    named = [table.id]
    columns = database_tables.find_columns(company_id=table.company_id, table_ids=named)
    relations = database_tables.find_relations(company_id=table.company_id, table_ids=named)
    return TableDetails(table, columns[table.id], relations)


def find_deleted(principal: Principal, wanted: PageRequest) -> Page[DatabaseTable]:
    """Deleted tables, the last deleted first."""
    return database_tables.find_page_deleted(company_id=principal.company(), wanted=wanted)


def allow_visitors(principal: Principal, table_id: UUID, *, answers_visitors: bool) -> TableDetails:
    """Says whether agents may answer visitors from a table."""
    table = _get(principal, table_id)
    before = table.answers_visitors
    if before != answers_visitors:
        table.answers_visitors = answers_visitors
        audit.record(
            Event.DATABASE_TABLE_CHANGED,
            "database_table",
            table.id,
            company_id=table.company_id,
            by=principal,
            before={"answers_visitors": before},
            after={"answers_visitors": answers_visitors},
            # What is in it can be asked for by anybody on the company's site.
            risk=RiskLevel.HIGH if answers_visitors else RiskLevel.LOW,
        )
    return get(principal, table_id)


def delete(principal: Principal, table_id: UUID) -> None:
    """Deletes a table softly: from the commit on nothing finds it and nothing is asked of it."""
    table = _get(principal, table_id)
    database_tables.set_deleted(company_id=table.company_id, table_id=table.id, at=now(), deletion_id=new_id())
    _record(principal, Event.DATABASE_TABLE_DELETED, table, RiskLevel.MEDIUM)


def delete_all(principal: Principal, connection_id: UUID) -> None:
    """Deletes all tables of a connection softly."""
    connection = database_connections.get(principal, connection_id)
    count = database_tables.set_all_deleted(
        company_id=connection.company_id, connection_id=connection.id, at=now(), deletion_id=new_id()
    )
    audit.record(
        Event.DATABASE_TABLES_DELETED,
        "database_connection",
        connection.id,
        company_id=connection.company_id,
        by=principal,
        before={"tables": count},
        risk=RiskLevel.MEDIUM,
    )


def restore(principal: Principal, table_id: UUID) -> TableDetails:
    """Brings a deleted table back."""
    company_id = principal.company()
    if not database_tables.get(company_id=company_id, table_id=table_id, deleted=True):
        _get(principal, table_id)
        raise TableNotDeleted
    database_tables.set_deleted(company_id=company_id, table_id=table_id, at=None, deletion_id=None)
    details = get(principal, table_id)
    _record(principal, Event.DATABASE_TABLE_RESTORED, details.table, RiskLevel.LOW)
    return details


def _get(principal: Principal, table_id: UUID) -> DatabaseTable:
    table = database_tables.get(company_id=principal.company(), table_id=table_id)
    if table is None:
        raise NotFound
    return table


def _record(principal: Principal, event: Event, table: DatabaseTable, risk: RiskLevel) -> None:
    audit.record(
        event,
        "database_table",
        table.id,
        company_id=table.company_id,
        by=principal,
        before={"name": table.name},
        risk=risk,
    )
