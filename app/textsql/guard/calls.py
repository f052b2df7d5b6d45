"""Calls of functions: which may be called, and with what."""

from __future__ import annotations

import re

from sqlglot import exp

from app.textsql.guard import series
from app.textsql.guard.functions import (
    FORMATTING,
    FUNCTIONS,
    LONGEST_REPEAT,
    LONGEST_REPLACED,
    LONGEST_SERIES,
    REPEATING,
    REPLACING,
)
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
        _check_repeat(node)
    elif lowered == "generate_series":
        _check_series(node.expressions)
    elif lowered in FORMATTING and dialect is not Dialect.MYSQL:
        pattern = node.expressions[0] if node.expressions else None
        if not (isinstance(pattern, exp.Literal) and pattern.is_string) or _WIDE_FORMAT.search(pattern.name):
            raise Refused(Reason.TOO_MUCH_WORK, f"{lowered} takes a literal pattern without large widths")


def _check_repeat(node: exp.Anonymous) -> None:
    name, product = node.name.lower(), 1
    around: exp.Expr | None = node
    while around is not None:
        called = around.name.lower() if isinstance(around, exp.Anonymous) else ""
        if called in REPEATING:
            at = REPEATING[called]
            count = around.expressions[at] if len(around.expressions) > at else None
            length = _integer(count, at_most=LONGEST_REPEAT)
            product *= LONGEST_REPEAT + 1 if length is None else max(length, 1)
        elif called in REPLACING:
            product *= LONGEST_REPLACED
        if product > LONGEST_REPEAT:
            raise Refused(
                Reason.TOO_MUCH_WORK,
                f"{name} takes a literal length of at most {LONGEST_REPEAT:,}, less within another",
            )
        around = around.parent


def _check_series(arguments: list[exp.Expr]) -> None:
    found = series.rows(arguments)
    if found is not None and not found <= LONGEST_SERIES:
        raise Refused(Reason.TOO_MUCH_WORK, f"generate_series of more than {LONGEST_SERIES:,} rows is not allowed")


def _integer(node: exp.Expr | None, *, at_most: int) -> int | None:
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdecimal():
        value = int(node.name)
        return value if value <= at_most else None
    return None
