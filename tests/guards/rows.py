"""One row of every company-owned table, made from the metadata alone, so that a new table is covered as it comes."""

import re
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    delete,
    insert,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.types import TypeEngine

from app.db import Base

Rows = dict[str, dict[str, Any]]

OWNED = sorted(name for name, table in Base.metadata.tables.items() if "company_id" in table.c)
# Where the first value that a check constraint lists doesn't fit a company's row.
_CHOSEN = {("users", "role"): "admin"}
_LISTED = re.compile(r"(\w+) IN \('([^']*)'")
_numbers = count(1_000_000_000)  # far from the ids of reference data


def fill(connection: Connection, company_id: UUID | None, tag: str, given: Rows | None = None) -> Rows:
    """Stores one row of the company in every table, with what they refer to; for None in every table where a row may
    be the platform's. Texts that nothing prescribes begin with `tag`; tables of which a row is `given` get no other.
    Returns the rows by table."""
    rows: Rows = {}
    for table in _needed(platform=company_id is None):
        if given and table.name in given:
            rows[table.name] = given[table.name]
        else:
            rows[table.name] = make_row(table, company_id, tag, rows)
            connection.execute(insert(table).values(rows[table.name]))
    return rows


def with_spare_parents(connection: Connection, company_id: UUID, tag: str, rows: Rows) -> Rows:
    """`rows`, with others, which are stored as well, in place of those that only one row of a table may refer to: so
    that another row of that table can be added. They go when what `rows` has is removed."""
    spare = {}
    for table in sorted(_referred_to_once(), key=Base.metadata.sorted_tables.index):
        spare[table.name] = make_row(table, company_id, tag, rows)
        connection.execute(insert(table).values(spare[table.name]))
    return rows | spare


def _referred_to_once() -> set[Table]:
    owned = [Base.metadata.tables[name] for name in OWNED]
    unique = [tuple(index.columns) for table in owned for index in table.indexes if index.unique]
    unique += [
        tuple(constraint.columns)
        for table in owned
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    ]
    # Where every column refers to something, another first one is enough.
    pairs = [columns for columns in unique if columns and all(column.foreign_keys for column in columns)]
    parents = {key.column.table for columns in pairs for key in columns[0].foreign_keys}
    return parents & set(owned)


def has_one_row(table: Table) -> bool:
    """Whether a company can have one row of the table and no more."""
    whole = [index for index in table.indexes if index.unique and index.dialect_options["postgresql"]["where"] is None]
    return any(list(index.expressions) == [table.c.company_id] for index in whole)


def remove(connection: Connection, *filled: Rows) -> None:
    """Deletes what `fill` stored."""
    for table in reversed(Base.metadata.sorted_tables):
        for rows in filled:
            if table.name in rows:
                key = [column == rows[table.name][column.name] for column in table.primary_key]
                connection.execute(delete(table).where(*key))


def _needed(*, platform: bool) -> list[Table]:
    owned = {Base.metadata.tables[name] for name in OWNED}
    if platform:
        return [table for table in Base.metadata.sorted_tables if table in owned and table.c.company_id.nullable]
    wanted = owned
    while more := {key.column.table for table in wanted for key in table.foreign_keys} - wanted:
        wanted = wanted | more
    return [table for table in Base.metadata.sorted_tables if table in wanted]


def make_row(table: Table, company_id: UUID | None, tag: str, rows: Rows) -> dict[str, Any]:
    """A row of the table, not stored, that refers to those in `rows`."""
    listed = dict(
        found
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
        for found in _LISTED.findall(str(constraint.sqltext))
    )
    row = {}
    for column in table.c:
        if column.name == "company_id" or (table.name == "companies" and column.primary_key):
            row[column.name] = company_id
        elif company_id and (table.name, column.name) in _CHOSEN:
            row[column.name] = _CHOSEN[table.name, column.name]
        elif column.foreign_keys:
            (key,) = column.foreign_keys
            row[column.name] = rows.get(key.column.table.name, {}).get(key.column.name)
        elif column.name in listed:
            row[column.name] = listed[column.name]
        elif column.nullable:
            row[column.name] = None
        else:
            row[column.name] = _sample(column, column.type, tag)
    return row


def _sample(column: Column[Any], kind: TypeEngine[Any], tag: str) -> Any:
    """A value of the type; a new type has to be taught here."""
    number = next(_numbers)
    samples: dict[type[TypeEngine[Any]], Any] = {
        Uuid: uuid4(),
        TSVECTOR: "'word':1",
        String: f"{tag}-{number}",
        Boolean: False,
        Integer: number,
        Float: 1.0,
        Numeric: 1,
        DateTime: datetime(2100, 1, 1, tzinfo=UTC),
        Date: datetime(2100, 1, 1, tzinfo=UTC).date(),
        JSON: {},
        ARRAY: [],
        LargeBinary: b"",
    }
    base = getattr(kind, "impl_instance", kind)  # what a decorated type is stored as
    for known, value in samples.items():
        if isinstance(base, known):
            return value
    if hasattr(base, "dim"):  # a vector
        return [0.0] * (base.dim or 1)
    raise NotImplementedError(f"{column.table.name}.{column.name}: teach tests/guards/rows.py a value of {kind!r}")
