"""Tables and columns in words: what they are found by, and what is said of them where nobody says anything better."""

from collections.abc import Sequence

from app.textsql.names import phrase, singular, words_of
from app.textsql.sample import ColumnSample
from app.textsql.schema import Column, Table

_LONGEST_COMMENT = 300
_LONGEST_TEXT = 320
_LISTED_COLUMNS = 8
_LISTED_VALUES = 6


def table_words(table: Table) -> str:
    """What a table is found by: its own words and those of its columns, each also in the singular."""
    parts = [_searchable(table.name), table.comment or ""]
    parts += [_searchable(column.name) for column in table.columns]
    return " ".join(dict.fromkeys(" ".join(parts).split()))


def column_words(column: Column, sample: ColumnSample) -> str:
    """What a column is found by: its words, its comment, and its values where they are few."""
    return " ".join([_searchable(column.name), column.comment or "", *(sample.distinct or ())])


def describe_table(table: Table) -> tuple[str, str]:
    """What is in a table, and where that is from: `comment`, or `names`."""
    if table.comment:
        return table.comment[:_LONGEST_COMMENT], "comment"
    shown = [phrase(column.name) for column in table.columns[:_LISTED_COLUMNS]]
    more = "" if len(table.columns) <= _LISTED_COLUMNS else ", …"
    return f"{phrase(table.name).capitalize()} with {', '.join(shown)}{more}.", "names"


def describe_column(column: Column, sample: ColumnSample) -> str:
    """What is in a column: its comment, else its name and its values."""
    if column.comment:
        return column.comment[:_LONGEST_COMMENT]
    said = phrase(column.name).capitalize()
    if sample.personal:
        return f"{said} (personal data: {sample.personal})."
    if sample.distinct:
        more = ", …" if len(sample.distinct) > _LISTED_VALUES else ""
        return f"{said}: {', '.join(sample.distinct[:_LISTED_VALUES])}{more}."
    if sample.values:
        return f"{said}, such as {sample.values[0]}."
    return f"{said}."


def table_text(name: str, description: str | None, columns: Sequence[str]) -> str:
    """What a table's vector is made of."""
    said = f"{phrase(name)}. {description or ''} {', '.join(map(phrase, columns))}"
    return " ".join(said.split())[:_LONGEST_TEXT]


def column_text(name: str, comment: str | None) -> str:
    """What a column's vector is made of. The same for all columns of one name, whatever table they are in: a vector
    each for thirty thousand columns would take the builtin model a quarter of an hour."""
    return f"{phrase(name)}: {comment[:80]}" if comment else phrase(name)


def query_words(question: str) -> list[str]:
    """The words of a question, also in the singular, as tables and columns are found by them."""
    words = words_of(question)
    return list(dict.fromkeys([*words, *map(singular, words)]))


def _searchable(name: str) -> str:
    words = words_of(name)
    return " ".join(dict.fromkeys([*words, *map(singular, words)]))
