"""Tables in a PDF whose cells are drawn: PDFium tells where lines are, pdfplumber which of them make cells
(https://github.com/jsvine/pdfplumber), and PDFium again what stands in each.

Read as lines, a table's row has no columns, a cell of two lines is torn from its row, and nobody sees what a number is.
"""

import ctypes
import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from app.ingest.readers import tables
from app.ingest.readers.pdf_directions import begins_on_right, has_any_from_right, in_reading_order
from app.ingest.readers.pdf_lines import CJK, DIVIDED, Line, characters, letters_at

# Points. Lines nearer to each other are one; shorter ones are the ends of thick lines, or dots; what is less slanted is
# horizontal or vertical.
_SAME, _SHORTEST, _STRAIGHT = 3.0, 4.0, 0.5
# Drawings and maps have more lines than any table, and would take minutes.
_MOST_OBJECTS, _MOST_SEGMENTS, _MOST_EDGES, _MOST_CROSSINGS = 4_000, 20_000, 600, 1_500
_MOST_CROSSINGS_IN_ALL, _MOST_SEGMENTS_IN_ALL = 300_000, 1_000_000
# A page that is laid out in boxes has texts in them.
_LONGEST_CELL = 1_000
_TWO = 2


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a page, in points from its lower left corner."""

    left: float
    bottom: float
    right: float
    top: float

    def holds(self, line: Line) -> bool:
        """Whether a line stands in it."""
        left, right = sorted((line.left, line.right))
        return self._beside(line) and self.left - _SAME <= left and right <= self.right + _SAME

    def cuts(self, line: Line) -> bool:
        """Whether a line stands in it and outside of it."""
        left, right = sorted((line.left, line.right))
        return self._beside(line) and not self.holds(line) and left < self.right and right > self.left

    def _beside(self, line: Line) -> bool:
        return self.bottom <= line.baseline <= self.top


@dataclass(slots=True)
class Table:
    """A table of a page. `columns` are the left edges of its columns, `rows` the texts of its cells from the top."""

    box: Box
    columns: tuple[float, ...]
    rows: list[list[str]]
    # None: to be found out from the first rows.
    has_header: bool | None = None
    # The rows as `tables.lines` writes them; those above on earlier pages are in `begun`.
    texts: list[str] = field(default_factory=list)
    begun: list[list[str]] = field(default_factory=list)

    def write(self, above: "Table | None") -> None:
        """Fills in `texts`. `above`: the table of the page before which this one goes on."""
        own = self.rows
        if above is not None:
            self.begun, self.has_header = [*above.begun, *above.rows][:_TWO], above.has_header
            own = self.rows[1:] if self.rows[0] in self.begun else self.rows
        texts = list(tables.lines([*self.begun, *own], has_header=self.has_header))
        # Of a table that goes on every row is a line; what was begun may be a title, a header, or empty.
        new = len(texts) if above is None else sum(any(map(str.strip, row)) for row in own)
        self.texts = texts[len(texts) - new :]

    def goes_on_from(self, above: "Table") -> bool:
        """Whether it can be the rest of another one: it has the same columns, and no header of its own."""
        return (
            len(self.columns) == len(above.columns)
            and all(abs(mine - theirs) <= _SAME for mine, theirs in zip(self.columns, above.columns, strict=True))
            and (not self.has_header or self.rows[0] in [*above.begun, *above.rows][:_TWO])
        )


class Finder:
    """Finds the tables of a document's pages, until it has seen so many that the rest would take minutes."""

    def __init__(self) -> None:
        self._crossings_left = _MOST_CROSSINGS_IN_ALL
        self._segments_left = _MOST_SEGMENTS_IN_ALL

    def find(
        self, page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, text: str, lines: Sequence[Line]
    ) -> list[Table]:
        """The tables of a page. `text`: all of its text, `lines` those of it."""
        found = (_table(text_page, text, cells, lines) for cells in self._grids(page))
        return [table for table in found if table is not None]

    def _grids(self, page: pypdfium2.PdfPage) -> list[list[Box]]:
        # Of a page that is shown turned, rows would be columns.
        edges = [] if page.get_rotation() else list(self._edges(page))
        if len(edges) < _TWO * _TWO or self._crossings_left < 0:
            return []
        # Takes 50 ms to import, and most documents have no tables.
        from pdfplumber import table as grids  # noqa: PLC0415

        merged = grids.merge_edges(edges, _SAME, _SAME, _SAME, _SAME)
        if len(merged) > _MOST_EDGES:
            return []
        crossings = grids.edges_to_intersections(merged, _SAME, _SAME)
        self._crossings_left -= len(crossings)
        if len(crossings) > _MOST_CROSSINGS or self._crossings_left < 0:
            return []
        cells = grids.intersections_to_cells(crossings)
        # pdfplumber counts downwards.
        return [
            [Box(left, -bottom, right, -top) for left, top, right, bottom in of_table]
            for of_table in grids.cells_to_tables(cells)
        ]

    def _edges(self, page: pypdfium2.PdfPage) -> Iterator[dict[str, Any]]:
        """The horizontal and vertical lines that are drawn, as pdfplumber wants them. Sides of boxes are lines."""
        left = min(_MOST_SEGMENTS, self._segments_left)
        for number in range(min(pdfium.FPDFPage_CountObjects(page.raw), _MOST_OBJECTS)):
            drawn = pdfium.FPDFPage_GetObject(page.raw, number)
            if pdfium.FPDFPageObj_GetType(drawn) != pdfium.FPDF_PAGEOBJ_PATH or not _is_visible(drawn):
                continue
            segments = pdfium.FPDFPath_CountSegments(drawn)
            left -= segments
            self._segments_left -= segments
            if left < 0:
                return
            for (x, y), (to_x, to_y) in _segments(drawn, segments):
                if abs(y - to_y) <= _STRAIGHT and abs(x - to_x) >= _SHORTEST:
                    yield _edge("h", min(x, to_x), max(x, to_x), -y, -y)
                elif abs(x - to_x) <= _STRAIGHT and abs(y - to_y) >= _SHORTEST:
                    yield _edge("v", x, x, -max(y, to_y), -min(y, to_y))


