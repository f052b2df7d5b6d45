"""Reading PDFs."""

import pytest

from app.ingest.detect import Kind
from app.ingest.errors import Broken, Encrypted, NoText, TooManyPages
from app.ingest.limits import Limits
from tests.ingest import files
from tests.ingest.files import SENTENCE, Pdf
from tests.ingest.reading import Reader


def test_paragraphs_are_put_together_again(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    pdf.paragraph("One. " + SENTENCE * 4)
    pdf.paragraph("Two. " + SENTENCE * 4)
    assert read(Kind.PDF, pdf.bytes()).texts == [("One. " + SENTENCE * 4).strip(), ("Two. " + SENTENCE * 4).strip()]


def test_large_type_makes_headings(read: Reader) -> None:
    pdf = Pdf()
    pdf.set_title("The manual")
    pdf.add_page()
    for chapter in ("Prices", "Delivery"):
        pdf.heading(chapter)
        pdf.heading(f"{chapter} in Europe", 14)
        pdf.paragraph(SENTENCE * 3)
    collected = read(Kind.PDF, pdf.bytes())
    assert collected.titles == ["The manual"]
    assert collected.headings == [
        ("Prices",),
        ("Prices", "Prices in Europe"),
        ("Delivery",),
        ("Delivery", "Delivery in Europe"),
    ]
    assert collected.blocks[-1].heading_path == ("Delivery", "Delivery in Europe")


def test_divided_words_are_joined(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    pdf.lines("The company delivers within three working days to every coun-", "try of Europe and asks for nothing.")
    assert "to every country of Europe" in read(Kind.PDF, pdf.bytes()).texts[0]


def test_lines_that_end_early_stay_lines(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    pdf.paragraph(SENTENCE * 3)
    pdf.lines("Monday 9 to 17", "Tuesday 10 to 18", "- with a guide", "- without one")
    assert read(Kind.PDF, pdf.bytes()).texts[1] == "Monday 9 to 17\nTuesday 10 to 18\n- with a guide\n- without one"


def test_rows_of_a_table_stay_lines(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    pdf.paragraph(SENTENCE * 2)
    for row in (("Size", "Height", "Reach"), ("S", "158 cm", "430 mm"), ("M", "168 cm", "455 mm")):
        for cell in row:
            pdf.cell(60, 5, cell)
        pdf.ln(5)
    assert read(Kind.PDF, pdf.bytes()).texts[1] == "Size Height Reach\nS 158 cm 430 mm\nM 168 cm 455 mm"


def test_running_titles_with_page_numbers_are_dropped(read: Reader) -> None:
    pdf = Pdf()
    for number in range(6):
        pdf.add_page()
        pdf.lines(f"Chapter {'aabbcc'[number]}: {'on prices' if number < 3 else 'on times'} {number + 1}")
        pdf.paragraph(SENTENCE * (number + 2))
    assert not [text for text in read(Kind.PDF, pdf.bytes()).texts if "Chapter" in text]


def test_dots_that_lead_the_eye_are_shortened(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    pdf.paragraph(SENTENCE * 2)
    pdf.lines("Espresso " + ". " * 40 + "2.50", "Cappuccino " + "." * 40 + " 3")
    assert read(Kind.PDF, pdf.bytes()).texts[1] == "Espresso … 2.50\nCappuccino … 3"


def test_page_headers_and_numbers_are_dropped(read: Reader) -> None:
    pdf = Pdf(header="ACME handbook - confidential", footer="Page {page} of 4")
    for number in range(4):
        pdf.add_page()
        pdf.paragraph(f"Text number {'abcd'[number]}. " + SENTENCE * (number + 2))
    collected = read(Kind.PDF, pdf.bytes())
    assert not [text for text in collected.texts if "ACME" in text or "Page" in text]
    assert [block.page for block in collected.blocks] == [1, 2, 3, 4]
    assert collected.page_count == 4


def test_a_footer_drawn_before_the_text_and_a_header_after_it_are_dropped(read: Reader) -> None:
    pdf = Pdf()
    pdf.set_auto_page_break(auto=False)
    for number in range(4):
        pdf.add_page()
        pdf.text(10, 285, f"Handbook, edition 3, page {number + 1} of 4")
        pdf.set_y(40)
        pdf.paragraph(f"Text number {'abcd'[number]}. " + SENTENCE * (number + 2))
        pdf.text(10, 12, "ACME handbook - confidential")
    texts = read(Kind.PDF, pdf.bytes()).texts
    assert texts == [(f"Text number {'abcd'[number]}. " + SENTENCE * (number + 2)).strip() for number in range(4)]


def test_a_line_on_every_page_that_is_not_at_an_edge_stays(read: Reader) -> None:
    pdf = Pdf()
    for number in range(4):
        pdf.add_page()
        pdf.lines(*(f"A line of page {'abcd'[number]}, row {'xyz'[row]}." for row in range(3)))
        pdf.lines("Ask for the price.")
        pdf.lines(*(f"Another line of page {'abcd'[number]}, row {'xyz'[row]}." for row in range(3)))
    assert sum("Ask for the price." in text for text in read(Kind.PDF, pdf.bytes()).texts) == 4


def test_what_repeats_within_the_page_stays(read: Reader) -> None:
    pdf = Pdf()
    for bike in ("Alba", "Borea", "Cima", "Duna"):
        pdf.add_page()
        pdf.heading(bike)
        pdf.paragraph(f"{bike} is made of steel.")
        pdf.lines("Frame guarantee: 8 years")
    assert read(Kind.PDF, pdf.bytes()).texts.count("Frame guarantee: 8 years") == 4


def test_what_repeats_on_short_pages_stays_when_the_footer_is_drawn_first(read: Reader) -> None:
    pdf = Pdf()
    for number, bike in enumerate(("Alba", "Borea", "Cima", "Duna"), 1):
        pdf.add_page()
        pdf.text(10, 285, f"Page {number} of 4")
        pdf.lines(f"{bike} is made of steel.", "Frame guarantee: 8 years")
    texts = read(Kind.PDF, pdf.bytes()).texts
    assert texts == [f"{bike} is made of steel. Frame guarantee: 8 years" for bike in ("Alba", "Borea", "Cima", "Duna")]


def test_how_to_reach_somebody_stays_once(read: Reader) -> None:
    pdf = Pdf(header="ACME handbook", footer="ACME, phone 030 123 456, Mon-Fri 9-18, page {page}")
    for number in range(4):
        pdf.add_page()
        pdf.paragraph(SENTENCE * (number + 2))
    collected = read(Kind.PDF, pdf.bytes())
    told = [(block.page, block.text) for block in collected.blocks if "ACME" in block.text]
    assert told == [(1, "ACME, phone 030 123 456, Mon-Fri 9-18, page 1")]


def test_arabic_comes_in_reading_order_and_plain_letters(read: Reader) -> None:
    pdf = Pdf()
    pdf.foreign(14)
    pdf.add_page()
    # As typesetting programs leave it: drawn from left to right.
    pdf.cell(0, 10, "مرحبا بالعالم"[::-1])
    assert read(Kind.PDF, pdf.bytes()).texts == ["مرحبا بالعالم"]


def test_chinese_lines_are_joined_without_spaces(read: Reader) -> None:
    lines = [
        "我们的前台在几秒钟内回答访客提出的问题并且说明",
        "每一个答案来自哪一份文件如果不知道就会直接说明",
        "并请人来回答。",
    ]
    assert read(Kind.PDF, files.chinese_pdf(lines)).texts == ["".join(lines)]


def test_a_scan_says_that_it_holds_no_text(read: Reader) -> None:
    with pytest.raises(NoText, match="3 pages but no text: it is probably a scan"):
        read(Kind.PDF, files.scanned_pdf(3))


def test_pages_without_text_are_counted(read: Reader) -> None:
    pdf = Pdf()
    pdf.add_page()
    pdf.paragraph(SENTENCE)
    pdf.add_page()
    assert read(Kind.PDF, pdf.bytes()).pages_without_text == 1


def test_a_password_is_named(read: Reader) -> None:
    pdf = Pdf()
    pdf.set_encryption("owner", "user")
    pdf.add_page()
    with pytest.raises(Encrypted):
        read(Kind.PDF, pdf.bytes())


def test_a_password_against_changes_alone_does_not_matter(read: Reader) -> None:
    pdf = Pdf()
    pdf.set_encryption("owner", "")
    pdf.add_page()
    pdf.paragraph(SENTENCE)
    assert read(Kind.PDF, pdf.bytes()).texts == [SENTENCE.strip()]


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"%PDF-1.7\n" + bytes(range(256)) * 40])
def test_a_damaged_file_is_broken(read: Reader, content: bytes) -> None:
    with pytest.raises(Broken):
        read(Kind.PDF, content)


def test_a_file_cut_in_half_gives_what_is_there_or_is_broken(read: Reader) -> None:
    content = files.long_pdf(6)
    try:
        collected = read(Kind.PDF, content[: len(content) // 2])
    except (Broken, NoText):
        return
    assert collected.texts


def test_too_many_pages_are_refused_before_any_is_read(read: Reader) -> None:
    with pytest.raises(TooManyPages, match=r"The PDF has 6 pages; 5 are allowed\."):
        Reader(read.folder, Limits(max_pages=5))(Kind.PDF, files.long_pdf(6))
