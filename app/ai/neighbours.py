"""What a sentence is quoted together with, since it can't be understood without."""

from collections.abc import Sequence

from app.ai.common_words import points_back
from app.ai.sentences import Span, ends_unmarked, is_heading, is_list_item, is_numbered_item, is_row
from app.ai.table_heads import find_head

_LIST_ITEMS = 8
# A sentence alone says little: it is quoted with those that follow in its paragraph, up to so many characters, unless
# the next one would make it longer than the second.
_ENOUGH_CHARACTERS, _MOST_CHARACTERS = 250, 420
_SENTENCE_ENDS = (".", "!", "…", "。", "！", "।", "॥", "؟", "?")


def with_neighbours(text: str, spans: Sequence[Span], number: int, language: str) -> list[Span]:
    """The sentence with what it needs: the one it points back to, the list it opens, the head of its table."""
    span = spans[number]
    head = find_head(text, spans, number)
    if head is not None or is_row(span.of(text)):
        return [span] if head in (None, number) else [spans[head], span]
    if is_numbered_item(text, span):
        return [_whole_procedure(text, spans, number)]
    start, end = span.start, span.end
    if number and points_back(span.of(text), language):
        start = spans[number - 1].start
    elif number and is_list_item(text, span):
        start = _list_opening(text, spans, number) or start
    if span.of(text).endswith((":", "：")):
        end = _list_end(text, spans, number)
    else:
        end = _told_end(text, spans, number, start)
    return [Span(start, end)]


def _told_end(text: str, spans: Sequence[Span], number: int, start: int) -> int:
    """Where the sentences end that go on with what one says."""
    end = spans[number].end
    for span in spans[number + 1 :]:
        if end - start >= _ENOUGH_CHARACTERS or span.end - start > _MOST_CHARACTERS:
            break
        ended = text[start:end].endswith(_SENTENCE_ENDS) or ends_unmarked(text, end)
        if not ended or not _same_paragraph(text, end, span):
            break
        end = span.end
    return end


def _same_paragraph(text: str, end: int, span: Span) -> bool:
    between = text[end : span.start]
    return (
        between.count("\n") <= 1
        and not between.strip()
        and not is_row(span.of(text))
        and not is_list_item(text, span)
        and not is_heading(text, span, frozenset())
    )


def _whole_procedure(text: str, spans: Sequence[Span], number: int) -> Span:
    """From the first step to the last: one step alone helps nobody."""
    first = last = number
    while first and _belongs_to_steps(text, spans, first - 1):
        first -= 1
    while last + 1 < len(spans) and _belongs_to_steps(text, spans, last + 1):
        last += 1
    first = max(first, number - _LIST_ITEMS)
    return Span(spans[first].start, spans[min(last, first + 2 * _LIST_ITEMS)].end)


def _belongs_to_steps(text: str, spans: Sequence[Span], number: int) -> bool:
    span = spans[number]
    starts_line = not text[text.rfind("\n", 0, span.start) + 1 : span.start].strip(" \t0123456789.()")
    return is_numbered_item(text, span) or not starts_line


def _list_opening(text: str, spans: Sequence[Span], number: int) -> int | None:
    """Where the sentence starts that opens the list, when that is the one right before the item."""
    before = spans[number - 1]
    return before.start if before.of(text).endswith((":", "：")) else None


def _list_end(text: str, spans: Sequence[Span], number: int) -> int:
    end = spans[number].end
    for span in spans[number + 1 : number + 1 + _LIST_ITEMS]:
        # What follows the colon on its own line belongs to it even without a bullet.
        if not is_list_item(text, span) and end != spans[number].end:
            break
        end = span.end
    return end
