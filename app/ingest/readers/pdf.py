"""PDF, page by page, through PDFium (https://pdfium.googlesource.com/pdfium).

PDF knows no paragraphs: a page is lines at places. Paragraphs are put together from the distances between lines,
headings are guessed from their size, and lines that repeat in the margins of pages are dropped.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import pypdfium2
import pypdfium2.raw as pdfium

from app.ingest.errors import Broken, Encrypted, NoText, TooManyPages
from app.ingest.readers import pdf_lines, pdf_tables
from app.ingest.readers.pdf_lines import CJK, DIVIDED, Line
from app.ingest.readers.pdf_margins import repeated_keys, without_repeated
from app.ingest.readers.pdf_tables import Finder, Table
from app.ingest.sink import Sink
from app.ingest.source import Source

_HEADING_IS_LARGER = 1.15
_HEADINGS_SHARE = 0.4
_FULL = 0.9
# Letters are half as wide as high on average, in sizes of the type; typewriters' 0.6.
_SPREAD = 0.75
_SCAN_LETTERS_PER_PAGE = 5
# As many characters of a table's rows make a paragraph as in other formats.
_ROWS = 400
_BULLET = re.compile(r"[•◦▪‣·–—*\-]\s|\(?\d{1,3}[.)]\s|\(?[a-z][.)]\s")


@dataclass(slots=True)
class _Page:
    lines: list[Line]
    tables: list[Table]


def read(source: Source, sink: Sink) -> None:
    """Raises `Encrypted`, `Broken`, `TooManyPages`, `NoText`."""
    document = _open(source.path)
    count = len(document)
    if count > source.limits.max_pages:
        raise TooManyPages(f"The PDF has {count:,} pages; {source.limits.max_pages:,} are allowed.")
    sink.title(document.get_metadata_value("Title"))
    pages = []
    finder = Finder()
    for number in range(count):
        pages.append(_page(document, number, finder))
        sink.progress(number + 1, count)
    empty = sum(not _letters(page.lines) for page in pages)
    sink.pages(count, without_text=empty)
    if sum(_letters(page.lines) for page in pages) < _SCAN_LETTERS_PER_PAGE * count:
        raise NoText(
            f"The PDF has {count:,} {'page' if count == 1 else 'pages'} but no text: it is probably a scan. "
            "Run text recognition (OCR) over it and send the result."
        )
    _write(pages, sink)


def _open(path: Path) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == pdfium.FPDF_ERR_PASSWORD:
            raise Encrypted from None
        raise Broken("The PDF is damaged and can't be opened.") from None


def _page(document: pypdfium2.PdfDocument, number: int, finder: Finder) -> _Page:
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        # A page that can't be loaded is shown empty by viewers, too; the others can be read.
        return _Page([], [])
    try:
        text_page, text = pdf_lines.text_of(document, page)
        try:
            lines = pdf_lines.measured(text_page, text, pdf_lines.inside(page))
            return _Page(lines, finder.find(page, text_page, text, lines))
        finally:
            text_page.close()
    finally:
        page.close()


def _letters(lines: Iterable[Line]) -> int:
    return sum(sum(map(str.isalnum, line.text)) for line in lines)


def _write(found: Sequence[_Page], sink: Sink) -> None:
    body = _body_size(page.lines for page in found)
    pages = list(_with_tables(found))
    repeated = repeated_keys(pages, body)
    told: set[str] = set()
    kept = [without_repeated(lines, number, repeated, body, told) for number, lines in enumerate(pages)]
    paragraphs = [(number, each) for number, lines in enumerate(kept) for each in _paragraphs(lines)]
    levels = _heading_levels([lines for _page, lines in paragraphs], body)
    for number, lines in paragraphs:
        text = _joined(lines, _margin(lines, kept[number]))
        level = levels.get(lines[0].size)
        if level and _could_be_heading(lines):
            sink.heading(level, text, page=number + 1)
        else:
            sink.text(text, page=number + 1)


def _with_tables(pages: Iterable[_Page]) -> Iterator[list[Line]]:
    """The lines of each page, with tables written row by row; those that go on from the page before with its header."""
    open_table: Table | None = None
    for page in pages:
        for number, table in enumerate(page.tables):
            opens = (
                open_table and not number and not any(_is_beyond(line, table, page, above=True) for line in page.lines)
            )
            table.write(open_table if opens and open_table and table.goes_on_from(open_table) else None)
        last = page.tables[-1] if page.tables else None
        closes = last and not any(_is_beyond(line, last, page, above=False) for line in page.lines)
        open_table = last if closes else None
        yield pdf_tables.put_in(page.lines, page.tables)


def _is_beyond(line: Line, table: Table, page: _Page, *, above: bool) -> bool:
    """Whether a line stands above or below all tables, and isn't part of a header or footer."""
    if above:
        return line.baseline > table.box.top and not line.in_head
    return line.baseline < table.box.bottom and not line.in_foot


