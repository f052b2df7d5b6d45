"""The line of a table that names its columns. Readers write `Plan: Basic | Price: 10 €` where a document says what its
tables are; PDFs and plain text only show lines, of which the first answers nothing and the others need it."""

from collections.abc import Sequence

from app.ai.sentences import Span, ends_sentence, is_list_item, is_row, is_table_row

# A table is looked up this many lines above a row.
_MOST_LINES = 40


def is_head(text: str, spans: Sequence[Span], number: int) -> bool:
    """Whether a span of `text` is a line that only names the columns of those below: the first row of a Markdown table,
    or words without a number, at the start of a paragraph, right above a line with a number, and neither a sentence."""
    span = spans[number]
    if number + 1 == len(spans):
        return False
    if is_table_row(span.of(text)):
        return find_head(text, spans, number) == number and is_table_row(spans[number + 1].of(text))
    if not (_names_columns(span.of(text)) and _starts_paragraph(text, span)):
        return False
    below = spans[number + 1]
    line = _line_at(text, below.start)
    return (
        _is_next_line(text, span, below)
        and any(map(str.isdigit, line))
        and not ends_sentence(line)
        and not is_row(line)
        and not is_list_item(text, below)
    )


def find_head(text: str, spans: Sequence[Span], number: int) -> int | None:
    """The number of the span that is the head of the row `spans[number]`; itself when it is the head of a Markdown
    table. None where there is no table, or none with a head."""
    if is_table_row(spans[number].of(text)):
        first = number
        while first and is_table_row(spans[first - 1].of(text)):
            first -= 1
        return first
    for above in range(number - 1, max(-1, number - 1 - _MOST_LINES), -1):
        if text[spans[above].end : spans[above + 1].start].count("\n") > 1:
            return None
        if is_head(text, spans, above):
            return above
    return None


def _names_columns(text: str) -> bool:
    return len(text.split()) > 1 and not any(map(str.isdigit, text)) and not ends_sentence(text) and not is_row(text)


def _starts_paragraph(text: str, span: Span) -> bool:
    above, _, before = text[: span.start].rpartition("\n")
    return not before.strip() and (not above.strip() or above.endswith("\n") or ends_sentence(above.rstrip()))


def _is_next_line(text: str, span: Span, below: Span) -> bool:
    between = text[span.end : below.start]
    return between.count("\n") == 1 and not between.strip()


def _line_at(text: str, place: int) -> str:
    end = text.find("\n", place)
    return text[place : len(text) if end < 0 else end].strip()
