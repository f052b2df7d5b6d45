"""PDF, page by page, through PDFium (https://pdfium.googlesource.com/pdfium).

PDF knows no paragraphs: a page is lines at places. Paragraphs are put together from the distances between lines,
headings are guessed from their size, and lines that repeat in the margins of pages are dropped.
"""

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from pathlib import Path
from statistics import median

import pypdfium2
import pypdfium2.raw as pdfium

from app.ingest.errors import Broken, Encrypted, NoText, TooManyPages
from app.ingest.sink import Sink
from app.ingest.source import Source

# Where PDFium found a word divided at the end of a line.
_DIVIDED = "\ufffe"
_EDGE_LINES = 3
# Of a page's height, above and below: what repeats further inside is the same row or remark about every product.
_MARGIN = 0.2
_REPEATS_ON = 0.6
_HEADING_IS_LARGER = 1.15
_HEADINGS_SHARE = 0.4
_FULL = 0.9
# Letters are half as wide as high on average, in sizes of the type; typewriters' 0.6.
_SPREAD = 0.75
_SCAN_LETTERS_PER_PAGE = 5
_CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_BULLET = re.compile(r"[•◦▪‣·–—*\-]\s|\(?\d{1,3}[.)]\s|\(?[a-z][.)]\s")
_NUMBER = re.compile(r"(?<!\d)\d{1,5}(?!\d)")
_MOST_NUMBERS = 8
_PAGE_NUMBER = re.compile(r"[-\u2013\u2014 ]*(?:\d{1,4}|[ivxl]{1,6})[-\u2013\u2014 ]*$")
# Phone numbers, hours and addresses of the web: what visitors ask for often stands in a footer and nowhere else.
_TELLING = re.compile(r"@|www\.|https?:|(?:\d[\s()/+.:–-]{0,3}){6}")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"\w\w")
# Dots that lead the eye from a title or a dish to its number.
_LEADERS = re.compile(r"(?:\s?\.){5,}\s*")


@dataclass(slots=True)
class _Line:
    """Sizes and places in points, from the lower left corner of the page."""

    text: str
    size: float
    left: float
    right: float
    baseline: float
    in_head: bool
    in_foot: bool


def read(source: Source, sink: Sink) -> None:
    """Raises `Encrypted`, `Broken`, `TooManyPages`, `NoText`."""
    document = _open(source.path)
    count = len(document)
    if count > source.limits.max_pages:
        raise TooManyPages(f"The PDF has {count:,} pages; {source.limits.max_pages:,} are allowed.")
    sink.title(document.get_metadata_value("Title"))
    pages = []
    for number in range(count):
        pages.append(_lines(document, number))
        sink.progress(number + 1, count)
    empty = sum(not _letters(lines) for lines in pages)
    sink.pages(count, without_text=empty)
    if sum(map(_letters, pages)) < _SCAN_LETTERS_PER_PAGE * count:
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


def _lines(document: pypdfium2.PdfDocument, number: int) -> list[_Line]:
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        # A page that can't be loaded is shown empty by viewers, too; the others can be read.
        return []
    try:
        text_page = page.get_textpage()
        try:
            return _measured(text_page, _inside(page))
        finally:
            text_page.close()
    finally:
        page.close()


def _inside(page: pypdfium2.PdfPage) -> tuple[float, float]:
    """Where the foot of a page ends and its head begins. Of a page that is shown turned, all may be either."""
    if page.get_rotation():
        return math.inf, -math.inf
    _left, bottom, _right, top = page.get_cropbox()
    return bottom + _MARGIN * (top - bottom), top - _MARGIN * (top - bottom)


def _measured(text_page: pypdfium2.PdfTextPage, inside: tuple[float, float]) -> list[_Line]:
    lines, start = [], 0
    for text in text_page.get_text_range().split("\r\n"):
        if text.strip():
            lines.append(_measure(text_page.raw, text, start, inside))
        start += len(text) + 2
    return lines


