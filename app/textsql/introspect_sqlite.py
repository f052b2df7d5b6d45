"""The catalogue of SQLite: `sqlite_master` and its pragmas as tables (https://www.sqlite.org/pragma.html#pragfunc)."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.textsql.quoting import quoted
from app.textsql.schema import Column, Dialect, ForeignKey, Table, TableKind

_OURS = "m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
_TABLES = f"SELECT m.name, m.type FROM sqlite_master m WHERE {_OURS}"
_COLUMNS = (
    'SELECT m.name, c.name, c.type, c."notnull", c.pk'
    f" FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE {_OURS} AND c.hidden <> 1 ORDER BY m.name, c.cid"
)
_FOREIGN = (
    'SELECT m.name, f.id, f."from", f."table", f."to"'
    f" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE {_OURS} ORDER BY m.name, f.id, f.seq"
)
_UNIQUE = (
    "SELECT m.name, i.name, c.name FROM sqlite_master m JOIN pragma_index_list(m.name) i"
    f" JOIN pragma_index_info(i.name) c WHERE {_OURS} AND i.\"unique\" AND i.origin <> 'pk' AND NOT i.partial"
    " ORDER BY m.name, i.name, c.seqno"
)


def read(connection: Connection, _schemas: Sequence[str]) -> list[Table]:
    """See `introspect.read`."""
    columns: dict[str, list[Column]] = defaultdict(list)
    numbered: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for table, name, kind, not_null, key in connection.exec_driver_sql(_COLUMNS):
        columns[table].append(Column(name, kind, not not_null and not key))
        if key:
            numbered[table].append((key, name))
    primary = {table: tuple(name for _, name in sorted(keys)) for table, keys in numbered.items()}
    unique = _unique_keys(connection)
    foreign = _foreign_keys(connection, primary)
    return [
        Table(
            None,
            name,
            TableKind(kind),
            tuple(columns[name]),
            primary.get(name, ()),
            tuple(unique[name]),
            tuple(foreign[name]),
            None,
            _rows(connection, name) if kind == TableKind.TABLE else None,
        )
        for name, kind in connection.exec_driver_sql(_TABLES).all()
    ]


def _unique_keys(connection: Connection) -> dict[str, list[tuple[str, ...]]]:
    parts: dict[tuple[str, str], list[str | None]] = defaultdict(list)
    for table, index, column in connection.exec_driver_sql(_UNIQUE):
        parts[table, index].append(column)
    unique: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for (table, _), key in parts.items():
        if None not in key:  # an expression
            unique[table].append(tuple(str(each) for each in key))
    return unique


def _foreign_keys(connection: Connection, primary: dict[str, tuple[str, ...]]) -> dict[str, list[ForeignKey]]:
    parts: dict[tuple[str, int], list[tuple[str, str, str | None]]] = defaultdict(list)
    for table, number, column, target, target_column in connection.exec_driver_sql(_FOREIGN):
        parts[table, number].append((column, target, target_column))
    # SQLite takes any case for a table's name.
    spelled = {name.lower(): name for name in primary}
    foreign: dict[str, list[ForeignKey]] = defaultdict(list)
    for (table, _), key in parts.items():
        target = spelled.get(key[0][1].lower(), key[0][1])
        named = tuple(str(each[2]) for each in key if each[2] is not None)
        theirs = named or primary.get(target, ())  # without names: its primary key
        if len(theirs) == len(key):
            foreign[table].append(ForeignKey(tuple(each[0] for each in key), None, target, theirs))
    return foreign


def _rows(connection: Connection, name: str) -> int | None:
    """Not counted: the last number of a row is found at once, however many there are."""
    try:
        found = connection.exec_driver_sql(f"SELECT max(rowid) FROM {quoted(name, Dialect.SQLITE)}").scalar()
    except DBAPIError:
        return None  # WITHOUT ROWID, or a virtual table
    return int(found) if isinstance(found, int) else 0
