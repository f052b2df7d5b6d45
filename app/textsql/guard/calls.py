"""Calls of functions: which may be called, and with what."""

from __future__ import annotations

import re

from sqlglot import exp

from app.textsql.guard.functions import FORMATTING, FUNCTIONS, LONGEST_REPEAT, LONGEST_SERIES, REPEATING
from app.textsql.guard.refusals import Reason, Refused
from app.textsql.schema import Dialect

_WIDE_FORMAT = re.compile(r"%[^A-Za-z%]*(?:\*|\d{4})")


def check(node: exp.Anonymous, dialect: Dialect) -> None:
    """Raises `Refused` for a function that is not on the list, or that would make too much of little."""
    name = node.this
    if not isinstance(name, str):
        raise Refused(Reason.FUNCTION, f"A function called by a quoted name, {name.sql()}, is not allowed")
    lowered = name.lower()
    if lowered not in FUNCTIONS[dialect]:
        raise Refused(Reason.FUNCTION, f"The function {lowered} is not allowed in {dialect.value}")
    if lowered in REPEATING:
        _check_repeat(lowered, node.expressions)
    elif lowered == "generate_series":
        _check_series(node.expressions)
    elif lowered in FORMATTING and dialect is not Dialect.MYSQL:
        pattern = node.expressions[0] if node.expressions else None
        if not (isinstance(pattern, exp.Literal) and pattern.is_string) or _WIDE_FORMAT.search(pattern.name):
            raise Refused(Reason.TOO_MUCH_WORK, f"{lowered} takes a literal pattern without large widths")


def _check_repeat(name: str, arguments: list[exp.Expr]) -> None:
    at = REPEATING[name]
    count = arguments[at] if len(arguments) > at else None
    if not (isinstance(count, exp.Literal) and _integer(count, at_most=LONGEST_REPEAT) is not None):
        raise Refused(Reason.TOO_MUCH_WORK, f"{name} takes a literal length of at most {LONGEST_REPEAT:,}")


def _check_series(arguments: list[exp.Expr]) -> None:
    ends = [_number(each) for each in arguments[:3]]
    if len(ends) < 2 or ends[0] is None or ends[1] is None:
        return
    step = abs(ends[2]) if len(ends) > 2 and ends[2] else 1.0
    if abs(ends[1] - ends[0]) / step > LONGEST_SERIES:
        raise Refused(Reason.TOO_MUCH_WORK, f"generate_series of more than {LONGEST_SERIES:,} rows is not allowed")


def _number(node: exp.Expr) -> float | None:
    while isinstance(node, exp.Cast | exp.Paren):
        node = node.this
    sign = -1.0 if isinstance(node, exp.Neg) else 1.0
    inner = node.this if isinstance(node, exp.Neg) else node
    if isinstance(inner, exp.Literal):
        try:
            return sign * float(inner.name)
        except ValueError:
            return None
    return None


def _integer(node: exp.Expr | None, *, at_most: int) -> int | None:
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdecimal():
        value = int(node.name)
        return value if value <= at_most else None
    return None
