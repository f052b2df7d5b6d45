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


def test_a_quotation_that_never_ends_names_the_line(read: Reader) -> None:
    with pytest.raises(Broken, match="a quotation mark is missing"):
        read(Kind.CSV, 'A,B\n"' + "x,y\n" * 300_000)


def test_nul_and_undecodable_bytes_do_no_harm(read: Reader) -> None:
    assert read(Kind.CSV, b"A,B\nx\0y,\xff\xfe\n", charset="utf-8").texts


def test_a_table_that_is_too_long_is_refused_early(read: Reader) -> None:
    with pytest.raises(TooMuchText, match="more than 1,000 characters"):
        Reader(read.folder, Limits(max_characters=1000))(Kind.CSV, "A,B\n" + "x,y\n" * 1000)
