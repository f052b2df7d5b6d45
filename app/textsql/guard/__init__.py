"""Decides whether a statement that somebody or something wrote may be run on a customer's database, and writes it
anew.

Deny by default, on the parsed statement: what is not known to be harmless is refused. What is run is never the text
that came in but what was understood of it, written out again with every name in full, and read and checked a second
time. So a database that would have read the text differently never sees it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError

from app.textsql.guard import nodes, text
from app.textsql.guard.dialects import SQL
from app.textsql.guard.functions import FUNCTIONS
from app.textsql.guard.names import Names
from app.textsql.guard.refusals import Reason, Refused
from app.textsql.guard.sources import Catalogue
from app.textsql.schema import Dialect, Table

__all__ = ["Checked", "Reason", "Refused", "check"]

# sqlglot warns of what it leaves out when it writes a statement; here that is found by reading it again.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


_UNITED = frozenset({"timestampdiff", "timestampadd", "get_format"})
_WORDS = "microsecond second minute hour day week month quarter year date time datetime"
_UNITS = frozenset(_WORDS.split())


@dataclass(frozen=True)
class Checked:
    """A statement that may be run: `sql` as it is to be sent. `tables`: what it reads; `columns`: what it returns."""

    sql: str
    dialect: Dialect
    tables: tuple[Table, ...]
    columns: tuple[str, ...]
    row_limit: int


def check(sql: str, dialect: Dialect, tables: Sequence[Table], *, row_limit: int) -> Checked:
    """The statement as it may be run, returning one row more than `row_limit` at most, so that a cut shows.

    tables: what may be asked, with the columns that may be asked; everything else does not exist. Raises `Refused`.
    """
    text.refuse_unreadable(sql)
    try:
        root = _parse(sql, dialect)
        nodes.check(root, dialect)
        _plain_strings(root)
        _units(root)
        names = Names(Catalogue(tables, dialect), dialect)
        outputs = names.query(root, None, {})
        root = _limited(root, row_limit + 1)
        written = SQL[dialect].generate(root, comments=False, copy=True)
        _check_again(written, dialect)
    except RecursionError:
        raise Refused(Reason.TOO_LARGE, "The statement is nested too deeply") from None
    return Checked(written, dialect, tuple(names.used.values()), tuple(outputs), row_limit)


def _parse(sql: str, dialect: Dialect, most: int = text.MOST_TOKENS) -> exp.Expr:
    tokens = text.tokens_of(sql, SQL[dialect], dialect, most)
    try:
        statements = [each for each in SQL[dialect].parser().parse(list(tokens), sql) if each is not None]
    except SqlglotError as error:
        found = getattr(error, "errors", None)
        where = f"line {found[0]['line']}, near “{str(found[0]['highlight'])[:40]}”" if found else ""
        first = tokens[0].text[:20].upper() if tokens else ""
        if first not in {"SELECT", "WITH", "("}:
            raise Refused(Reason.NOT_A_QUERY, f"{first or 'Nothing'} is no query: only SELECT may be run") from None
        raise Refused(Reason.NOT_PARSED, f"The text is not understood as {dialect.value} SQL", where) from None
    if len(statements) != 1:
        what = "There is no statement" if not statements else f"There are {len(statements)} statements; one may be run"
        raise Refused(Reason.SEVERAL_STATEMENTS if statements else Reason.NOT_A_QUERY, what)
    root = statements[0]
    if not isinstance(root, exp.Select | exp.SetOperation | exp.Subquery):
        first = tokens[0].text[:20].upper()
        raise Refused(Reason.NOT_A_QUERY, f"{first} is no query: only SELECT may be run")
    return root


def _plain_strings(root: exp.Expr) -> None:
    """E'…' and $$…$$ become plain strings, which mean the same whatever a server is set to."""
    for node in list(root.find_all(exp.ByteString, exp.RawString)):
        if isinstance(node, exp.ByteString) and not str(node.this).isascii():
            raise Refused(Reason.CONSTRUCT, "A string E'…' with bytes beyond ASCII is not allowed")
        if "\x00" in str(node.this):
            raise Refused(Reason.NOT_PLAIN_TEXT, "A string holds the character U+0000")
        node.replace(exp.Literal.string(str(node.this)))


def _units(root: exp.Expr) -> None:
    """The first argument of these is a word of the language, not a column."""
    for node in root.find_all(exp.Anonymous):
        first = node.expressions[0] if node.expressions and node.name.lower() in _UNITED else None
        if isinstance(first, exp.Column) and not first.table and first.name.lower() in _UNITS:
            first.replace(exp.Var(this=first.name.upper()))


def _limited(root: exp.Expr, most: int) -> exp.Expr:
    clause = root.args.get("limit")
    if clause is None or (isinstance(clause, exp.Limit) and clause.is_limit_all):
        root.set("limit", exp.Limit(expression=exp.Literal.number(most)))
        return root
    key = "count" if isinstance(clause, exp.Fetch) else "expression"
    value = clause.args.get(key)
    if value is not None and int(value.name) > most:
        clause.set(key, exp.Literal.number(most))
    return root


def _check_again(written: str, dialect: Dialect) -> None:
    """What was written must be read as what was checked, and call only what is allowed, also by its mere text."""
    root = _parse(written, dialect, text.MOST_WRITTEN)
    nodes.check(root, dialect)
    if SQL[dialect].generate(root, comments=False, copy=True) != written:
        raise Refused(Reason.NOT_PARSED, "The statement is not read the same way twice")
    text.refuse_calls(written, SQL[dialect], FUNCTIONS[dialect])
