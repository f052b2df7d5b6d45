"""The first wall: an ORM statement on a company-owned table must name the company.

Postgres would refuse the rows anyway; this one finds the mistake at the first run of the statement, with its text,
instead of as a page that is strangely empty. What counts is a condition that every row has to meet: an equality of
`company_id` with a value (or, between tables, with the `company_id` of one that is named), AND-ed to the others, in
each SELECT, UPDATE and DELETE by itself. Text is not read: `text("SELECT ...")` and `table("users")` have the second
wall only.
"""

from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

from sqlalchemy import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    Column,
    CompoundSelect,
    Insert,
    Join,
    Lateral,
    SelectBase,
    Table,
    UpdateBase,
    event,
)
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import Grouping, Null
from sqlalchemy.sql.selectable import AliasedReturnsRows, SelectStatementGrouping
from sqlalchemy.sql.visitors import HasTraverseInternals

from app.core.tenancy import ACROSS

COLUMN = "company_id"
_NAMING = {operators.eq, operators.is_, operators.in_op}
_VALUES = (BindParameter, Null)
_LEAVES = {BindParameter, Null}
_WRAPPERS = (CompoundSelect, SelectStatementGrouping)
_NOT_INSIDE = ("_correlate", "_correlate_except")
# What stands in a FROM: a table, or an alias, subquery or CTE. Annotated copies are equal to their originals.
Froms = set[Any]

# Statements that were looked into before: those that are made once and run often pay for it once. They never change,
# every method of theirs makes another one.
_passed: WeakSet[Any] = WeakSet()


class CompanyNotNamed(RuntimeError):
    """A statement on a company-owned table without `company_id`. A bug, never a user's mistake."""


def install() -> None:
    """Hangs the guard on every session of the process; doing it twice changes nothing."""
    for name, listener in (("do_orm_execute", _check_statement), ("before_flush", _check_flush)):
        if not event.contains(Session, name, listener):
            event.listen(Session, name, listener)


def unnamed(statement: Any, parameters: Any = None) -> set[str]:
    """The company-owned tables whose company a statement doesn't name."""
    missing: set[str] = set()
    if isinstance(statement, Insert) and _owned_name(statement.table) and not _inserts_company(statement, parameters):
        missing.add(statement.table.name)
    todo: list[tuple[Any, Froms, Froms]] = [(statement, set(), set())]
    for scope, near, around in todo:  # grows while it is read
        froms, joins, nested = _look_into(scope)
        inside = (near, around) if isinstance(scope, _WRAPPERS) else (froms, around | froms)
        todo += [(inner, *(inside if correlates else (set(), set()))) for inner, correlates in nested]
        # The rows of an INSERT are new, and a UNION has nothing but its SELECTs.
        if not isinstance(scope, (Insert, CompoundSelect)):
            owned = {each for each in froms if _owned_name(each)}
            named = _named_in(scope, joins, owned, _correlated(scope, froms, near, around))
            missing.update(_owned_name(each) or "" for each in owned - named)
    return missing


def _check_statement(state: ORMExecuteState) -> None:
    statement = state.statement
    if state.session.info.get(ACROSS) or statement in _passed:
        return
    missing = unnamed(statement, state.parameters)
    if missing:
        raise CompanyNotNamed(f"name the company of {', '.join(sorted(missing))} in: {_text(statement)}")
    if not state.is_insert:  # whose parameters may differ the next time
        _passed.add(statement)


def _text(statement: Any) -> str:
    try:
        return str(statement)
    except Exception:  # a bulk INSERT has no text before it runs
        return type(statement).__name__


def _check_flush(session: Session, _context: object, _instances: object) -> None:
    if session.info.get(ACROSS):
        return
    entered = session.info.get("company_id")
    for row in [*session.new, *session.dirty, *session.deleted]:
        if hasattr(type(row), COLUMN) and getattr(row, COLUMN) != entered:
            raise CompanyNotNamed(f"{type(row).__name__} of another company than the one entered")


