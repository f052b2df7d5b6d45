"""Workbooks (XLSX, ODS). Every visible sheet is a heading, every row a line that stands alone."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from app.ingest import archive
from app.ingest.errors import Broken, Encrypted
from app.ingest.readers import tables
from app.ingest.sink import Sink
from app.ingest.source import Source

_TICK_ROWS = 1_000
_Value = int | float | str | bool | date | time | datetime | timedelta


def read(source: Source, sink: Sink) -> None:
    """Raises `Broken`, `Encrypted`, `ExpandsTooMuch`."""
    with archive.opened(source):
        pass
    try:
        with CalamineWorkbook.from_path(source.path) as workbook:
            _write(workbook, sink)
    except PasswordError:
        raise Encrypted from None
    except CalamineError:
        raise Broken("The workbook is damaged and can't be opened.") from None


def _write(workbook: CalamineWorkbook, sink: Sink) -> None:
    shown = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]
    rows_before = 0
    for name in shown:
        sheet = workbook.get_sheet_by_name(name)
        if not sheet.height:
            continue  # its name would stand above the next sheet's rows
        sink.heading(1, name)
        for batch in tables.batches(tables.lines(_rows(sheet.iter_rows(), rows_before, sink))):
            sink.text(batch)
        rows_before += sheet.height


def _rows(rows: Iterator[list[_Value]], before: int, sink: Sink) -> Iterator[list[str]]:
    for number, row in enumerate(rows, 1):
        yield [_shown(cell) for cell in row]
        if number % _TICK_ROWS == 0:
            sink.progress(before + number, None)


def _shown(cell: _Value) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        # Excel knows no integers, and 0.1 + 0.2 is shown to be 0.3.
        return f"{cell:.12g}" if abs(cell) < 1e15 else str(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, time):
        return cell.isoformat("minutes")
    return str(cell)
