"""Workbooks (XLSX, ODS). Every visible sheet is a heading, every row a line that stands alone.

What is hidden isn't read: sheets, and in XLSX also rows (those that a filter hides, too), columns, and cells with a
format that shows nothing. Whoever hid them doesn't want them quoted.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from app.ingest import archive
from app.ingest.errors import Broken, Encrypted
from app.ingest.readers import number_formats, tables
from app.ingest.readers.sheet_looks import Looks, RowLook
from app.ingest.sink import Sink
from app.ingest.source import Source

_TICK_ROWS = 1_000
_SHOWS_NOTHING = ";;;"
_Value = int | float | str | bool | date | time | datetime | timedelta


def read(source: Source, sink: Sink) -> None:
    """Raises `Broken`, `Encrypted`, `ExpandsTooMuch`."""
    try:
        with archive.opened(source) as package, CalamineWorkbook.from_path(source.path) as workbook:
            _write(workbook, Looks(package), sink)
    except PasswordError:
        raise Encrypted from None
    except CalamineError:
        raise Broken("The workbook is damaged and can't be opened.") from None


def _write(workbook: CalamineWorkbook, looks: Looks, sink: Sink) -> None:
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
        for batch in tables.batches(tables.lines(_rows(sheet, looks.rows(name), rows_before, sink))):
            sink.text(batch)
        rows_before += sheet.height


def _rows(sheet: CalamineSheet, looks: Iterator[RowLook], before: int, sink: Sink) -> Iterator[list[str]]:
    left = sheet.start[1] if sheet.start else 0
    look = next(looks, None)
    # calamine leaves out empty columns on the left, but no rows above.
    for number, row in enumerate(sheet.iter_rows()):
        while look and look.number < number:
            look = next(looks, None)
        if look is None or look.number != number:
            yield [_shown(cell, None) for cell in row]
        elif not look.is_hidden:
            yield [
                "" if column in look.hidden_columns else _shown(cell, look.formats.get(column))
                for column, cell in enumerate(row, left)
            ]
        if number % _TICK_ROWS == _TICK_ROWS - 1:
            sink.progress(before + number + 1, None)


def _shown(cell: _Value, code: str | None) -> str:
    if code == _SHOWS_NOTHING:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | float):
        return number_formats.shown(cell, code) if code else number_formats.plain(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, time):
        return cell.isoformat("minutes")
    return str(cell)
