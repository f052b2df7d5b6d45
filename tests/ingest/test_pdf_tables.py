"""Tables with lines around their cells, in PDFs."""

from fpdf.fonts import FontFace

from app.ingest.detect import Kind
from tests.ingest.files import SENTENCE, Pdf
from tests.ingest.reading import Reader

PRICES = (
    ("Plan", "Price", "What it is for"),
    ("Basic", "10 EUR", "One person who has a website and wants to be asked"),
    ("Team", "25 EUR", "Up to five"),
)
PLAIN = FontFace(emphasis="")


def test_rows_carry_the_names_of_their_columns(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    pdf.paragraph(SENTENCE * 2)
    pdf.rows(PRICES, col_widths=(20, 20, 30))
    pdf.ln(8)
    pdf.paragraph("After it.")
    assert read(Kind.PDF, pdf.bytes()).texts == [
        (SENTENCE * 2).strip(),
        "Plan: Basic | Price: 10 EUR | What it is for: One person who has a website and wants to be asked\n"
        "Plan: Team | Price: 25 EUR | What it is for: Up to five",
        "After it.",
    ]


def test_a_cell_of_several_lines_stays_in_its_row(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    rows = [("Code", "Meaning", "What helps"), ("33", SENTENCE.strip(), "Update"), ("34", "Wet", SENTENCE.strip())]
    pdf.rows(rows, col_widths=(8, 30, 30))
    assert read(Kind.PDF, pdf.bytes()).texts == [
        f"Code: 33 | Meaning: {SENTENCE.strip()} | What helps: Update\n"
        f"Code: 34 | Meaning: Wet | What helps: {SENTENCE.strip()}"
    ]


def test_a_table_goes_on_over_pages_with_its_header(read: Reader) -> None:
    for repeat in (0, 1):
        pdf = Pdf(header="ACME manual", footer="page {page}")
        pdf.add_page()
        rows = [("Code", "Meaning", "Shelf"), *((f"{number}", f"Fault {number}", "C") for number in range(100))]
        pdf.rows(rows, repeat_headings=repeat)
        collected = read(Kind.PDF, pdf.bytes())
        lines = [line for text in collected.texts for line in text.splitlines()]
        assert lines == [f"Code: {number} | Meaning: Fault {number} | Shelf: C" for number in range(100)]
        assert {block.page for block in collected.blocks} == {1, 2, 3, 4}


def test_a_cell_that_spans_rows_is_said_in_each(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    with pdf.table() as table:
        for row in (("Size", "Reach"), ("S", "430 mm"), ("M", "455 mm")):
            cells = table.row()
            if row[0] == "Size":
                cells.cell("Bike")
            elif row[0] == "S":
                cells.cell("Monte", rowspan=2)
            for text in row:
                cells.cell(text)
    assert read(Kind.PDF, pdf.bytes()).texts == [
        "Bike: Monte | Size: S | Reach: 430 mm\nBike: Monte | Size: M | Reach: 455 mm"
    ]


def test_two_columns_that_look_alike_are_names_and_values(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    rows = (("Colour", "green"), ("Material", "wood"))
    pdf.rows(rows, headings_style=PLAIN)
    pdf.ln(10)
    pdf.rows(rows)
    assert read(Kind.PDF, pdf.bytes()).texts == ["Colour | green\nMaterial | wood", "Colour: Material | green: wood"]


def test_emoji_move_nothing_into_the_next_cell(read: Reader) -> None:
    pdf = Pdf()
    pdf.foreign(11)
    pdf.add_page()
    pdf.cell(0, 8, "Our prices \U0001f600\U0001f600\U0001f600")
    pdf.ln(12)
    rows = [("Name", "Price", "Note"), ("A \U0001f600 bike", "10 €", "new"), ("B car", "20 €", "\U0001f601")]
    pdf.rows(rows, headings_style=PLAIN)
    assert read(Kind.PDF, pdf.bytes()).texts == [
        "Our prices \U0001f600\U0001f600\U0001f600",
        "Name: A \U0001f600 bike | Price: 10 € | Note: new\nName: B car | Price: 20 € | Note: \U0001f601",
    ]


def test_a_page_laid_out_in_boxes_is_no_table(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    texts = [(f"{number} {SENTENCE * 12}", f"{number} {SENTENCE * 12}") for number in range(2)]
    pdf.rows(texts, headings_style=PLAIN)
    assert " | " not in "".join(read(Kind.PDF, pdf.bytes()).texts)


def test_nothing_is_lost_where_a_line_sticks_out_of_the_table(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    pdf.rows(PRICES, width=60, col_widths=(20, 20, 20), align="LEFT")
    pdf.set_xy(40, 12)
    pdf.cell(0, 5, "written over the edge of the table and far beyond it, where nobody expects it")
    text = "\n".join(read(Kind.PDF, pdf.bytes()).texts)
    assert "far beyond it, where nobody expects it" in text
    for word in ("Basic", "10 EUR", "Team", "25 EUR"):
        assert word in text


def test_a_drawing_of_many_lines_is_passed_over(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    pdf.paragraph("A map of the town.")
    for number in range(700):
        pdf.line(10 + number * 0.25, 40, 10 + number * 0.25, 250)
        pdf.line(10, 40 + number * 0.3, 190, 40 + number * 0.3)
    assert read(Kind.PDF, pdf.bytes()).texts == ["A map of the town."]


def test_a_page_that_is_all_table_is_not_torn_into_letters(read: Reader) -> None:
    """PDFium takes it for one that is written from top to bottom: most of its width is empty, its height isn't."""
    pdf = Pdf()
    pdf.add_page()
    for number in range(40):
        for place, text in ((10, f"Plan {number}"), (90, f"{number} EUR"), (180, f"{number}")):
            for at, letter in enumerate(text):
                pdf.text(place + pdf.get_string_width(text[:at]), 15 + 6 * number, letter)
    lines = "\n".join(read(Kind.PDF, pdf.bytes()).texts).splitlines()
    assert lines == [f"Plan {number} {number} EUR {number}" for number in range(40)]


def test_a_title_over_all_columns_is_no_name_of_one(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    with pdf.table() as table:
        table.row().cell("Prices of 2026", colspan=3)
        for row in PRICES:
            cells = table.row()
            for text in row:
                cells.cell(text)
    assert read(Kind.PDF, pdf.bytes()).texts[0].splitlines()[:2] == [
        "Prices of 2026",
        "Plan: Basic | Price: 10 EUR | What it is for: One person who has a website and wants to be asked",
    ]


def test_no_row_is_lost_where_pages_end_below_a_title_or_an_empty_row(read: Reader) -> None:
    numbered = [(f"{number}", f"Fault {number}", "C") for number in range(100)]
    for begin in ([("Codes", "", ""), ("Code", "Meaning", "Shelf")], [("Code", "Meaning", "Shelf"), ("", "", "")]):
        pdf = Pdf()
        pdf.add_page()
        pdf.rows([*begin, *numbered], repeat_headings=0)
        lines = "\n".join(read(Kind.PDF, pdf.bytes()).texts).splitlines()
        assert [line for line in lines if "Fault" in line] == [
            f"Code: {number} | Meaning: Fault {number} | Shelf: C" for number in range(100)
        ]


def test_a_page_that_is_shown_turned_keeps_its_lines(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    pdf.rows(PRICES)
    content = pdf.bytes().replace(b"/Type /Page\n", b"/Type /Page\n/Rotate 90\n")
    assert b"/Rotate 90" in content
    assert " | " not in "".join(read(Kind.PDF, content).texts)


def test_slanted_lines_have_a_limit_too(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    pdf.paragraph("A map of the town.")
    pdf.polyline([(10 + number % 180, 20 + number % 233) for number in range(30_000)])
    pdf.rows(PRICES)
    # The table is below more lines than are looked at.
    texts = read(Kind.PDF, pdf.bytes()).texts
    assert texts[0] == "A map of the town."
    assert " | " not in "".join(texts)