def put_in(lines: Sequence[Line], found: Sequence[Table]) -> list[Line]:
    """The lines of a page with each table's rows in place of what PDFium read of it."""
    placed: set[int] = set()
    shown = []
    for line in lines:
        number = next((at for at, table in enumerate(found, 1) if table.box.holds(line)), 0)
        if not number:
            shown.append(line)
        elif number not in placed:
            placed.add(number)
            shown += [replace(line, text=text, table=number) for text in found[number - 1].texts]
    return shown


def _edge(orientation: str, left: float, right: float, top: float, bottom: float) -> dict[str, Any]:
    sides = {"x0": left, "x1": right, "top": top, "bottom": bottom}
    return {"orientation": orientation, "width": right - left, "height": bottom - top, **sides}


def _is_visible(drawn: object) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(drawn, fill, stroke)
    return bool(fill.value or stroke.value)


def _segments(drawn: object, count: int) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """The straight parts of a path, from place to place on the page."""
    matrix, x, y = pdfium.FS_MATRIX(), ctypes.c_float(), ctypes.c_float()
    pdfium.FPDFPageObj_GetMatrix(drawn, matrix)
    start = last = (0.0, 0.0)
    for number in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(drawn, number)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        here = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = here
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield last, here
        last = here
        if pdfium.FPDFPathSegment_GetClose(segment):
            yield last, start
            last = start


def _table(text_page: pypdfium2.PdfTextPage, text: str, cells: Sequence[Box], lines: Sequence[Line]) -> Table | None:
    box = Box(
        min(each.left for each in cells),
        min(each.bottom for each in cells),
        max(each.right for each in cells),
        max(each.top for each in cells),
    )
    inside = [line for line in lines if box.holds(line)]
    if any(box.cuts(line) for line in lines):
        return None
    grid = _Grid(cells)
    found = _texts(text_page.raw, text, inside, grid)
    if found is None or max(map(len, found.values()), default=0) > _LONGEST_CELL:
        return None
    rows = [[found.get(cell, "") if cell else "" for cell in row] for row in grid.rows()]
    if begins_on_right("".join(found.values())):
        rows = [row[::-1] for row in rows]
    if sum(any(row) for row in rows) < _TWO or sum(any(column) for column in zip(*rows, strict=True)) < _TWO:
        return None
    # What stands alone in the first row is a title.
    has_header = _has_header(text_page.raw, inside, grid) if sum(map(bool, rows[0])) > 1 else None
    return Table(box, tuple(grid.columns), rows, has_header)


