"""Where the sentences of a passage lie."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sentencex

from app.ai.language import primary

MAX_CHARACTERS = 400
_LEAST_PART = 80

_LINE = re.compile(r"[^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_HEADING = re.compile(r"#{1,6}\s|={3,}|-{3,}")
_BULLET = re.compile(r"[-*+•·‣◦▪–—]\s+|(?:\d{1,3}|[A-Za-z])[.)]\s+|[#>]+\s*|\[[ xX]\]\s+")
_TABLE_RULE = re.compile(r"[|\s:+=-]+")
_TERMINAL = tuple(".!?…。！？؟।॥။።:;；：")
_CLAUSE = re.compile(r"[;,:،؛、，；：。—–]\s*|\s+-\s+")
_STEP = re.compile(r"\s*\(?\d{1,3}[.)]\s")
_SECTION = re.compile(r"\s*\d{1,2}(?:\.\d{1,2})*\.?\s+[^\W\d].{0,80}$")
_TITLE = re.compile(r"[^\d:：|\n]{1,60}")
_NUMBER = re.compile(r"\s*\(?\d{1,3}[.)]\s*")
_BLANK = re.compile(r"\s+")
# What app.ingest.readers.tables writes between the cells of a row.
_BETWEEN_CELLS = re.compile(r" \| ")
# Thai and Lao mark the end of a sentence by a blank at most. It ends clauses, too, and stands around numbers and the
# sign of repetition, so a part between blanks may as well be less than a sentence, but not as little as a few words.
_UNMARKED_END = re.compile(
    r"(?<=[\u0e01-\u0e45\u0e47-\u0e4e\u0e81-\u0ec5\u0ec8-\u0ece])\s+(?=[\u0e01-\u0e45\u0e81-\u0ec5])"
)
_LEAST_UNMARKED = 25
# A line at least this long that ends in mid-sentence was probably broken by the page's width.
_WRAPPED_LINE = 40


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a text, by character: `text[start:end]`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The part itself."""
        return text[self.start : self.end]


def split(text: str, language: str) -> list[Span]:
    """The sentences of `text` in order, without the blanks and bullets around them, each at most 400 characters.

    Headings, list items, table rows and line breaks end a sentence, except where a line of running text goes on in
    lower case; blanks end one in Thai and Lao. A longer sentence is cut between clauses, else between words.
    """
    tag = primary(language)
    tag = "en" if tag == "und" else tag
    return [
        part for block in _blocks(text) for sentence in _sentences(text, block, tag) for part in _cut(text, sentence)
    ]


def is_table_row(text: str) -> bool:
    """Whether a line is a row of a Markdown table."""
    stripped = text.strip()
    return stripped.count("|") >= 2 and stripped.startswith("|")


def is_row(text: str) -> bool:
    """Whether a line is a row of any table, such as `Plan: Basic | Price: 10 €`, which carries its header's names."""
    return is_table_row(text) or _BETWEEN_CELLS.search(text) is not None


def cells(row: str) -> list[str]:
    """What stands in the cells of a row, without the names of their columns."""
    return [cell.rpartition(": ")[2].strip() for cell in row.strip("| ").split("|")]


def is_list_item(text: str, span: Span) -> bool:
    """Whether a span starts a line of `text` with a bullet or a number."""
    before = text[text.rfind("\n", 0, span.start) + 1 : span.start]
    return _BULLET.match(before.lstrip() + text[span.start : span.end]) is not None


def ends_sentence(text: str) -> bool:
    """Whether a text ends as a sentence does, or with the colon that opens a list."""
    return text.endswith(_TERMINAL)


def ends_unmarked(text: str, at: int) -> bool:
    """Whether a sentence may end at a place of a text that has no mark there: before a blank of Thai or Lao."""
    return _UNMARKED_END.match(text, at) is not None


def is_numbered_item(text: str, span: Span) -> bool:
    """Whether a span starts a line of `text` with a number, as the steps of a procedure do."""
    line = text.rfind("\n", 0, span.start) + 1
    return _STEP.match(text, line, span.end) is not None


