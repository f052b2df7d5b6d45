"""Columns: which one a name means."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from app.textsql.guard.refusals import Reason, Refused
from app.textsql.guard.sources import Scope, Source, column, fold, identifier

# The aliases of a SELECT, folded: where they stand in its list, from 1, and what they stand for.
Aliases = Mapping[str, tuple[int, exp.Expr]]


class Preferred(dict[str, tuple[int, exp.Expr]]):
    """Aliases of which some, folded, come before columns of the same name, as in MySQL's HAVING."""

    first: frozenset[str] = frozenset()


def resolve(node: exp.Column, scope: Scope | None, aliases: Aliases | None) -> None:
    """Puts the column that is meant in the place of a name, or what an alias stands for."""
    if node.table:
        source = source_of(node, scope)
        name = source.find(node.name, exactly=node.this.quoted)
        if name is None:
            raise Refused(Reason.UNKNOWN_COLUMN, f"There is no column “{node.name}” in “{source.called}”", _where(node))
        node.replace(column(source.alias, name))
        return
    if isinstance(aliases, Preferred) and fold(node.name) in aliases.first:
        # MySQL knows nothing in HAVING that is not selected, so it is the alias that has to be there.
        node.replace(exp.Column(this=identifier(node.name)))
        return
    here = search(node, scope, only_here=True)
    if here is None and aliases and fold(node.name) in aliases:
        value = aliases[fold(node.name)][1]
        if scope is not None:
            scope.budget.spend(value)
        node.replace(exp.Paren(this=value.copy()))
        return
    found = here or search(node, scope, only_here=False)
    if found is None:
        raise _unknown(node, scope)
    node.replace(found)


def search(node: exp.Column, scope: Scope | None, *, only_here: bool) -> exp.Expr | None:
    """The column that a bare name means, in the nearest SELECT that has it. Raises `Refused` if it could be two."""
    while scope is not None:
        merged = scope.merged.get(fold(node.name))
        if merged is not None:
            scope.budget.spend(merged)
            return merged.copy()
        found = [
            column(source.alias, name)
            for source in scope.sources
            if (name := source.find(node.name, exactly=node.this.quoted)) is not None
        ]
        if len(found) > 1:
            tables = " and ".join(f"“{each.table}”" for each in found[:3])
            raise Refused(Reason.AMBIGUOUS, f"The column “{node.name}” could be of {tables}", _where(node))
        if found:
            return found[0]
        for source in scope.sources:
            if source.value is not None and fold(source.called) == fold(node.name):
                return column(source.alias, source.value)
        scope = None if only_here else scope.outer
    return None


def source_of(node: exp.Column, scope: Scope | None) -> Source:
    """The table before the dot of a name."""
    schema = node.args["db"].name if node.args.get("db") else None
    while scope is not None:
        for each in scope.sources:
            if fold(each.called) == fold(node.table) and (
                schema is None or (each.schema is not None and fold(each.schema) == fold(schema))
            ):
                return each
        scope = scope.outer
    shown = f"{schema}.{node.table}" if schema else node.table
    raise Refused(Reason.UNKNOWN_TABLE, f"“{shown}” is no table of this part of the statement", _where(node))


def _unknown(node: exp.Column, scope: Scope | None) -> Refused:
    around = scope
    while around is not None:
        if any(fold(each.called) == fold(node.name) for each in around.sources):
            return Refused(Reason.WHOLE_ROW, f"“{node.name}” stands for a whole row; name its columns", _where(node))
        around = around.outer
    tables = ", ".join(f"“{each.called}”" for each in scope.sources[:4]) if scope and scope.sources else "any table"
    return Refused(Reason.UNKNOWN_COLUMN, f"There is no column “{node.name}” in {tables}", _where(node))


def _where(node: exp.Expr) -> str:
    at = node.this.meta if isinstance(node, exp.Column) and isinstance(node.this, exp.Expr) else node.meta
    return f"line {at['line']}, column {at['col'] - len(node.name) + 1}" if "line" in at and "col" in at else ""
