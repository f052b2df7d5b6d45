"""The first wall: an ORM statement on a company-owned table must name the company.

Postgres would refuse the rows anyway; this one finds the mistake at the first run of the statement, with its text,
instead of as a page that is strangely empty.
"""

from typing import Any

from sqlalchemy import Table, event
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.sql.schema import Column

from app.core.tenancy import ACROSS

COLUMN = "company_id"
_NAMING = {operators.eq, operators.is_, operators.in_op}


class CompanyNotNamed(RuntimeError):
    """A statement on a company-owned table without `company_id`. A bug, never a user's mistake."""


def install() -> None:
    """Hangs the guard on every session of the process; doing it twice changes nothing."""
    for name, listener in (("do_orm_execute", _check_statement), ("before_flush", _check_flush)):
        if not event.contains(Session, name, listener):
            event.listen(Session, name, listener)


def _check_statement(state: ORMExecuteState) -> None:
    if state.session.info.get(ACROSS) or state.is_insert:
        return
    owned, named = _tables(state.statement)
    missing = owned - named
    if missing:
        raise CompanyNotNamed(f"name the company of {', '.join(sorted(missing))} in: {state.statement}")


def _tables(statement: Any) -> tuple[set[str], set[str]]:
    """The names of the company-owned tables that a statement touches, and of those whose company it names."""
    owned: set[str] = set()
    named: set[str] = set()
    for element in visitors.iterate(statement):
        if isinstance(element, Table):
            owned.update(_owned(element))
        elif isinstance(element, Column):
            owned.update(_owned(element.table))
        elif isinstance(element, BinaryExpression) and element.operator in _NAMING:
            named.update(_company_of(element.left))
            named.update(_company_of(element.right))
    owned.update(_owned(getattr(statement, "table", None)))
    return owned, named


def _owned(table: Any) -> set[str]:
    while not isinstance(table, Table) and hasattr(table, "element"):
        table = table.element  # an alias or a subquery of the table
    return {table.name} if isinstance(table, Table) and COLUMN in table.c else set()


def _company_of(side: Any) -> set[str]:
    return _owned(side.table) if isinstance(side, Column) and side.name == COLUMN else set()


def _check_flush(session: Session, _context: object, _instances: object) -> None:
    if session.info.get(ACROSS):
        return
    entered = session.info.get("company_id")
    for row in [*session.new, *session.dirty, *session.deleted]:
        if hasattr(type(row), COLUMN) and getattr(row, COLUMN) != entered:
            raise CompanyNotNamed(f"{type(row).__name__} of another company than the one entered")