def is_heading(text: str, span: Span, headings: Collection[str]) -> bool:
    """Whether a span is a line that names what follows: one of `headings`, a Markdown heading, a line such as
    "4.2 Brakes", or a short first line that is no sentence."""
    line = text.rfind("\n", 0, span.start) + 1
    if text[span.end : span.end + 1] not in ("", "\n", "\r"):
        return False
    sentence = span.of(text)
    if sentence in headings or text[line:].lstrip().startswith("#"):
        return True
    if sentence.endswith(_TERMINAL):
        return False
    return _SECTION.match(text, line, span.end) is not None or _opens(text, span)


def _opens(text: str, span: Span) -> bool:
    opening = not text[: span.start].strip() and text[span.end :].strip()
    return bool(opening) and _TITLE.fullmatch(text, span.start, span.end) is not None


def _blocks(text: str) -> Iterator[Span]:
    """Lines, with those joined that one sentence was broken over."""
    open_block: Span | None = None
    for match in _LINE.finditer(text):
        line = _trimmed(text, Span(*match.span()))
        if line.start == line.end or _TABLE_RULE.fullmatch(line.of(text)):
            continue
        if open_block and _goes_on(text, open_block, line):
            open_block = Span(open_block.start, line.end)
            continue
        if open_block:
            yield open_block
        open_block = line
    if open_block:
        yield open_block


def _goes_on(text: str, block: Span, line: Span) -> bool:
    last = text[max(text.rfind("\n", 0, block.end) + 1, block.start) : block.end]
    return (
        len(last) >= _WRAPPED_LINE
        and text.count("\n", block.end, line.start) == 1
        and text[line.start].islower()
        and not last.endswith(_TERMINAL)
        and not is_row(last)
        and not is_row(line.of(text))
        and not _HEADING.match(last)
        and not _BULLET.match(line.of(text))
    )


def _sentences(text: str, block: Span, language: str) -> Iterator[Span]:
    # A row says what it says as a whole: cut at the full stops in its cells, its parts lack the name of their row.
    if is_row(block.of(text)):
        yield block
        return
    bullet = _BULLET.match(text, block.start, block.end)
    at = start = bullet.end() if bullet else block.start
    for sentence in sentencex.segment(language, _encodable(text[at : block.end])):
        at += len(sentence)
        # "2." in mid-line belongs to what it numbers.
        if _NUMBER.fullmatch(text, start, at) is None:
            yield from _between_blanks(text, Span(start, at))
            start = at
    yield from _between_blanks(text, Span(start, block.end))


def _between_blanks(text: str, sentence: Span) -> Iterator[Span]:
    """What lies between the blanks of Thai and Lao, where there is enough of it; other sentences as they are."""
    start = sentence.start
    for blank in _UNMARKED_END.finditer(text, sentence.start, sentence.end):
        if min(blank.start() - start, sentence.end - blank.end()) >= _LEAST_UNMARKED:
            yield from _unless_blank(text, Span(start, blank.start()))
            start = blank.end()
    yield from _unless_blank(text, Span(start, sentence.end))


def _encodable(text: str) -> str:
    """As many characters, without the lone surrogates that native code refuses."""
    return text.encode("utf-8", "replace").decode()


def _unless_blank(text: str, span: Span) -> Iterator[Span]:
    trimmed = _trimmed(text, span)
    if trimmed.start < trimmed.end:
        yield trimmed


def _cut(text: str, sentence: Span) -> Iterator[Span]:
    start = sentence.start
    while sentence.end - start > MAX_CHARACTERS:
        end = _cutting_point(text, start)
        yield _trimmed(text, Span(start, end))
        start = _trimmed(text, Span(end, sentence.end)).start
    if start < sentence.end:
        yield Span(start, sentence.end)


def _cutting_point(text: str, start: int) -> int:
    latest = start + MAX_CHARACTERS
    for boundary in (_BETWEEN_CELLS, _CLAUSE, _BLANK):
        ends = [match.end() for match in boundary.finditer(text, start + _LEAST_PART, latest)]
        if ends:
            return ends[-1]
    return latest


def _trimmed(text: str, span: Span) -> Span:
    part = span.of(text)
    start = span.start + len(part) - len(part.lstrip())
    return Span(start, max(start, span.start + len(part.rstrip())))
