"""Questions that a database answers, with the SQL for them, put together from what is known of its tables.

No model is needed for these. What is personal is left out of them, and so is what would make a large table be read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.textsql.names import phrase
from app.textsql.quoting import place, quoted
from app.textsql.sample import TypeClass, class_of
from app.textsql.schema import Column, Dialect, ForeignKey, Table

_LARGE = 100_000
_SURE = 0.8
_MONTH = {
    Dialect.POSTGRESQL: "to_char({column}, 'YYYY-MM')",
    Dialect.MYSQL: "date_format({column}, '%Y-%m')",
    Dialect.SQLITE: "strftime('%Y-%m', {column})",
}


@dataclass(frozen=True, slots=True)
class SampleQuery:
    """A question and the SQL that answers it."""

    question: str
    sql: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A table with what is known of its columns: `personal` of some, `few` have few values."""

    table: Table
    personal: Mapping[str, str]
    few: frozenset[str]


def suggest(subjects: Sequence[Subject], dialect: Dialect) -> Iterator[SampleQuery]:
    """Questions about tables, several for each."""
    by_name = {(each.table.schema, each.table.name): each for each in subjects}
    for subject in subjects:
        if (subject.table.row_estimate or 0) <= _LARGE:
            yield from _about(subject, by_name, dialect)


def _about(
    subject: Subject, by_name: Mapping[tuple[str | None, str], Subject], dialect: Dialect
) -> Iterator[SampleQuery]:
    table, source = subject.table, place(subject.table.schema, subject.table.name, dialect)
    things = phrase(table.name)
    for column in table.columns:
        if column.name in subject.few:
            name = quoted(column.name, dialect)
            yield SampleQuery(
                f"How many {things} are there by {phrase(column.name)}?",
                f"SELECT {name}, COUNT(*) AS number FROM {source} GROUP BY {name} ORDER BY COUNT(*) DESC",
            )
            break
    amount, moment = _amount(subject), _moment(table)
    if moment:
        month = _MONTH[dialect].format(column=quoted(moment.name, dialect))
        what = f"SUM({quoted(amount.name, dialect)}) AS total" if amount else "COUNT(*) AS number"
        asked = f"What is the {phrase(amount.name)} of {things}" if amount else f"How many {things} are there"
        yield SampleQuery(
            f"{asked} by month of {phrase(moment.name)}?",
            f"SELECT {month} AS month, {what} FROM {source} GROUP BY {month} ORDER BY {month}",
        )
    for key in table.foreign_keys:
        target = by_name.get((key.target_schema, key.target_table))
        if target is None or key.confidence < _SURE or (target.table.row_estimate or 0) > _LARGE:
            continue
        if label := _label(target):
            yield _most(subject.table, target.table, key, label, dialect)
    yield SampleQuery(f"How many {things} are there?", f"SELECT COUNT(*) AS number FROM {source}")


def _most(table: Table, target: Table, key: ForeignKey, label: Column, dialect: Dialect) -> SampleQuery:
    on = " AND ".join(
        f"s.{quoted(own, dialect)} = t.{quoted(theirs, dialect)}"
        for own, theirs in zip(key.columns, key.target_columns, strict=True)
    )
    shown = f"t.{quoted(label.name, dialect)}"
    return SampleQuery(
        f"Which {phrase(target.name)} have the most {phrase(table.name)}?",
        f"SELECT {shown}, COUNT(*) AS number FROM {place(table.schema, table.name, dialect)} AS s"
        f" JOIN {place(target.schema, target.name, dialect)} AS t ON {on}"
        f" GROUP BY {shown} ORDER BY COUNT(*) DESC LIMIT 10",
    )


def _label(subject: Subject) -> Column | None:
    """The column that people know a row by."""
    texts = [
        column
        for column in subject.table.columns
        if class_of(column.type) is TypeClass.TEXT and column.name not in subject.personal
    ]
    named = [each for each in texts if phrase(each.name) in {"name", "title", "label"}]
    return next(iter([*named, *texts]), None)


def _amount(subject: Subject) -> Column | None:
    keys = {name for key in subject.table.foreign_keys for name in key.columns}
    return next(
        (
            column
            for column in subject.table.columns
            if class_of(column.type) is TypeClass.NUMBER and column.name not in keys | subject.personal.keys()
        ),
        None,
    )


def _moment(table: Table) -> Column | None:
    kinds = [column for column in table.columns if class_of(column.type) is TypeClass.TIME]
    return next((each for each in kinds if "birth" not in each.name.lower()), None)