def _measure(raw: object, text: str, start: int, inside: tuple[float, float]) -> _Line:
    first = pdfium.FPDFText_GetCharIndexFromTextIndex(raw, start + len(text) - len(text.lstrip()))
    last = pdfium.FPDFText_GetCharIndexFromTextIndex(raw, start + len(text.rstrip().rstrip(_DIVIDED)) - 1)
    x, y, box = ctypes.c_double(), ctypes.c_double(), pdfium.FS_RECTF()
    pdfium.FPDFText_GetCharOrigin(raw, first, x, y)
    pdfium.FPDFText_GetLooseCharBox(raw, max(last, first), box)
    # Bullets have fonts and sizes of their own.
    word = _WORD.search(text)
    size = _size(raw, pdfium.FPDFText_GetCharIndexFromTextIndex(raw, start + word.start()) if word else first)
    shown = _LEADERS.sub(" … ", " ".join(text.split()))
    return _Line(shown, size, x.value, box.right, y.value, in_head=y.value > inside[1], in_foot=y.value < inside[0])


def _size(raw: object, index: int) -> float:
    """In points: fonts are often set in size 1 and enlarged by the matrix."""
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(raw, index, matrix)
    return round(float(pdfium.FPDFText_GetFontSize(raw, index)) * math.hypot(matrix.c, matrix.d), 1)


def _letters(lines: Iterable[_Line]) -> int:
    return sum(sum(map(str.isalnum, line.text)) for line in lines)


def _write(pages: Sequence[list[_Line]], sink: Sink) -> None:
    body = _body_size(pages)
    repeated = _repeated(pages, body)
    told: set[str] = set()
    kept = [_without_repeated(lines, number, repeated, body, told) for number, lines in enumerate(pages)]
    paragraphs = [(number, each) for number, lines in enumerate(kept) for each in _paragraphs(lines)]
    levels = _heading_levels([lines for _page, lines in paragraphs], body)
    for number, lines in paragraphs:
        text = _joined(lines, _margin(lines, kept[number]))
        level = levels.get(lines[0].size)
        if level and _could_be_heading(lines):
            sink.heading(level, text, page=number + 1)
        else:
            sink.text(text, page=number + 1)


def _body_size(pages: Iterable[list[_Line]]) -> float:
    """The size in which most letters are set."""
    sizes: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _repeated(pages: Sequence[list[_Line]], body: float) -> set[str]:
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


def _may_open(line: _Line) -> bool:
    """Whether a page's header or footer may be read first: some programs draw both before the text."""
    return line.in_head or line.in_foot


def _may_close(line: _Line, lines: Iterable[_Line]) -> bool:
    """Whether a footer or header may be read last. A header is above the text then: a short text ends up there, too."""
    if line.in_foot or not line.in_head:
        return line.in_foot
    return line.baseline > next((each.baseline for each in lines if not each.in_foot), line.baseline)


def _often(times: int, pages: int) -> bool:
    return pages >= 3 and times > _REPEATS_ON * pages


def _keys(line: _Line, number: int, body: float) -> list[str]:
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


def _without_repeated(lines: list[_Line], number: int, repeated: set[str], body: float, told: set[str]) -> list[_Line]:
    """From both edges inwards, up to the first line that is the page's own. What tells something is left once: `told`
    has what was."""

    def repeats(line: _Line) -> bool:
        return bool(_PAGE_NUMBER.match(line.text)) or not repeated.isdisjoint(_keys(line, number, body))

    head = list(takewhile(lambda line: _may_open(line) and repeats(line), lines[:_EDGE_LINES]))
    below = lines[len(head) :]
    ending = below[: -_EDGE_LINES - 1 : -1]
    foot = list(takewhile(lambda line: _may_close(line, lines) and repeats(line), ending))[::-1]
    return [*_untold(head, told), *below[: len(below) - len(foot)], *_untold(foot, told)]


