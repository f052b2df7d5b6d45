"""A look at the values of a customer's table: some rows, never a count, never a whole value of any length."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from app.textsql import personal, rows
from app.textsql.personal import Personal
from app.textsql.quoting import place, quoted
from app.textsql.schema import Column, Dialect, Table, TableKind

_ROWS = 200
_CHARACTERS = 200
_SHOWN = 5
_MOST_DISTINCT = 20
# A column with so few values among so many rows is taken to have no others.
_FEW, _MANY_ROWS = 12, 150
_COMPARED = 20
_JUDGED = 40
_LARGE = 20_000
_AIMED_AT = 2_000


class TypeClass(StrEnum):
    """What kind of values a column has, whatever its dialect calls the type."""

    WHOLE = "whole"
    NUMBER = "number"
    TEXT = "text"
    TIME = "time"
    FLAG = "flag"
    OPAQUE = "opaque"


_CLASSES: tuple[tuple[TypeClass, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            TypeClass.OPAQUE,
            r"\[\]|blob|bytea|binary|json|xml|geometry|geography|point|polygon|vector|range|bit|image|raw",
        ),
        (TypeClass.FLAG, r"bool|tinyint\(1\)"),
        (TypeClass.TIME, r"date|time|year|interval"),
        (TypeClass.WHOLE, r"int|serial|rowid"),
        (TypeClass.NUMBER, r"numeric|decimal|float|double|real|money|number|dec"),
        (TypeClass.TEXT, r"char|text|clob|string|uuid|uniqueidentifier|enum|set|citext|name|inet|cidr|^$"),
    )
)
_ENUM = re.compile(r"(?:enum|set)\((.*)\)", re.IGNORECASE | re.DOTALL)
_ENUM_VALUE = re.compile(r"'((?:[^']|'')*)'")


@dataclass(frozen=True, slots=True)
class ColumnSample:
    """What was seen of a column. `values` and `distinct` (None: too many) are masked; `compared` aren't, and are for
    comparing them with keys of other tables alone, never to be stored."""

    values: tuple[str, ...] = ()
    distinct: tuple[str, ...] | None = None
    personal: Personal | None = None
    compared: tuple[str, ...] = ()


def class_of(kind: str) -> TypeClass:
    """The class of a type, by its name; `OPAQUE` for one that isn't known."""
    return next((name for name, pattern in _CLASSES if pattern.search(kind)), TypeClass.OPAQUE)


def sample(connection: Connection, table: Table, dialect: Dialect | None) -> dict[str, ColumnSample]:
    """Samples of a table's columns. Raises what the driver raises."""
    columns = [column for column in table.columns if class_of(column.type) is not TypeClass.OPAQUE]
    found = _rows(connection, table, columns, dialect) if columns else []
    whole = len(found) < _ROWS
    people = personal.is_of_people(table.name)
    seen: dict[str, ColumnSample] = {}
    for number, column in enumerate(columns):
        values = [str(row[number]) for row in found if row[number] is not None]
        seen[column.name] = _seen(column, values, whole=whole, people=people, looked_at=len(found))
    for column in table.columns:
        if column.name not in seen:
            kind = personal.kind_of(column.name, (), textual=True, people=people)
            seen[column.name] = ColumnSample(personal=kind)
    return seen


def unseen(table: Table) -> dict[str, ColumnSample]:
    """What can be said of the columns of a table that couldn't be looked at."""
    people = personal.is_of_people(table.name)
    return {
        column.name: ColumnSample(
            personal=personal.kind_of(column.name, (), textual=class_of(column.type) is TypeClass.TEXT, people=people)
        )
        for column in table.columns
    }


def _seen(column: Column, values: list[str], *, whole: bool, people: bool, looked_at: int) -> ColumnSample:
    textual = class_of(column.type) is TypeClass.TEXT
    different = list(dict.fromkeys(values))
    kind = personal.kind_of(column.name, different[:_JUDGED] if textual else (), textual=textual, people=people)
    shown = personal.mask(different[: 4 * _SHOWN], kind)[:_SHOWN]
    declared = _declared_values(column.type)
    few = (whole and len(different) <= _MOST_DISTINCT) or (len(different) <= _FEW and looked_at >= _MANY_ROWS)
    distinct: tuple[str, ...] | None = None
    if kind is None and declared:
        distinct = declared[:_MOST_DISTINCT]
    elif kind is None and few and different and (textual or class_of(column.type) is TypeClass.FLAG):
        masked = personal.mask(different, None)
        distinct = tuple(sorted(masked)) if len(masked) == len(different) else None
    return ColumnSample(tuple(shown), distinct, kind, tuple(different[:_COMPARED]))


def _declared_values(kind: str) -> tuple[str, ...]:
    """The values of MySQL's enumerations, which stand in the type."""
    found = _ENUM.fullmatch(kind)
    return tuple(value.replace("''", "'") for value in _ENUM_VALUE.findall(found[1])) if found else ()


def _rows(
    connection: Connection, table: Table, columns: Sequence[Column], dialect: Dialect | None
) -> Sequence[Sequence[object]]:
    shown = ", ".join(_expression(column, dialect) for column in columns)
    source = place(table.schema, table.name, dialect)
    # The first rows of a large table are its oldest. Postgres can read pages here and there instead.
    if dialect is Dialect.POSTGRESQL and table.kind is TableKind.TABLE and (table.row_estimate or 0) > _LARGE:
        share = 100 * _AIMED_AT / (table.row_estimate or 1)
        sampled = f"SELECT {shown} FROM {source} TABLESAMPLE SYSTEM ({share:.6f}) LIMIT {_ROWS}"
        found = _read(connection, sampled)
        if len(found) >= _ROWS:
            return found
    statement = f"SELECT {shown} FROM {source}"
    return _read(connection, statement if dialect is None else f"{statement} LIMIT {_ROWS}")


def _read(connection: Connection, statement: str) -> Sequence[Sequence[object]]:
    return [row for piece in rows.read(connection, statement, most=_ROWS) for row in piece]


def _expression(column: Column, dialect: Dialect | None) -> str:
    name = quoted(column.name, dialect)
    match dialect:
        case Dialect.POSTGRESQL:
            return f"left(CAST({name} AS text), {_CHARACTERS})"
        case Dialect.MYSQL:
            return f"LEFT(CAST({name} AS CHAR), {_CHARACTERS})"
        case Dialect.SQLITE:
            return f"CASE typeof({name}) WHEN 'blob' THEN NULL ELSE substr({name}, 1, {_CHARACTERS}) END"
        case _:
            return name
