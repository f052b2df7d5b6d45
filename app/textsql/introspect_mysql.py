"""The catalogue of MySQL and MariaDB: `information_schema`, which shows what the user may see."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, text

from app.textsql.schema import Column, ForeignKey, Table, TableKind

_TABLES = text(
    "SELECT table_schema, table_name, table_type, table_rows, table_comment FROM information_schema.tables"
    " WHERE table_schema IN :schemas AND table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')"
).bindparams(bindparam("schemas", expanding=True))
_COLUMNS = text(
    "SELECT table_schema, table_name, column_name, column_type, is_nullable, column_comment"
    " FROM information_schema.columns WHERE table_schema IN :schemas"
    " ORDER BY table_schema, table_name, ordinal_position"
).bindparams(bindparam("schemas", expanding=True))
_KEYS = text(
    "SELECT table_schema, table_name, constraint_name, column_name, referenced_table_schema, referenced_table_name,"
    " referenced_column_name FROM information_schema.key_column_usage WHERE table_schema IN :schemas"
    " ORDER BY table_schema, table_name, constraint_name, ordinal_position"
).bindparams(bindparam("schemas", expanding=True))

Place = tuple[str, str]


def read(connection: Connection, schemas: Sequence[str]) -> list[Table]:
    """See `introspect.read`. Without names: the database that the URL names."""
    wanted: list[str | None] = list(schemas) or [connection.exec_driver_sql("SELECT DATABASE()").scalar()]
    named = {"schemas": wanted}
    columns: dict[Place, list[Column]] = defaultdict(list)
    for schema, table, name, kind, nullable, comment in connection.execute(_COLUMNS, named):
        columns[schema, table].append(Column(name, _text(kind), nullable == "YES", comment or None))
    primary, unique, foreign = _keys(connection, named)
    return [
        Table(
            schema,
            name,
            TableKind.VIEW if kind == "VIEW" else TableKind.TABLE,
            tuple(columns[schema, name]),
            primary.get((schema, name), ()),
            tuple(unique[schema, name]),
            tuple(foreign[schema, name]),
            None if kind == "VIEW" else comment or None,
            None if rows is None else int(rows),
        )
        for schema, name, kind, rows, comment in connection.execute(_TABLES, named)
    ]


def _keys(
    connection: Connection, named: dict[str, list[str | None]]
) -> tuple[dict[Place, tuple[str, ...]], dict[Place, list[tuple[str, ...]]], dict[Place, list[ForeignKey]]]:
    parts: dict[tuple[str, str, str], list[tuple[str, str | None, str | None, str | None]]] = defaultdict(list)
    for schema, table, constraint, *part in connection.execute(_KEYS, named):
        parts[schema, table, constraint].append((part[0], part[1], part[2], part[3]))
    primary: dict[Place, tuple[str, ...]] = {}
    unique: dict[Place, list[tuple[str, ...]]] = defaultdict(list)
    foreign: dict[Place, list[ForeignKey]] = defaultdict(list)
    for (schema, table, constraint), key in parts.items():
        own = tuple(column for column, *_ in key)
        target = key[0][2]
        if target is not None:
            theirs = tuple(str(each[3]) for each in key)
            foreign[schema, table].append(ForeignKey(own, key[0][1], target, theirs))
        elif constraint == "PRIMARY":
            primary[schema, table] = own
        else:
            unique[schema, table].append(own)
    return primary, unique, foreign


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value  # MySQL 8 gives types as bytes
