"""What a customer's database consists of, by a handful of questions to its catalogue, however many tables there are."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from sqlalchemy import Connection

from app.textsql import introspect_mysql, introspect_other, introspect_postgres, introspect_sqlite
from app.textsql.failures import StatementFailed
from app.textsql.schema import Dialect, Table

MOST_TABLES = 5_000
MOST_COLUMNS = 150_000

_READERS: Mapping[Dialect, Callable[[Connection, Sequence[str]], list[Table]]] = MappingProxyType(
    {
        Dialect.POSTGRESQL: introspect_postgres.read,
        Dialect.MYSQL: introspect_mysql.read,
        Dialect.SQLITE: introspect_sqlite.read,
    }
)


def read(connection: Connection, dialect: Dialect | None, schemas: Sequence[str] = ()) -> list[Table]:
    """The tables and views that the user may read, by schema and name; of all schemas but the system's, or of those
    that are named. Foreign keys lead to tables that are among them.

    Raises `StatementFailed` for more than `MOST_TABLES` or `MOST_COLUMNS`.
    """
    found = (_READERS[dialect] if dialect else introspect_other.read)(connection, schemas)
    columns = sum(len(table.columns) for table in found)
    if len(found) > MOST_TABLES or columns > MOST_COLUMNS:
        raise StatementFailed(
            f"The database has {len(found):,} tables with {columns:,} columns; {MOST_TABLES:,} and {MOST_COLUMNS:,} "
            "can be analysed. Name the schemas that matter in connection_params."
        )
    known = {(table.schema, table.name) for table in found}
    tables = [
        replace(
            table,
            foreign_keys=tuple(key for key in table.foreign_keys if (key.target_schema, key.target_table) in known),
        )
        for table in found
    ]
    return sorted(tables, key=lambda table: (table.schema or "", table.name))


def fingerprint(table: Table) -> str:
    """Of all that the catalogue says of a table but how many rows it has; hexadecimal."""
    return hashlib.sha256(repr(replace(table, row_estimate=None)).encode()).hexdigest()[:32]
