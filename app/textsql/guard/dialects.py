"""SQL as the guard reads and writes it.

sqlglot's own dialects turn functions into nodes of their own and back, to translate between databases. Here nothing is
translated: a function stays the name that was written, so that one list of names decides, and what the database gets is
what was read.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.mysql import MySQL
from sqlglot.dialects.postgres import Postgres
from sqlglot.dialects.sqlite import SQLite
from sqlglot.generators.mysql import MySQLGenerator
from sqlglot.generators.postgres import PostgresGenerator
from sqlglot.generators.sqlite import SQLiteGenerator
from sqlglot.parser import Parser
from sqlglot.parsers.mysql import MySQLParser
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.parsers.sqlite import SQLiteParser
from sqlglot.tokenizer_core import TokenType

from app.textsql.guard.refusals import Reason, Refused
from app.textsql.schema import Dialect

# Functions whose arguments are no list of expressions, so that they have to be parsed by name.
_PARSED = {"CAST", "EXTRACT", "POSITION", "TRIM"}


class Arrow(exp.Expression, exp.Binary):
    """`a -> b`."""


class DoubleArrow(exp.Expression, exp.Binary):
    """`a ->> b`."""


def _arrow(self: Any, this: exp.Expr, path: exp.Expr) -> exp.Expr:
    return Arrow(this=this, expression=path)


def _double_arrow(self: Any, this: exp.Expr, path: exp.Expr) -> exp.Expr:
    return DoubleArrow(this=this, expression=path)


_ARROWS = {TokenType.ARROW: _arrow, TokenType.DARROW: _double_arrow}
_WRITTEN: dict[Any, Any] = {
    Arrow: lambda self, node: self.binary(node, "->"),
    DoubleArrow: lambda self, node: self.binary(node, "->>"),
    exp.Pow: lambda self, node: self.binary(node, "^"),
    exp.Sqrt: lambda self, node: f"|/ {self.sql(node, 'this')}",
}


# How many steps a parser takes for a token; statements that people write take two at most.
_MOST_STEPS = 10
_FREE_STEPS = 2_000


class _Bounded(Parser):
    """A parser that gives up: it tries several readings of what is in parentheses, each inner one within each outer
    one, so that `DATE(DATE(DATE(…` would take it twice as long with every level."""

    def reset(self) -> None:
        self._steps = 0
        super().reset()

    def _advance(self, times: int = 1) -> None:
        self._steps += 1
        if self._steps > _FREE_STEPS + _MOST_STEPS * self._tokens_size:
            raise Refused(Reason.TOO_LARGE, "The statement is nested too deeply")
        super()._advance(times)


class _PostgresParser(_Bounded, PostgresParser):
    FUNCTIONS: ClassVar[dict[Any, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[Any, Any]] = {
        name: parse
        for name, parse in PostgresParser.FUNCTION_PARSERS.items()
        if name in {*_PARSED, "SUBSTRING", "OVERLAY"}
    }
    JSON_OPERATORS: ClassVar[dict[Any, Any]] = {**PostgresParser.JSON_OPERATORS, **_ARROWS}
    # Among the arguments of a function `a -> b` is the operator, too, and no anonymous function.
    LAMBDAS: ClassVar[dict[Any, Any]] = {
        token: parse for token, parse in PostgresParser.LAMBDAS.items() if token is not TokenType.ARROW
    }


class _PostgresGenerator(PostgresGenerator):
    MULTI_ARG_DISTINCT = True
    TRANSFORMS: ClassVar[dict[Any, Any]] = {
        **PostgresGenerator.TRANSFORMS,
        **_WRITTEN,
        exp.CurrentTime: lambda self, node: f"CURRENT_TIME({self.sql(node, 'this')})" if node.this else "CURRENT_TIME",
    }


class _Postgres(Postgres):
    Parser = _PostgresParser
    Generator = _PostgresGenerator


class _MySQLParser(_Bounded, MySQLParser):
    FUNCTIONS: ClassVar[dict[Any, Any]] = {}
    LAMBDAS: ClassVar[dict[Any, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[Any, Any]] = {
        name: parse
        for name, parse in MySQLParser.FUNCTION_PARSERS.items()
        if name in {*_PARSED, "CONVERT", "GROUP_CONCAT", "JSON_TABLE", "MATCH", "SUBSTRING"}
    }
    COLUMN_OPERATORS: ClassVar[dict[Any, Any]] = {
        **MySQLParser.COLUMN_OPERATORS,
        # The arrows mean these functions, and MariaDB knows only the functions.
        TokenType.ARROW: lambda self, this, path: exp.Anonymous(this="JSON_EXTRACT", expressions=[this, path]),
        TokenType.DARROW: lambda self, this, path: exp.Anonymous(
            this="JSON_UNQUOTE", expressions=[exp.Anonymous(this="JSON_EXTRACT", expressions=[this, path])]
        ),
    }


class _MySQLGenerator(MySQLGenerator):
    TRANSFORMS: ClassVar[dict[Any, Any]] = {
        **MySQLGenerator.TRANSFORMS,
        **_WRITTEN,
        exp.RegexpLike: lambda self, node: self.binary(node, "REGEXP"),  # MariaDB has no function for it
    }


class _MySQL(MySQL):
    Parser = _MySQLParser
    Generator = _MySQLGenerator


class _SQLiteParser(_Bounded, SQLiteParser):
    FUNCTIONS: ClassVar[dict[Any, Any]] = {}
    LAMBDAS: ClassVar[dict[Any, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[Any, Any]] = {
        name: parse for name, parse in SQLiteParser.FUNCTION_PARSERS.items() if name in {"CAST"}
    }
    CONCAT_OPERATORS: ClassVar[dict[Any, Any]] = {**SQLiteParser.CONCAT_OPERATORS, **_ARROWS}


class _SQLiteGenerator(SQLiteGenerator):
    TRANSFORMS: ClassVar[dict[Any, Any]] = {**SQLiteGenerator.TRANSFORMS, **_WRITTEN}
    TYPE_MAPPING: ClassVar[dict[Any, Any]] = {**SQLiteGenerator.TYPE_MAPPING, exp.DType.DECIMAL: "NUMERIC"}


class _SQLite(SQLite):
    Parser = _SQLiteParser
    Generator = _SQLiteGenerator


SQL = {Dialect.POSTGRESQL: _Postgres(), Dialect.MYSQL: _MySQL(), Dialect.SQLITE: _SQLite()}