def _look_into(scope: Any) -> tuple[Froms, list[Join], list[tuple[Any, bool]]]:
    """The froms of one statement, its joins, and the statements inside it, with whether they can refer to it."""
    froms: Froms = set()
    joins: list[Join] = []
    nested: list[tuple[Any, bool]] = []
    stack: list[Any] = [*HasTraverseInternals.get_children(scope, omit_attrs=_NOT_INSIDE)]
    while stack:
        element = stack.pop()
        kind = type(element)
        if kind is BinaryExpression:
            stack += (element.left, element.right)
            continue
        if kind in _LEAVES:
            continue
        if isinstance(element, Column):
            element = element.table
        if element is None or element in froms:
            continue
        if isinstance(element, Table):
            froms.add(element)
        elif isinstance(element, AliasedReturnsRows):
            froms.add(element)
            inner = _unaliased(element)
            if not isinstance(inner, Table):
                nested.append((inner, isinstance(element, Lateral)))
        elif isinstance(element, (SelectBase, UpdateBase)):
            nested.append((element, True))
        else:
            if isinstance(element, Join):
                joins.append(element)
            stack += element.get_children()
    return froms, joins, nested


def _named_in(scope: Any, joins: Sequence[Join], owned: Froms, outer: Froms) -> Froms:
    """The froms that a statement names the company of, and those of the statements around it."""
    criteria: list[tuple[Any, Any]] = [(each, None) for each in getattr(scope, "_where_criteria", ())]
    for target, on, _left, flags in getattr(scope, "_setup_joins", ()):
        criteria += _on(target, on, **flags)
    for join in joins:
        criteria += _on(join.right, join.onclause, isouter=join.isouter, full=join.full)
    named, before = outer, -1
    # Once more while it helps: one table may be named through another that is named later on.
    while len(named) > before and not owned <= named:
        before = len(named)
        for criterion, only in criteria:
            found = _named_by(criterion, named)
            named = named | (found if only is None else found & {only})
    return named


def _on(right: Any, criterion: Any, *, isouter: bool, full: bool) -> list[tuple[Any, Any]]:
    """The criterion of a join and the from that it restricts, None for all of them. An outer join keeps the rows of
    its left side whatever the criterion says, a full one those of both."""
    return [] if criterion is None or full else [(criterion, right if isouter else None)]


def _named_by(criterion: Any, named: Froms) -> Froms:
    if isinstance(criterion, Grouping):
        return _named_by(criterion.element, named)
    if isinstance(criterion, BooleanClauseList):
        parts = [_named_by(part, named) for part in criterion.clauses]
        return set.union(*parts) if criterion.operator is operators.and_ else set.intersection(*parts)
    if not isinstance(criterion, BinaryExpression) or criterion.operator not in _NAMING:
        return set()
    found: Froms = set()
    for side, other in ((criterion.left, criterion.right), (criterion.right, criterion.left)):
        if _is_company(side) and (isinstance(other, _VALUES) or (_is_company(other) and other.table in named)):
            found.add(side.table)
    return found


def _is_company(side: Any) -> bool:
    return isinstance(side, Column) and side.name == COLUMN


def _correlated(scope: Any, froms: Froms, near: Froms, around: Froms) -> Froms:
    """The froms that a statement takes over from those around it, as SQLAlchemy decides it: by itself from the nearest
    one alone, and never its only one; otherwise those that it names."""
    if getattr(scope, "_auto_correlate", True):
        return near if len(froms) > 1 else set()
    return around & set(scope._correlate)


def _unaliased(element: Any) -> Any:
    while isinstance(element, AliasedReturnsRows):
        element = element.element
    return element


def _owned_name(element: Any) -> str | None:
    table = _unaliased(element)
    return table.name if isinstance(table, Table) and COLUMN in table.c else None


def _inserts_company(statement: Insert, parameters: Any) -> bool:
    rows: Sequence[Any] = [row for many in statement._multi_values for row in many]
    if not rows:
        rows = parameters if isinstance(parameters, Sequence) else [parameters or {}]
    always = [*(statement._values or ()), *(statement._select_names or ())]
    return all(any(getattr(key, "name", key) == COLUMN for key in [*always, *row]) for row in rows)
