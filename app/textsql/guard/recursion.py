"""Recursive queries that visibly come to an end: others are refused before a server has to stop them.

What is asked for is what hierarchies, paths and calendars need: one step that refers to itself once, and either follows
the rows of a table, or counts up to a bound that is written down.
"""

from __future__ import annotations

from sqlglot import exp

from app.textsql.guard.refusals import Reason, Refused
from app.textsql.guard.sources import fold
from app.textsql.schema import Dialect

MOST_STEPS = 100_000
# Where the dialect can say it, so many rows of a recursion are made at most.
MOST_ROWS = 100_000

_COMPARISONS = (exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NEQ, exp.EQ, exp.Between)


def check(body: exp.Union, name: str, dialect: Dialect) -> None:
    """Raises `Refused` for a recursion without a visible end. Of a statement that is not resolved yet."""
    step = body.expression
    itself = [each for each in step.find_all(exp.Table) if fold(each.name) == fold(name) and not each.db]
    if len(itself) != 1:
        raise Refused(Reason.TOO_MUCH_WORK, f"The recursion “{name}” refers to itself more than once")
    if not isinstance(step, exp.Select) or itself[0].find_ancestor(exp.Select) is not step:
        raise Refused(Reason.TOO_MUCH_WORK, f"The recursion “{name}” refers to itself in a part of its step")
    joins = step.args.get("joins") or []
    where = step.args.get("where")
    conditions = [each.args["on"] for each in joins if each.args.get("on") is not None]
    conditions += [where.this] if where is not None else []
    tied = any(each.args.get("using") for each in joins) or _follows_rows(conditions)
    loose = [each for each in joins if each.args.get("on") is None and not each.args.get("using")]
    if loose and not (where is not None and _follows_rows([where.this])):
        raise Refused(Reason.TOO_MUCH_WORK, f"The recursion “{name}” joins without a condition")
    if not (joins and tied) and not _is_bounded(conditions, step):
        raise Refused(
            Reason.TOO_MUCH_WORK,
            f"The recursion “{name}” has no visible end: it needs a bound, such as WHERE n < 100, in its step",
        )
    if dialect is Dialect.SQLITE and body.args.get("limit") is None:
        body.set("limit", exp.Limit(expression=exp.Literal.number(MOST_ROWS)))


def _follows_rows(conditions: list[exp.Expr]) -> bool:
    """Whether something equals a column of something else."""
    return any(
        _ties(each.this.find(exp.Column), each.expression.find(exp.Column))
        for condition in conditions
        for each in condition.find_all(exp.EQ)
    )


def _ties(left: exp.Column | None, right: exp.Column | None) -> bool:
    if left is None or right is None:
        return False
    if left.table and right.table:
        return fold(left.table) != fold(right.table)
    return fold(left.name) != fold(right.name)


def _is_bounded(conditions: list[exp.Expr], step: exp.Select) -> bool:
    return any(
        _bounds(each, step)
        for condition in conditions
        if condition.find(exp.Or) is None
        for each in condition.find_all(*_COMPARISONS)
    )


def _bounds(node: exp.Expr, step: exp.Select) -> bool:
    if isinstance(node, exp.Between):
        return node.this.find(exp.Column) is not None and _is_small(node.args["high"])
    left, right = node.this, node.expression
    if left.find(exp.Column) is None:
        left, right = right, left
        rising = isinstance(node, exp.GT | exp.GTE)
    else:
        rising = isinstance(node, exp.LT | exp.LTE)
    steps = _changes(left, step)
    if not steps or (rising and all(isinstance(each, exp.Sub) for each in steps)):
        return False
    falling = not rising and any(each.find(exp.Sub) is not None for each in step.expressions)
    return left.find(exp.Column) is not None and (rising or falling) and _is_small(right)


def _changes(bounded: exp.Expr, step: exp.Select) -> list[exp.Expr]:
    """What the step makes of the columns that are bounded: as they were they would never reach the bound."""
    names = {fold(each.name) for each in bounded.find_all(exp.Column)}
    values = [each.this if isinstance(each, exp.Alias) else each for each in step.expressions]
    return [
        each
        for each in values
        if not isinstance(each, exp.Column) and any(fold(column.name) in names for column in each.find_all(exp.Column))
    ]


def _is_small(node: exp.Expr) -> bool:
    """A number within bounds, or something that is no number: a date, a column, a subquery, a function of them."""
    literal = node.this if isinstance(node, exp.Neg) else node
    if isinstance(literal, exp.Literal) and not literal.is_string:
        return float(literal.name) <= MOST_STEPS
    return (
        node.find(exp.Column, exp.Cast, exp.Anonymous, exp.CurrentDate, exp.CurrentTimestamp, exp.Literal) is not None
    )
