"""The catalogue of PostgreSQL (https://www.postgresql.org/docs/current/catalogs.html)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from app.textsql.schema import Column, ForeignKey, Table, TableKind

# Partitions are read through their table; what belongs to an extension isn't the customer's.
_RELATIONS = """
    WITH relations AS (
        SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
            AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND (cardinality(CAST(:schemas AS text[])) = 0 OR n.nspname = ANY(CAST(:schemas AS text[])))
            AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                AND d.deptype = 'e')
    )
"""
# The rows of a partitioned table are those of its partitions.
_TABLES = text(
    _RELATIONS
    + """
    SELECT r.oid, r.nspname, r.relname, r.relkind, obj_description(r.oid, 'pg_class'),
        CASE WHEN r.relkind = 'p' THEN (
            SELECT sum(greatest(p.reltuples, 0)) FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid
            WHERE i.inhparent = r.oid
        ) ELSE r.reltuples END
    FROM relations r
    """
)
_COLUMNS = text(
    _RELATIONS
    + """
    SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, d.description
    FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid
    LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = a.attrelid AND d.objsubid = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(r.oid, a.attnum, 'SELECT')
    ORDER BY a.attrelid, a.attnum
    """
)
_KEYS = text(
    _RELATIONS
    + """
    SELECT k.conrelid, k.contype, CAST(k.conkey AS int[]), k.confrelid, CAST(k.confkey AS int[])
    FROM relations r JOIN pg_constraint k ON k.conrelid = r.oid
    WHERE k.contype IN ('p', 'u', 'f') ORDER BY k.conrelid, k.conname
    """
)
_UNIQUE = text(
    _RELATIONS
    + """
    SELECT i.indrelid, CAST(CAST(i.indkey AS text) AS text) FROM relations r JOIN pg_index i ON i.indrelid = r.oid
    WHERE i.indisunique AND NOT i.indisprimary AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indisvalid
    ORDER BY i.indrelid, i.indexrelid
    """
)
_VIEWS = {"v", "m"}


def read(connection: Connection, schemas: Sequence[str]) -> list[Table]:
    """See `introspect.read`."""
    named = {"schemas": list(schemas)}
    rows = connection.execute(_TABLES, named).all()
    places: dict[int, tuple[str, str]] = {oid: (schema, name) for oid, schema, name, *_ in rows}
    columns: dict[int, list[Column]] = defaultdict(list)
    numbers: dict[int, dict[int, str]] = defaultdict(dict)
    for oid, number, name, kind, not_null, comment in connection.execute(_COLUMNS, named):
        columns[oid].append(Column(name, kind, not not_null, comment))
        numbers[oid][number] = name
    primary: dict[int, tuple[str, ...]] = {}
    unique: dict[int, list[tuple[str, ...]]] = defaultdict(list)
    foreign: dict[int, list[ForeignKey]] = defaultdict(list)

    def names(oid: int, attributes: Sequence[int]) -> tuple[str, ...]:
        """Empty when one of them can't be seen: a key in part is none."""
        found = tuple(numbers[oid][each] for each in attributes if each in numbers[oid])
        return found if len(found) == len(attributes) else ()

    for oid, kind, key, target, target_key in connection.execute(_KEYS, named):
        own = names(oid, key)
        if own and kind == "p":
            primary[oid] = own
        elif own and kind == "u":
            unique[oid].append(own)
        elif own and target in places and (theirs := names(target, target_key)):
            foreign[oid].append(ForeignKey(own, *places[target], theirs))
    for oid, attributes in connection.execute(_UNIQUE, named):
        own = names(oid, [int(each) for each in attributes.split()])
        if own and own not in unique[oid]:
            unique[oid].append(own)
    return [
        Table(
            schema,
            name,
            TableKind.VIEW if kind in _VIEWS else TableKind.TABLE,
            tuple(columns[oid]),
            primary.get(oid, ()),
            tuple(unique[oid]),
            tuple(foreign[oid]),
            comment,
            _rows(kind, estimate),
        )
        for oid, schema, name, kind, comment, estimate in rows
    ]


def _rows(kind: str, estimate: Any) -> int | None:
    """-1: it was never analysed (VACUUM, ANALYZE)."""
    return None if kind == "v" or estimate is None or estimate < 0 else int(estimate)
