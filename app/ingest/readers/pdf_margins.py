"""Headers and footers of a PDF's pages: what repeats at their edges."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import takewhile

from app.ingest.readers.pdf_lines import Line

_EDGE_LINES = 3
_REPEATS_ON = 0.6
_NUMBER = re.compile(r"(?<!\d)\d{1,5}(?!\d)")
_MOST_NUMBERS = 8
_PAGE_NUMBER = re.compile(r"[-\u2013\u2014 ]*(?:\d{1,4}|[ivxl]{1,6})[-\u2013\u2014 ]*$")
# Phone numbers, hours and addresses of the web: what visitors ask for often stands in a footer and nowhere else.
_TELLING = re.compile(r"@|www\.|https?:|(?:\d[\s()/+.:–-]{0,3}){6}")
_DIGITS = re.compile(r"\d+")


def repeated_keys(pages: Sequence[list[Line]], body: float) -> set[str]:
    """Keys of the lines in the margins of more than 60 % of the pages, or of the left or right ones among them."""
    found: Counter[tuple[str, int]] = Counter()
    for number, lines in enumerate(pages):
        first = [line for line in lines[:_EDGE_LINES] if _may_open(line)]
        last = [line for line in lines[_EDGE_LINES:][-_EDGE_LINES:] if _may_close(line, lines)]
        for key in {key for line in first + last for key in _keys(line, number, body)}:
            found[key, number % 2] += 1
    halves = (len(pages) + 1) // 2, len(pages) // 2
    return {
        key
        for key, _half in found
        if _often(found[key, 0] + found[key, 1], len(pages))
        or any(_often(found[key, half], halves[half]) for half in (0, 1))
    }


def _may_open(line: Line) -> bool:
    """Whether a page's header or footer may be read first: some programs draw both before the text."""
    return line.in_head or line.in_foot


def _may_close(line: Line, lines: Iterable[Line]) -> bool:
    """Whether a footer or header may be read last. A header is above the text then: a short text ends up there, too."""
    if line.in_foot or not line.in_head:
        return line.in_foot
    return line.baseline > next((each.baseline for each in lines if not each.in_foot), line.baseline)


def _often(times: int, pages: int) -> bool:
    return pages >= 3 and times > _REPEATS_ON * pages


def _keys(line: Line, number: int, body: float) -> list[str]:
    """What makes a line the same on every page: its height, and its text or the number in it that counts the pages.

    A large line with a number is more likely the title of a numbered chapter.
    """
    place = round(line.baseline)
    keys = [f"{place} {line.text}"]
    numbers = list(_NUMBER.finditer(line.text))
    if line.size > body * 1.05 or len(numbers) > _MOST_NUMBERS:
        return keys
    for each in numbers:
        counted = f"\0{int(each[0]) - number}"
        keys.append(f"{place} {line.text[: each.start()]}{counted}{line.text[each.end() :]}")
        if each.start() == 0 or each.end() == len(line.text):
            # The title of a chapter may stand beside it.
            keys.append(f"{place} {counted}")
    return keys


def without_repeated(lines: list[Line], number: int, repeated: set[str], body: float, told: set[str]) -> list[Line]:
    """From both edges inwards, up to the first line that is the page's own. What tells something is left once: `told`
    has what was."""

    def repeats(line: Line) -> bool:
        return bool(_PAGE_NUMBER.match(line.text)) or not repeated.isdisjoint(_keys(line, number, body))

    head = list(takewhile(lambda line: _may_open(line) and repeats(line), lines[:_EDGE_LINES]))
    below = lines[len(head) :]
    ending = below[: -_EDGE_LINES - 1 : -1]
    foot = list(takewhile(lambda line: _may_close(line, lines) and repeats(line), ending))[::-1]
    return [*_untold(head, told), *below[: len(below) - len(foot)], *_untold(foot, told)]


def _untold(lines: Iterable[Line], told: set[str]) -> list[Line]:
    untold = []
    for line in lines:
        key = _DIGITS.sub("0", line.text)
        if _TELLING.search(line.text) and key not in told:
            told.add(key)
            untold.append(line)
    return untold
