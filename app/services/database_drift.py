"""What has changed in a customer's database since it was last analysed."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.textsql.schema import Table

# More is a different database, and nobody reads on.
_MOST = 200

Place = tuple[str, str]


def compare(
    before: Mapping[Place, Mapping[str, str]], after: Mapping[Place, Table], *, since: str | None
) -> dict[str, Any]:
    """The difference as JSON: tables added, removed and changed, with the columns that were added, removed or have
    another type. `before` holds the types of the columns by name; `since` is when that was, None: never."""
    if since is None:
        return {"since": None, "tables_added": [], "tables_removed": [], "tables_changed": [], "cut": False}
    added = [_name(place) for place in sorted(after.keys() - before.keys())]
    removed = [_name(place) for place in sorted(before.keys() - after.keys())]
    changed = [
        difference
        for place in sorted(before.keys() & after.keys())
        if (difference := _difference(place, before[place], after[place]))
    ]
    return {
        "since": since,
        "tables_added": added[:_MOST],
        "tables_removed": removed[:_MOST],
        "tables_changed": changed[:_MOST],
        "cut": max(len(added), len(removed), len(changed)) > _MOST,
    }


def _difference(place: Place, before: Mapping[str, str], table: Table) -> dict[str, Any] | None:
    after = {column.name: column.type for column in table.columns}
    added = [name for name in after if name not in before]
    removed = [name for name in before if name not in after]
    retyped = [
        {"name": name, "before": before[name], "after": after[name]}
        for name in after
        if name in before and before[name] != after[name]
    ]
    if not (added or removed or retyped):
        return None
    return {
        "table": _name(place),
        "columns_added": _cut(added),
        "columns_removed": _cut(removed),
        "columns_changed": retyped[:_MOST],
    }


def _cut(names: Sequence[str]) -> list[str]:
    return list(names[:_MOST])


def _name(place: Place) -> str:
    schema, name = place
    return f"{schema}.{name}" if schema else name