class _Grid:
    """Cells by place. `columns` are left edges, `tops` upper edges from the top."""

    def __init__(self, cells: Sequence[Box]) -> None:
        self.columns = sorted({each.left for each in cells})
        self.tops = sorted({each.top for each in cells}, reverse=True)
        self._cells: dict[tuple[int, int], Box] = {}
        for cell in cells:
            for row in range(self._row(cell.top), self._row(cell.bottom + _SAME) + 1):
                for column in range(self._column(cell.left), self._column(cell.right - _SAME) + 1):
                    self._cells[row, column] = cell

    def at(self, x: float, y: float) -> Box | None:
        """The cell that a place lies in."""
        return self._cells.get((self._row(y), self._column(x)))

    def rows(self) -> Iterator[list[Box | None]]:
        """Each row's cells: one that spans several rows is in each of them, one that spans columns in the first."""
        for row in range(len(self.tops)):
            cells = [self._cells.get((row, column)) for column in range(len(self.columns))]
            yield [cell if cell and cell.left == left else None for cell, left in zip(cells, self.columns, strict=True)]

    def _row(self, y: float) -> int:
        return max(bisect_right(self.tops, -y, key=lambda top: -top) - 1, 0)

    def _column(self, x: float) -> int:
        return max(bisect_right(self.columns, x) - 1, 0)


def _texts(raw: object, text: str, lines: Iterable[Line], grid: _Grid) -> dict[Box, str] | None:
    """The text of each cell, letter by letter in the order in which the lines are read. None when there is a letter
    that stands in none."""
    found: dict[Box, str] = {}
    box = pdfium.FS_RECTF()
    for line in lines:
        places: dict[Box, list[int]] = {}
        cell = None
        for place in range(line.start, line.end):
            if not text[place].isspace() and text[place] != DIVIDED:
                pdfium.FPDFText_GetLooseCharBox(raw, pdfium.FPDFText_GetCharIndexFromTextIndex(raw, place), box)
                cell = grid.at((box.left + box.right) / 2, (box.bottom + box.top) / 2)
                if cell is None:
                    return None
            if cell is not None:
                places.setdefault(cell, []).append(place)
        for cell, of_cell in places.items():
            found[cell] = _below(found.get(cell, ""), _line_of(raw, text, of_cell, line))
    return {cell: " ".join(letters.rstrip(DIVIDED).split()) for cell, letters in found.items()}


def _line_of(raw: object, text: str, places: Sequence[int], line: Line) -> str:
    own = characters("".join(text[place] for place in places)).rstrip()
    if not has_any_from_right(own):
        return own
    return in_reading_order(letters_at(raw, text, places), line.size, page_from_right=line.from_right)


def _below(above: str, line: str) -> str:
    """What stands in a cell so far with its next line."""
    if not above or above.endswith(DIVIDED):
        return above.rstrip(DIVIDED) + line
    together = CJK.match(above[-1]) and CJK.match(line[0])
    return f"{above}{'' if together else ' '}{line}"


def _has_header(raw: object, lines: Sequence[Line], grid: _Grid) -> bool | None:
    """Whether the first row looks unlike the second. Where there are two columns that look alike, they are names and
    values; where there are more, the words must tell."""
    looks = [
        {_look(raw, line.end - 1) for line in lines if bottom <= line.baseline < top}
        for top, bottom in pairwise([*grid.tops, -math.inf][: _TWO + 1])
    ]
    if not all(looks):
        return None
    if looks[0].isdisjoint(looks[1]):
        return True
    return None if len(grid.columns) > _TWO else False


def _look(raw: object, place: int) -> tuple[bytes, int, int]:
    """Font, weight and colour of the letter at a place of the text."""
    index = pdfium.FPDFText_GetCharIndexFromTextIndex(raw, place)
    name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(raw, index, name, len(name), flags)
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    pdfium.FPDFText_GetFillColor(raw, index, red, green, blue, alpha)
    colour = red.value << 16 | green.value << 8 | blue.value
    return name.value, int(pdfium.FPDFText_GetFontWeight(raw, index)), colour