def _body_size(pages: Iterable[list[Line]]) -> float:
    """The size in which most letters are set."""
    sizes: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _paragraphs(lines: Sequence[Line]) -> list[list[Line]]:
    if not lines:
        return []
    pitch = _pitch(lines)
    paragraphs = [[lines[0]]]
    for above, line in pairwise(lines):
        if _parts(above, line, pitch) or (line.table and sum(len(row.text) for row in paragraphs[-1]) >= _ROWS):
            paragraphs.append([line])
        else:
            paragraphs[-1].append(line)
    return paragraphs


def _pitch(lines: Sequence[Line]) -> float:
    """The usual distance between two baselines, in sizes of the type."""
    steps = [
        (above.baseline - line.baseline) / line.size
        for above, line in pairwise(lines)
        if line.size
        and not line.table
        and above.size == line.size
        and 0.8 < (above.baseline - line.baseline) / line.size < 2.5
    ]
    return median(steps) if steps else 1.3


def _parts(above: Line, line: Line, pitch: float) -> bool:
    if above.table or line.table:
        return above.table != line.table
    if abs(above.size - line.size) > 0.05 * max(above.size, line.size):
        return True
    step = above.baseline - line.baseline
    # Upwards is the next column.
    return step < -0.5 * line.size or step > pitch * 1.35 * line.size


def _heading_levels(paragraphs: Sequence[list[Line]], body: float) -> dict[float, int]:
    """Levels by size. None at all where so much is set large that size says nothing."""
    large = [lines for lines in paragraphs if lines[0].size >= body * _HEADING_IS_LARGER and _could_be_heading(lines)]
    if sum(map(_letters, large)) > _HEADINGS_SHARE * sum(map(_letters, paragraphs)):
        return {}
    sizes = sorted({lines[0].size for lines in large}, reverse=True)
    return {size: min(level, 6) for level, size in enumerate(sizes, 1)}


def _could_be_heading(lines: Sequence[Line]) -> bool:
    text = " ".join(line.text for line in lines)
    return (
        len(lines) <= 3
        and not lines[0].table
        and len(text) <= 150
        and any(map(str.isalpha, text))
        and not text.endswith((".", ",", ";"))
        and " … " not in text
    )


def _margin(lines: Sequence[Line], page: Sequence[Line]) -> float:
    """Where full lines of a paragraph end: at its own edge if most reach that, at the column's otherwise."""
    own = max(map(_end, lines))
    begin = min(map(_begin, lines))
    full = sum(_end(line) - begin > _FULL * (own - begin) for line in lines[:-1])
    if full * 2 > len(lines) - 1 > 1:
        return own
    column = [_end(line) for line in page if line.size == lines[0].size and abs(_begin(line) - begin) < 3 * line.size]
    return max([own, *column])


def _begin(line: Line) -> float:
    """Where a line begins, counted in the direction of its page."""
    return -line.right if line.from_right else line.left


def _end(line: Line) -> float:
    return -line.left if line.from_right else line.right


def _joined(lines: Sequence[Line], margin: float) -> str:
    """One paragraph. A line that was full runs on; a line that ended early was meant to end there."""
    text = ""
    for line, below in pairwise(lines):
        text += line.text.rstrip(DIVIDED) + _glue(line, below, margin)
    ending = lines[-1].text
    return text + (ending.rstrip(DIVIDED) + "-" if ending.endswith(DIVIDED) else ending)


def _glue(line: Line, below: Line, margin: float) -> str:
    if line.text.endswith((DIVIDED, "\u00ad")):
        return ""
    if _BULLET.match(below.text) or _is_row(line) or _is_row(below):
        return "\n"
    first_word = below.text.partition(" ")[0]
    if _end(line) + _letter_width(line) * (len(first_word) + 1) < margin:
        return "\n"
    return "" if CJK.match(line.text[-1]) and CJK.match(below.text[0]) else " "


def _letter_width(line: Line) -> float:
    return (line.right - line.left) / max(len(line.text), 1)


def _is_row(line: Line) -> bool:
    """Whether it is a row of a table, or there are gaps in it, as between the columns of one."""
    return bool(line.table) or (_letter_width(line) > _SPREAD * line.size and not CJK.search(line.text))
