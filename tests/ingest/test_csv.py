"""Reading tables of text."""

import pytest

from app.ingest.detect import Kind
from app.ingest.errors import Broken, TooMuchText
from app.ingest.limits import Limits
from tests.ingest.reading import Reader

_TWO_ROWS = "Name: Müller | Note: a, b\nName: Straße | Note: two lines"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_delimiters_and_encodings_are_found_out(read: Reader, mark: str, encoding: str) -> None:
    text = f'Name{mark}Note\r\nMüller{mark}"a, b"\r\nStraße{mark}"two\r\nlines"\r\n'
    assert read(Kind.CSV, text.encode(encoding)).texts == [_TWO_ROWS]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_the_first_letter_that_is_not_ascii_may_come_late(read: Reader, encoding: str) -> None:
    table = "Name,Price\n" + "Plain tea,2\n" * 8_000 + "Café crème,£3\n"
    assert read(Kind.CSV, table.encode(encoding)).texts[-1].endswith("Name: Café crème | Price: £3")


def test_excel_may_name_the_delimiter(read: Reader) -> None:
    assert read(Kind.CSV, "sep=;\nA;B\nx;y\n").texts == ["A: x | B: y"]


def test_rows_longer_than_the_header_keep_their_cells(read: Reader) -> None:
    assert read(Kind.CSV, "A,B,C\nx,y,z\nx,y,z,more\n").texts == ["A: x | B: y | C: z\nA: x | B: y | C: z | more"]


def test_a_quotation_that_never_ends_swallows_no_rows(read: Reader) -> None:
    texts = read(Kind.CSV, 'A,B\nTyre,27" wide\nTube,"28 wide\n' + "x,y\n" * 3_000).texts
    assert "\n".join(texts).split("\n") == ['A: Tyre | B: 27" wide', 'A: Tube | B: "28 wide', *["A: x | B: y"] * 3_000]


@pytest.mark.parametrize("ending", ['Pump,"tall', 'Pump,"tall"', 'Pump,"two\nlines"', 'Pump,4"'])
def test_a_quotation_that_another_one_ends_swallows_no_rows(read: Reader, ending: str) -> None:
    texts = read(Kind.CSV, 'A,B\nTube,"28 wide\n' + "x,y\n" * 300 + f"{ending}\nz,1\n").texts
    rows = "\n".join(texts).split("\n")
    assert rows[:2] == ['A: Tube | B: "28 wide', "A: x | B: y"]
    assert len(rows) == 303
    assert rows[-1] == "A: z | B: 1"


def test_a_cell_may_have_many_lines(read: Reader) -> None:
    poem = "\n".join(f"Line {number}, {'and, ' * (number % 3)}on" for number in range(40))
    assert read(Kind.CSV, f'A,B\nPoem,"{poem}"\nx,y\n').texts == [
        f"A: Poem | B: {' '.join(poem.split())}",
        "A: x | B: y",
    ]


def test_what_stands_behind_a_quotation_stays_in_its_cell(read: Reader) -> None:
    assert read(Kind.CSV, 'A,B\n"Tyre" 27,y\nx,y\n').texts == ["A: Tyre 27 | B: y\nA: x | B: y"]


def test_a_cell_without_end_names_the_line(read: Reader) -> None:
    with pytest.raises(Broken, match="beyond line 2: a cell is longer than 1,000,000 characters"):
        read(Kind.CSV, "A,B\n" + "x" * 1_000_001 + ",y\n")


@pytest.mark.parametrize("names", ["2024;2025", "2023/24;2024/25", "2024;Since"])
def test_years_are_names_of_columns(read: Reader, names: str) -> None:
    one, two = names.split(";")
    assert read(Kind.CSV, f"Product;{names}\nTea;2;3\n").texts == [f"Product: Tea | {one}: 2 | {two}: 3"]


@pytest.mark.parametrize("rows", ["Alba;2024\nBorea;2023", "2024;2025\n3;4", "Alba;2024;2025\nBorea;2023;2024"])
def test_years_in_rows_are_no_names(read: Reader, rows: str) -> None:
    assert read(Kind.CSV, rows).texts == [rows.replace(";", " | ")]


def test_nul_and_undecodable_bytes_do_no_harm(read: Reader) -> None:
    assert read(Kind.CSV, b"A,B\nx\0y,\xff\xfe\n", charset="utf-8").texts


def test_a_table_that_is_too_long_is_refused_early(read: Reader) -> None:
    with pytest.raises(TooMuchText, match="more than 1,000 characters"):
        Reader(read.folder, Limits(max_characters=1000))(Kind.CSV, "A,B\n" + "x,y\n" * 1000)


_WEEK = '"' + "\n".join(f"{day}, 9-17" for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")) + '"'


@pytest.mark.parametrize("other", ["Phone", None], ids=["three columns", "two columns"])
def test_opening_hours_of_a_week_are_one_cell(read: Reader, other: str | None) -> None:
    names, rest = ("Shop,Hours,Phone", ",030 1") if other else ("Shop,Hours", "")
    texts = read(Kind.CSV, f"{names}\nBerlin,{_WEEK}{rest}\nParis,{_WEEK}{rest}\n").texts
    rows = "\n".join(texts).split("\n")
    assert [row.split(" | ")[0] for row in rows] == ["Shop: Berlin", "Shop: Paris"]
    assert all("Hours: Mon, 9-17 Tue, 9-17" in row and "Sun, 9-17" in row for row in rows)


def test_quotation_marks_that_mean_nothing_cost_no_minutes(read: Reader) -> None:
    texts = read(Kind.CSV, 'Name","City\n' + 'Ann","Bern\n' * 20_000).texts
    rows = "\n".join(texts).split("\n")
    assert len(rows) >= 20_000
    assert rows[-1].count("Ann") == rows[-1].count("Bern") == 1
