"""Tables as text (RFC 4180 and its many relatives): delimiter and encoding are found out."""

import csv
import io
import mmap
from collections.abc import Iterator

from app.ingest.errors import Broken
from app.ingest.readers import tables
from app.ingest.readers.decoding import encoding_of
from app.ingest.sink import Sink
from app.ingest.source import Source

_SAMPLE = 65_536
_DELIMITERS = ",;\t|"
_LONGEST_FIELD = 1_000_000
_TICK_ROWS = 2_000


def read(source: Source, sink: Sink) -> None:
    """Reads line by line, whatever the size. Raises `Broken` for a quotation that never ends."""
    with source.path.open("rb") as file:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            encoding = encoding_of(content, declared=source.charset)
            sample = content[:_SAMPLE]
        text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
        for batch in tables.batches(tables.lines(_rows(text, sample.decode(encoding, errors="replace"), sink))):
            sink.text(batch)


def _rows(text: io.TextIOWrapper, sample: str, sink: Sink) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_FIELD)
    # NUL ends a field for nobody, but the parser refuses it.
    reader = csv.reader((line.replace("\0", "") for line in text), delimiter=_delimiter(sample))
    try:
        for row in reader:
            # Excel's own remark about the delimiter is no row.
            if reader.line_num > 1 or not row or not row[0].lower().startswith("sep="):
                yield row
            if reader.line_num % _TICK_ROWS == 0:
                sink.progress(reader.line_num, None)
    except csv.Error:
        raise Broken(f"The table can't be read beyond line {reader.line_num:,}: a quotation mark is missing.") from None


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
