"""What a customer's database consists of, as far as questions can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Dialect(StrEnum):
    """The SQL that a database speaks, by the name that SQLAlchemy gives it; MariaDB counts as MySQL."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    SQLITE = "sqlite"


class TableKind(StrEnum):
    TABLE = "table"
    VIEW = "view"


@dataclass(frozen=True, slots=True)
class Column:
    """type: as the database writes it, such as `character varying(80)`."""

    name: str
    type: str
    nullable: bool = True
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """The n-th of `columns` refers to the n-th of `target_columns`.

    confidence: 1.0 where the database declares it, less where it is inferred from names and values.
    """

    columns: tuple[str, ...]
    target_schema: str | None
    target_table: str
    target_columns: tuple[str, ...]
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Table:
    """A table or a view. schema: None where the dialect knows none (SQLite).

    row_estimate: the database's own statistics, None where it has none.
    """

    schema: str | None
    name: str
    kind: TableKind
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    comment: str | None = None
    row_estimate: int | None = None
