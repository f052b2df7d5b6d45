"""Tables as text (RFC 4180 and its many relatives): delimiter and encoding are found out."""

import csv
import io
import mmap
from collections import deque
from collections.abc import Iterator

from app.ingest.errors import Broken
from app.ingest.readers import tables
from app.ingest.readers.decoding import encoding_of
from app.ingest.sink import Sink
from app.ingest.source import Source

_SAMPLE = 65_536
_DELIMITERS = ",;\t|"
_LONGEST_FIELD = 1_000_000
_MOST_LINES_OF_A_ROW = 1_000
# So many lines within a quotation, all with as many delimiters as the table's rows, are rows; where the quotation ends
# as it should, more than a week's opening hours have.
_ROWS_NOT_LINES = 4
_ROWS_NOT_CELL = 8
# So many lines are read again for quotations that weren't closed; then the table's quotation marks mean nothing.
_MOST_AGAIN = 100_000
_SAME = 0.8
_TICK_ROWS = 2_000


def read(source: Source, sink: Sink) -> None:
    """Reads line by line, whatever the size. Raises `Broken` for a cell that is too long."""
    with source.path.open("rb") as file:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            encoding = encoding_of(content, declared=source.charset)
            sample = content[:_SAMPLE]
        text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
        for batch in tables.batches(tables.lines(_rows(text, sample.decode(encoding, errors="replace"), sink))):
            sink.text(batch)


def _rows(text: io.TextIOWrapper, sample: str, sink: Sink) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_FIELD)
    mark = _delimiter(sample)
    # NUL ends a field for nobody, but the parser refuses it.
    lines = _Lines(line.replace("\0", "") for line in text)
    reader = csv.reader(lines, delimiter=mark, strict=True)
    try:
        while (row := _row(reader, lines, mark)) is not None:
            # Excel's own remark about the delimiter is no row.
            if lines.read > 1 or not row or not row[0].lower().startswith("sep="):
                yield row
            if lines.read % _TICK_ROWS == 0:
                sink.progress(lines.read, None)
    except csv.Error:
        raise Broken(
            f"The table can't be read beyond line {lines.read:,}: a cell is longer than {_LONGEST_FIELD:,} characters."
        ) from None


class _Lines(Iterator[str]):
    """Lines that can be read again. `taken`: those of the row that is being read."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.read = 0
        self.again = 0
        self.width = 0  # of the widest row so far

    def __next__(self) -> str:
        if len(self.taken) == _MOST_LINES_OF_A_ROW:
            raise csv.Error
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        self.read += 1
        return line

    def keep_first(self) -> str:
        """Gives back all lines of the row but the first, which is returned."""
        first, *others = self.taken
        self._again.extendleft(reversed(others))
        self.read -= len(others)
        self.again += len(others)
        return first


def _row(reader: Iterator[list[str]], lines: _Lines, mark: str) -> list[str] | None:
    """The next one; None at the end. A line whose quotation mark isn't closed is read as it is and swallows no others.

    Raises `csv.Error` for a cell that is too long.
    """
    lines.taken.clear()
    if lines.again > _MOST_AGAIN:
        return next(csv.reader(lines, delimiter=mark, quoting=csv.QUOTE_NONE), None)
    try:
        row = next(reader, None)
        if not _look_like_rows(lines.taken[1:-1], mark, lines.width, row):
            lines.width = max(lines.width, len(row or ()))
            return row
    except csv.Error:
        if len(lines.taken) == 1:
            # Something stands behind a quotation, which spoils nothing but its cell.
            return next(csv.reader(lines.taken, delimiter=mark))
    return next(csv.reader([lines.keep_first()], delimiter=mark, quoting=csv.QUOTE_NONE))


def _look_like_rows(quoted: list[str], mark: str, width: int, row: list[str] | None) -> bool:
    """Whether lines within a quotation are rows of the table: text doesn't have as many delimiters in every line. With
    them `row` is as wide as the table's rows where they are one of its cells, and mostly wider or narrower else."""
    marks = [line.count(mark) for line in quoted]
    usual = max(set(marks), key=marks.count, default=0)
    least = _ROWS_NOT_CELL if row is not None and len(row) == width else _ROWS_NOT_LINES
    return len(marks) >= least and 0 < usual >= width - 1 and marks.count(usual) > _SAME * len(marks)


def _delimiter(sample: str) -> str:
    """The one that divides most lines into the same number of fields, quotations respected."""
    lines = sample.splitlines(keepends=True)
    lines = lines[:-1] if len(lines) > 1 and len(sample) >= _SAMPLE else lines
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].strip()) == 5:
        return lines[0][4]
    return max(_DELIMITERS, key=lambda mark: _regularity(lines[:200], mark))


def _regularity(lines: list[str], mark: str) -> float:
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=mark) if row]
    except csv.Error:
        return 0.0
    usual = max(set(widths), key=widths.count, default=1)
    return 0.0 if usual < 2 else widths.count(usual) / len(widths) + usual / 10_000
