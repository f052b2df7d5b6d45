"""The lines of a PDF's page with where they stand, as PDFium reads them."""

import ctypes
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import fmean

import pypdfium2
import pypdfium2.raw as pdfium

from app.ingest.readers.pdf_directions import Letter, begins_on_right, has_any_from_right, in_reading_order

# Where PDFium found a word divided at the end of a line.
DIVIDED = "\ufffe"
CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
# Of a page's height, above and below: what repeats further inside is the same row or remark about every product.
_MARGIN = 0.2
# A page may be torn when at least so many lines have fewer letters than so many. To look again costs a millisecond.
_TORN_LINES, _TORN = 10, 8
_TURNED = 0.1
# Points: the widest page that viewers show.
_WIDEST = 14_400
_EDGE_SIZE, _EDGE_LETTER = 4.0, 2.8
_WORD = re.compile(r"\w\w")
_TWO_UNITS, _HALVES = re.compile("[\U00010000-\U0010ffff]"), re.compile("[\ud800-\udfff]")
# Dots that lead the eye from a title or a dish to its number.
_LEADERS = re.compile(r"(?:\s?\.){5,}\s*")


@dataclass(slots=True)
class Line:
    """Sizes and places in points, from the lower left corner of the page."""

    text: str
    size: float
    left: float
    right: float
    baseline: float
    in_head: bool
    in_foot: bool
    # Where it lies in the page's text, `start` inclusive to `end` exclusive.
    start: int
    end: int
    # Whether lines of its page begin on the right.
    from_right: bool
    # Which of its page's tables it is a row of, from 1; 0 of none.
    table: int = 0


def inside(page: pypdfium2.PdfPage) -> tuple[float, float]:
    """Where the foot of a page ends and its head begins. Of a page that is shown turned, all may be either."""
    if page.get_rotation():
        return math.inf, -math.inf
    _left, bottom, _right, top = page.get_cropbox()
    return bottom + _MARGIN * (top - bottom), top - _MARGIN * (top - bottom)


def text_of(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> tuple[pypdfium2.PdfTextPage, str]:
    """A page's text, to be closed by the caller, and all of it, in UTF-16 units as PDFium counts.

    PDFium takes a page with few lines and wide gaps between columns, as price lists have, for one that is written from
    top to bottom, and breaks the line after each letter. A line of text along the lower edge shows it the direction.
    """
    text_page = page.get_textpage()
    text = _units(text_page.get_text_range())
    if not _is_torn(text) or page.get_width() > _WIDEST:
        return text_page, text
    edge = _write_along_edge(document, page)
    again = page.get_textpage()
    whole, _edge, _after = _units(again.get_text_range()).rpartition(edge)
    if whole.count("\n") < text.count("\n"):
        text_page.close()
        return again, whole
    again.close()
    return text_page, text


def characters(units: str) -> str:
    """A text made of UTF-16 units as it is."""
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if _HALVES.search(units) else units


def _units(text: str) -> str:
    if not _TWO_UNITS.search(text):
        return text
    halves = memoryview(text.encode("utf-16-le")).cast("H")
    return "".join(map(chr, halves))


def _is_torn(text: str) -> bool:
    lines = [line for line in map(str.strip, text.split("\r\n")) if line]
    return len(lines) >= _TORN_LINES and fmean(map(len, lines)) < _TORN


def _write_along_edge(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> str:
    edge = "H" * (int(page.get_width() / _EDGE_LETTER) + 1)
    drawn = pdfium.FPDFPageObj_NewTextObj(document.raw, b"Helvetica", _EDGE_SIZE)
    units = ctypes.create_string_buffer(f"{edge}\0".encode("utf-16-le"))
    pdfium.FPDFText_SetText(drawn, ctypes.cast(units, ctypes.POINTER(ctypes.c_ushort)))
    pdfium.FPDFPageObj_Transform(drawn, 1, 0, 0, 1, 0, 1)
    pdfium.FPDFPage_InsertObject(page.raw, drawn)
    return edge


def measured(text_page: pypdfium2.PdfTextPage, text: str, inside: tuple[float, float]) -> list[Line]:
    """The lines of a page in the order of the file. `text`: all of it; `inside`: see above."""
    found, start = [], 0
    for line in text.split("\r\n"):
        if line.strip():
            found.append((line, start))
        start += len(line) + 2
    from_right = begins_on_right(text)
    lines = [_measure(text_page.raw, line, start, inside, from_right=from_right) for line, start in found]
    for each in lines:
        if has_any_from_right(each.text):
            _turn(text_page.raw, text, each)
    return lines


def _turn(raw: object, text: str, line: Line) -> None:
    """Puts a line with letters from right to left in the order in which it is read. One that is turned stays: its
    letters stand above each other."""
    angle = pdfium.FPDFText_GetCharAngle(raw, pdfium.FPDFText_GetCharIndexFromTextIndex(raw, line.start))
    if abs(math.sin(angle)) > _TURNED:
        return
    letters = letters_at(raw, text, range(line.start, line.end))
    line.text = in_reading_order(letters, line.size, page_from_right=line.from_right)
    line.left, line.right = min(each.left for each in letters), max(each.right for each in letters)


def letters_at(raw: object, text: str, places: Iterable[int]) -> list[Letter]:
    """Characters of a page's text, and where they stand."""
    letters: list[Letter] = []
    box = pdfium.FS_RECTF()
    for place in places:
        if letters and _HALVES.match(letters[-1].text):
            letters[-1] = replace(letters[-1], text=characters(letters[-1].text + text[place]))
            continue
        pdfium.FPDFText_GetLooseCharBox(raw, pdfium.FPDFText_GetCharIndexFromTextIndex(raw, place), box)
        letters.append(Letter(text[place], box.left, box.right))
    return letters


def _measure(raw: object, text: str, start: int, inside: tuple[float, float], *, from_right: bool) -> Line:
    begin, end = start + len(text) - len(text.lstrip()), start + len(text.rstrip().rstrip(DIVIDED))
    first = pdfium.FPDFText_GetCharIndexFromTextIndex(raw, begin)
    last = pdfium.FPDFText_GetCharIndexFromTextIndex(raw, end - 1)
    x, y, box = ctypes.c_double(), ctypes.c_double(), pdfium.FS_RECTF()
    pdfium.FPDFText_GetCharOrigin(raw, first, x, y)
    pdfium.FPDFText_GetLooseCharBox(raw, max(last, first), box)
    # Bullets have fonts and sizes of their own.
    word = _WORD.search(text)
    return Line(
        text=_LEADERS.sub(" … ", " ".join(characters(text).split())),
        size=_size(raw, pdfium.FPDFText_GetCharIndexFromTextIndex(raw, start + word.start()) if word else first),
        left=x.value,
        right=box.right,
        baseline=y.value,
        in_head=y.value > inside[1],
        in_foot=y.value < inside[0],
        start=begin,
        end=end,
        from_right=from_right,
    )


def _size(raw: object, index: int) -> float:
    """In points: fonts are often set in size 1 and enlarged by the matrix."""
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(raw, index, matrix)
    return round(float(pdfium.FPDFText_GetFontSize(raw, index)) * math.hypot(matrix.c, matrix.d), 1)
