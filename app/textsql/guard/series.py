"""How many rows `generate_series` makes, where the statement says it by itself."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime

from sqlglot import exp

_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)?\s*([a-z]+?)s?\s*\Z")
_SECONDS = {
    "microsecond": 1e-6,
    "millisecond": 1e-3,
    "second": 1.0,
    "sec": 1.0,
    "minute": 60.0,
    "min": 60.0,
    "hour": 3600.0,
    "day": 86_400.0,
    "week": 604_800.0,
    "month": 2_592_000.0,
    "mon": 2_592_000.0,
    "year": 31_536_000.0,
}
_OPERATIONS: dict[type[exp.Expr], Callable[[float, float], float]] = {
    exp.Add: operator.add,
    exp.Sub: operator.sub,
    exp.Mul: operator.mul,
    exp.Div: operator.truediv,
    exp.Pow: operator.pow,
}
_TODAY = (exp.CurrentDate, exp.CurrentTimestamp, exp.Localtimestamp)
_NOW = frozenset({"now", "clock_timestamp", "statement_timestamp", "transaction_timestamp"})


def rows(arguments: list[exp.Expr]) -> float | None:
    """About how many rows from here to there by such steps, moments counted in seconds. None: not known before the
    database computes it."""
    ends = [_value(each) for each in arguments[:3]]
    if len(ends) < 2 or ends[0] is None or ends[1] is None:
        return None
    step = abs(ends[2]) if len(ends) > 2 and ends[2] else 1.0
    return abs(ends[1] - ends[0]) / step


def _value(node: exp.Expr) -> float | None:
    while isinstance(node, exp.Cast | exp.Paren):
        node = node.this
    if isinstance(node, exp.Literal):
        return _read(node.name)
    if isinstance(node, exp.Interval):
        amount = node.this.name if isinstance(node.this, exp.Expr) else ""
        return _read(f"{amount} {node.args['unit'].name}" if node.args.get("unit") else amount)
    if isinstance(node, _TODAY) or (isinstance(node, exp.Anonymous) and node.name.lower() in _NOW):
        return datetime.now(UTC).timestamp()
    if isinstance(node, exp.Neg):
        inner = _value(node.this)
        return None if inner is None else -inner
    return _computed(node)


def _computed(node: exp.Expr) -> float | None:
    operation = _OPERATIONS.get(type(node))
    if operation is None:
        return None
    left, right = _value(node.this), _value(node.expression)
    if left is None or right is None:
        return None
    try:
        found = operation(left, right)
    except (ArithmeticError, ValueError):
        return float("inf")
    return found if isinstance(found, float) else None


def _read(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    amount = _AMOUNT.match(text.lower())
    if amount and amount[2] in _SECONDS:
        return float(amount[1] or 1) * _SECONDS[amount[2]]
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None
