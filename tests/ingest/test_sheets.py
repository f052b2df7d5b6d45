"""Reading workbooks."""

import io
from datetime import date, datetime, time

import openpyxl
import pytest

from app.ingest.detect import Kind
from app.ingest.errors import Broken
from tests.ingest import files
from tests.ingest.reading import Reader


def test_every_row_stands_alone_below_its_sheet(read: Reader) -> None:
    rows = [["Plan", "Price", "Since"], ["Basic", 10.5, date(2024, 1, 2)], ["Pro", 20, datetime(2024, 1, 2, 3, 4)]]
    collected = read(Kind.XLSX, files.workbook({"Plans": rows, "Times": [["Opens", "At"], ["Daily", time(9, 30)]]}))
    assert collected.headings == [("Plans",), ("Times",)]
    assert collected.texts == [
        "Plan: Basic | Price: 10.5 | Since: 2024-01-02\nPlan: Pro | Price: 20 | Since: 2024-01-02 03:04",
        "Opens: Daily | At: 09:30",
    ]


def test_a_title_above_the_table_is_no_header(read: Reader) -> None:
    rows = [["Prices of 2024"], [], ["Plan", "Price"], ["Basic", 0.1 + 0.2]]
    assert read(Kind.XLSX, files.workbook({"a": rows})).texts == ["Prices of 2024\nPlan: Basic | Price: 0.3"]


def test_rows_without_a_header_stay_as_they_are(read: Reader) -> None:
    rows = [["Monday", "9-17"], ["Tuesday", "10-18"]]
    assert read(Kind.XLSX, files.workbook({"a": rows})).texts == ["Monday | 9-17\nTuesday | 10-18"]


def test_empty_cells_are_left_out(read: Reader) -> None:
    rows = [["A", "B", "C"], ["x", None, True], [None, None, None], [None, "y", "z"]]
    assert read(Kind.XLSX, files.workbook({"a": rows})).texts == ["A: x | C: yes\nB: y | C: z"]


def test_hidden_sheets_are_not_read(read: Reader) -> None:
    book = openpyxl.Workbook()
    book.active.append(["seen"])
    hidden = book.create_sheet("Costs")
    hidden.append(["secret"])
    hidden.sheet_state = "hidden"
    assert read(Kind.XLSX, _saved(book)).texts == ["seen"]


def _saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("number", "code", "shown"),
    [
        (0.19, "0%", "19%"),
        (0.19, "0 %", "19 %"),
        (0.075, "0.0%", "7.5%"),
        (12.5, "#,##0.00 €", "12.50 €"),
        (1234.5, '#,##0.00\\ "€"', "1234.50 €"),
        (12.5, "[$$-409]#,##0.00", "$12.50"),
        (12.5, "[$CHF] #,##0.00", "CHF 12.50"),
        (12.5, '_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', "12.50 €"),
        (-12.5, '#,##0.00\\ "€"', "-12.50 €"),
        (-12.5, '#,##0.00 "€";[Red](#,##0.00 "€")', "(12.50 €)"),
        (-0.001, "0.00", "0.00"),
        (2.675, "0.00", "2.68"),
        (12.5, '0.0#" kg"', "12.5 kg"),
        (1_500_000, '0.0,," Mio. €"', "1.5 Mio. €"),
        (1067, "00000", "01067"),
        (7, 'General" days"', "7 days"),
        (0.5, "# ?/?", "0.5"),
        (12345, "0.0E+00", "12345"),
        (12.5, '[<10]0.0;0.00" €"', "12.5"),
        (1e300, "0.00", "1e+300"),
        (99_999_999_999, f"0.{'0' * 30}", "99999999999"),
        (0.5, "0%%", "0.5"),
        (4_006_381_333_931, "General", "4006381333931"),
        (44, '"price on request"', "price on request"),
    ],
)
def test_numbers_are_read_as_they_are_shown(read: Reader, number: float, code: str, shown: str) -> None:
    book = openpyxl.Workbook()
    book.active["C3"] = number
    book.active["C3"].number_format = code
    book.active["D3"] = "as shown"
    assert read(Kind.XLSX, _saved(book)).texts == [f"{shown} | as shown"]


def test_what_is_hidden_is_not_read(read: Reader) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([])
    sheet.append(["Plan", "Cost", "Margin", "Price", "Note"])
    for plan in ("Basic", "Secret", "Pro"):
        sheet.append([plan, 1, 2, 10, "internal"])
        sheet.cell(sheet.max_row, 5).number_format = ";;;"
    sheet.row_dimensions[4].hidden = True
    sheet.column_dimensions.group("B", "C", hidden=True)
    assert read(Kind.XLSX, _saved(book)).texts == ["Plan: Basic | Price: 10\nPlan: Pro | Price: 10"]


def test_an_empty_sheet_gives_its_name_to_nothing(read: Reader) -> None:
    collected = read(Kind.XLSX, files.workbook({"Empty": [], "Times": [["Opens", "At"], ["Daily", "9"]]}))
    assert collected.headings == [("Times",)]


def test_a_damaged_workbook_is_broken(read: Reader) -> None:
    content = files.replaced(files.workbook({"a": [[1]]}), {"xl/workbook.xml": "<workbook"})
    with pytest.raises(Broken):
        read(Kind.XLSX, content)
