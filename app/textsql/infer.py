"""Foreign keys that nobody declared: guessed from names and types, and held against values.

A guess says how sure it is. By names alone 0.5 to 0.8; when the values that were seen are all keys of the other table
up to 0.98; when some are not, it is given up.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from app.textsql.names import singular, words_of
from app.textsql.quoting import place, quoted
from app.textsql.sample import TypeClass, class_of
from app.textsql.schema import Dialect, Table

Place = tuple[str | None, str]

_ENDINGS = {"id", "fk", "key", "no", "nr", "num", "number", "code", "ref", "uuid", "oid"}
# A key by such a name says nothing of what it is the key of.
_GENERIC = {"id", "code", "key", "name", "uuid", "oid", "number", "no", "nr", "type", "rowid", "pk"}
_PREFIXES = {"tbl", "t", "dim", "fact", "tb", "ref", "lkp", "app", "core"}
_ENOUGH_VALUES = 3
_FOUND_AT_LEAST = 0.8
_COMPARABLE = {TypeClass.WHOLE, TypeClass.TEXT, TypeClass.NUMBER}
_MOST_TARGETS = 3


@dataclass(frozen=True, slots=True)
class Guess:
    """A column that may refer to another table's key."""

    table: Place
    column: str
    target: Place
    target_column: str
    confidence: float


def guess(tables: Sequence[Table]) -> list[Guess]:
    """What columns may refer to, by names and types, the surest first for each column."""
    keys = {(table.schema, table.name): key for table in tables if (key := _single_key(table))}
    named = _by_name(tables, keys)
    same: dict[str, list[Place]] = defaultdict(list)
    for where, (name, _) in keys.items():
        if name.lower() not in _GENERIC:
            same[name.lower()].append(where)
    found = []
    for table in tables:
        declared = {key.columns[0] for key in table.foreign_keys if len(key.columns) == 1}
        own = (table.schema, table.name)
        for column in table.columns:
            kind = class_of(column.type)
            if column.name in declared or kind not in _COMPARABLE or table.primary_key == (column.name,):
                continue
            targets: dict[Place, float] = {}
            for where, confidence in _targets(own, column.name, named, same):
                if where in keys and keys[where][1] is kind and (where != own or keys[where][0] != column.name):
                    closer = confidence if where[0] == own[0] else confidence - 0.1
                    targets[where] = max(closer, targets.get(where, 0))
            best = sorted(targets.items(), key=lambda each: (-each[1], each[0][1]))[:_MOST_TARGETS]
            found += [Guess(own, column.name, where, keys[where][0], confidence) for where, confidence in best]
    return found


def confirm(connection: Connection, each: Guess, values: Sequence[str], dialect: Dialect | None) -> float | None:
    """How sure a guess is after its values were looked up in the other table; None: it is wrong. Looks up by the key
    of that table, so it costs little however large it is. Raises what the driver raises."""
    if not values:
        return each.confidence
    column = quoted(each.target_column, dialect)
    source = place(*each.target, dialect)
    start = f"SELECT count(*) FROM {source} WHERE {column} IN "
    mark = "?"
    if dialect is not Dialect.SQLITE:
        mark, start = "%s", start.replace("%", "%%")
    statement = f"{start}({', '.join([mark] * len(values))})"
    found = connection.exec_driver_sql(statement, tuple(_typed(values))).scalar() or 0
    if found < _FOUND_AT_LEAST * len(values):
        return None
    sure = 0.2 if found == len(values) and len(values) >= _ENOUGH_VALUES else 0.1
    return round(min(0.98, each.confidence + sure), 2)


def _typed(values: Sequence[str]) -> list[str | int]:
    """Whole numbers as such: Postgres compares no text with them."""
    try:
        return [int(value) for value in values]
    except ValueError:
        return list(values)


def _single_key(table: Table) -> tuple[str, TypeClass] | None:
    """The column that says which row of a table is meant, with its class."""
    if len(table.primary_key) != 1:
        return None
    (name,) = table.primary_key
    return next(((name, class_of(column.type)) for column in table.columns if column.name == name), None)


def _by_name(tables: Sequence[Table], keys: Mapping[Place, object]) -> dict[str, list[Place]]:
    named: dict[str, list[Place]] = defaultdict(list)
    for table in tables:
        where = (table.schema, table.name)
        if where not in keys:
            continue
        words = words_of(table.name)
        named[_joined(words)].append(where)
        if len(words) > 1 and words[0] in _PREFIXES:
            named[_joined(words[1:])].append(where)
    return named


def _targets(
    own: Place, column: str, named: Mapping[str, list[Place]], same: Mapping[str, list[Place]]
) -> Iterator[tuple[Place, float]]:
    words = words_of(column)
    stem = words[:-1] if words and words[-1] in _ENDINGS else words[1:] if words and words[0] in {"id", "fk"} else []
    if stem == ["parent"]:
        yield own, 0.6
    for skipped in range(len(stem)):
        # `billing_customer_id` may well be a customer's.
        for where in named.get(_joined(stem[skipped:]), ()):
            yield where, 0.75 if skipped == 0 else 0.55
    for where in same.get(column.lower(), ()):
        if where != own:
            yield where, 0.8


def _joined(words: Sequence[str]) -> str:
    return "".join([*words[:-1], singular(words[-1])]) if words else ""
