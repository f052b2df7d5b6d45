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
    out = io.BytesIO()
    book.save(out)
    assert read(Kind.XLSX, out.getvalue()).texts == ["seen"]


def test_an_empty_sheet_gives_its_name_to_nothing(read: Reader) -> None:
    collected = read(Kind.XLSX, files.workbook({"Empty": [], "Times": [["Opens", "At"], ["Daily", "9"]]}))
    assert collected.headings == [("Times",)]


def test_a_damaged_workbook_is_broken(read: Reader) -> None:
    content = files.replaced(files.workbook({"a": [[1]]}), {"xl/workbook.xml": "<workbook"})
    with pytest.raises(Broken):
        read(Kind.XLSX, content)
