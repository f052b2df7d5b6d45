"""Any other dialect, by what SQLAlchemy knows of its catalogue."""

from collections.abc import Sequence

from sqlalchemy import Connection, inspect
from sqlalchemy.engine.reflection import ObjectKind

from app.textsql.schema import Column, ForeignKey, Table, TableKind


def read(connection: Connection, schemas: Sequence[str]) -> list[Table]:
    """See `introspect.read`. Without names: the user's own schema."""
    found: list[Table] = []
    wanted: Sequence[str | None] = list(schemas) or [None]
    for schema in wanted:
        inspector = inspect(connection)
        views = set(inspector.get_view_names(schema))
        primary = inspector.get_multi_pk_constraint(schema, kind=ObjectKind.ANY)
        unique = inspector.get_multi_unique_constraints(schema, kind=ObjectKind.ANY)
        foreign = inspector.get_multi_foreign_keys(schema, kind=ObjectKind.ANY)
        for place, columns in inspector.get_multi_columns(schema, kind=ObjectKind.ANY).items():
            key = primary.get(place)
            found.append(
                Table(
                    schema,
                    place[1],
                    TableKind.VIEW if place[1] in views else TableKind.TABLE,
                    tuple(
                        Column(each["name"], str(each["type"]), bool(each["nullable"]), each.get("comment"))
                        for each in columns
                    ),
                    tuple(key["constrained_columns"]) if key else (),
                    tuple(tuple(each["column_names"]) for each in unique.get(place) or ()),
                    tuple(
                        ForeignKey(
                            tuple(each["constrained_columns"]),
                            each["referred_schema"] or schema,
                            each["referred_table"],
                            tuple(each["referred_columns"]),
                        )
                        for each in foreign.get(place) or ()
                    ),
                )
            )
    return found