def _untold(lines: Iterable[_Line], told: set[str]) -> list[_Line]:
    untold = []
    for line in lines:
        key = _DIGITS.sub("0", line.text)
        if _TELLING.search(line.text) and key not in told:
            told.add(key)
            untold.append(line)
    return untold


def _paragraphs(lines: Sequence[_Line]) -> list[list[_Line]]:
    if not lines:
        return []
    pitch = _pitch(lines)
    paragraphs = [[lines[0]]]
    for above, line in pairwise(lines):
        if _parts(above, line, pitch):
            paragraphs.append([line])
        else:
            paragraphs[-1].append(line)
    return paragraphs


def _pitch(lines: Sequence[_Line]) -> float:
    """The usual distance between two baselines, in sizes of the type."""
    steps = [
        (above.baseline - line.baseline) / line.size
        for above, line in pairwise(lines)
        if line.size and above.size == line.size and 0.8 < (above.baseline - line.baseline) / line.size < 2.5
    ]
    return median(steps) if steps else 1.3


def _parts(above: _Line, line: _Line, pitch: float) -> bool:
    if abs(above.size - line.size) > 0.05 * max(above.size, line.size):
        return True
    step = above.baseline - line.baseline
    # Upwards is the next column.
    return step < -0.5 * line.size or step > pitch * 1.35 * line.size


def _heading_levels(paragraphs: Sequence[list[_Line]], body: float) -> dict[float, int]:
    """Levels by size. None at all where so much is set large that size says nothing."""
    large = [lines for lines in paragraphs if lines[0].size >= body * _HEADING_IS_LARGER and _could_be_heading(lines)]
    if sum(map(_letters, large)) > _HEADINGS_SHARE * sum(map(_letters, paragraphs)):
        return {}
    sizes = sorted({lines[0].size for lines in large}, reverse=True)
    return {size: min(level, 6) for level, size in enumerate(sizes, 1)}


def _could_be_heading(lines: Sequence[_Line]) -> bool:
    text = " ".join(line.text for line in lines)
    return (
        len(lines) <= 3
        and len(text) <= 150
        and any(map(str.isalpha, text))
        and not text.endswith((".", ",", ";"))
        and " … " not in text
    )


def _margin(lines: Sequence[_Line], page: Sequence[_Line]) -> float:
    """Where full lines of a paragraph end: at its own right edge if most reach that, at the column's otherwise."""
    own = max(line.right for line in lines)
    left = min(line.left for line in lines)
    full = sum(line.right - left > _FULL * (own - left) for line in lines[:-1])
    if full * 2 > len(lines) - 1 > 1:
        return own
    column = [line.right for line in page if line.size == lines[0].size and abs(line.left - left) < 3 * line.size]
    return max([own, *column])


def _joined(lines: Sequence[_Line], margin: float) -> str:
    """One paragraph. A line that was full runs on; a line that ended early was meant to end there."""
    text = ""
    for line, below in pairwise(lines):
        text += line.text.rstrip(_DIVIDED) + _glue(line, below, margin)
    ending = lines[-1].text
    return text + (ending.rstrip(_DIVIDED) + "-" if ending.endswith(_DIVIDED) else ending)


def _glue(line: _Line, below: _Line, margin: float) -> str:
    if line.text.endswith((_DIVIDED, "\u00ad")):
        return ""
    if _BULLET.match(below.text) or _is_row(line) or _is_row(below):
        return "\n"
    first_word = below.text.partition(" ")[0]
    if line.right + _letter_width(line) * (len(first_word) + 1) < margin:
        return "\n"
    return "" if _CJK.match(line.text[-1]) and _CJK.match(below.text[0]) else " "


def _letter_width(line: _Line) -> float:
    return (line.right - line.left) / max(len(line.text), 1)


def _is_row(line: _Line) -> bool:
    """Whether there are gaps in it, as between the columns of a table."""
    return _letter_width(line) > _SPREAD * line.size and not _CJK.search(line.text)
