"""What comes last in a query: its order and its limits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from app.textsql.guard.refusals import Reason, Refused
from app.textsql.guard.sources import fold


def order_outputs(node: exp.Expr, names: Sequence[str]) -> None:
    """Whole set operations are ordered by what comes out of them, and by nothing else."""
    order = node.args.get("order")
    places = {fold(name): at + 1 for at, name in reversed(list(enumerate(names)))}
    for each in order.expressions if order else []:
        inner = each.this
        if isinstance(inner, exp.Column) and fold(inner.name) in places:
            inner.replace(exp.Literal.number(places[fold(inner.name)]))
        elif not isinstance(inner, exp.Literal):
            raise Refused(Reason.UNKNOWN_COLUMN, f"“{inner.sql()[:60]}” is no column that the whole query returns")


def check_limits(node: exp.Expr) -> None:
    """LIMIT and OFFSET are numbers: nothing that has to be computed first, or could be a query."""
    for key in ("limit", "offset"):
        clause = node.args.get(key)
        if clause is not None:
            value = clause.args.get("count") if isinstance(clause, exp.Fetch) else clause.args.get("expression")
            plain = _is_all(clause) or (
                isinstance(value, exp.Literal) and not value.is_string and value.name.isdecimal()
            )
            if not (plain or (isinstance(clause, exp.Fetch) and value is None)):
                raise Refused(Reason.CONSTRUCT, f"{key.upper()} takes a whole number")


def _is_all(clause: exp.Expr) -> bool:
    return isinstance(clause, exp.Limit) and clause.is_limit_all
