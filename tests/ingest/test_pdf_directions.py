"""Lines from right to left, as browsers print them: each glyph at its place, in whatever order."""

import pytest

from app.ingest.detect import Kind
from app.ingest.readers.pdf_directions import Letter, in_reading_order
from tests.ingest.files import Pdf
from tests.ingest.reading import Reader

SIZE = 10.0


def shown(visual: str) -> list[Letter]:
    """What stands from left to right, each letter 5 points wide; a blank is a gap."""
    return [Letter(letter, 5.0 * at, 5.0 * at + 5.0) for at, letter in enumerate(visual) if letter != " "]


@pytest.mark.parametrize(
    ("visual", "read"),
    [
        ("םולש", "שלום"),
        ("םלוע םולש", "שלום עולם"),
        ("ai@shop.example ןאכ", "כאן ai@shop.example"),
        ("Frontdesk AI לש", "של Frontdesk AI"),
        (".12:30-ב", "ב-12:30."),
        ("17:00–9:00 תועש", "שעות 9:00–17:00"),
        ("3-5 ךות", "תוך 3-5"),
        ("25% הלמע", "עמלה 25%"),
        ("%25 مصخ", "خصم 25%"),
        ("(הלמע) ריחמ", "מחיר (עמלה)"),
        ("The word םולש means peace", "The word שלום means peace"),
        ("Support ןופלטב ab@shop.example תבותכב וא", "או בכתובת ab@shop.example בטלפון Support"),
    ],
)
def test_what_is_shown_is_read_in_its_order(visual: str, read: str) -> None:
    assert in_reading_order(shown(visual), SIZE, page_from_right=True) == read
    assert in_reading_order(shown(visual)[::-1], SIZE, page_from_right=True) == read


def test_a_mixed_line_goes_in_the_direction_of_its_page() -> None:
    visual = shown("bring 2 בתכ")
    assert in_reading_order(visual, SIZE, page_from_right=True) == "כתב bring 2"
    assert in_reading_order(visual, SIZE, page_from_right=False) == "bring 2 כתב"


def test_vowel_signs_stay_with_their_letter() -> None:
    letters = [*shown("ارکش"), Letter("\u064b", 0.0, 4.0)]
    assert in_reading_order(letters, SIZE, page_from_right=True) == "شکرا\u064b"


def test_words_that_are_drawn_letter_by_letter_are_not_turned_round(read: Reader) -> None:
    pdf = Pdf()
    pdf.foreign(14)
    pdf.add_page()
    for height, line in enumerate(("המשלוח חינם מעל 200 שח", "אפשר לכתוב אל hello@shop.example")):
        drawn = line.split(" ")
        right = 190.0
        for word in drawn:
            width = pdf.get_string_width(word)
            letters = word if word.isascii() else word[::-1]
            for at in range(len(letters)):
                # One after the other, and every second word backwards.
                place = at if len(word) % 2 else len(letters) - 1 - at
                pdf.text(right - width + pdf.get_string_width(letters[:place]), 20 + 8 * height, letters[place])
            right -= width + pdf.get_string_width(" ")
    assert " ".join(" ".join(read(Kind.PDF, pdf.bytes()).texts).split()) == (
        "המשלוח חינם מעל 200 שח אפשר לכתוב אל hello@shop.example"
    )


def test_numbers_and_signs_alone_are_left_as_they_are(read: Reader) -> None:
    pdf = Pdf()
    pdf.foreign(14)
    pdf.add_page()
    for line in ("\u05dd\u05d5\u05dc\u05e9", "\u0661\u0662", "\u06f1\u06f2\u066b\u06f5", "\u064e"):
        pdf.cell(0, 10, line)
        pdf.ln(20)
    text = " ".join(read(Kind.PDF, pdf.bytes()).texts)
    assert "\u0661\u0662" in text and "\u06f1\u06f2\u066b\u06f5" in text


def test_a_word_of_another_script_leaves_the_page_as_it_is(read: Reader) -> None:
    pdf = Pdf()
    pdf.foreign(11)
    pdf.add_page()
    pdf.cell(0, 8, "\u05dd\u05d5\u05dc\u05e9")
    pdf.ln(20)
    pdf.rows((("Opening", "nine to five"), ("Closed", "on Sundays")), first_row_as_headings=False)
    assert read(Kind.PDF, pdf.bytes()).texts[-1] == "Opening | nine to five\nClosed | on Sundays"


def test_a_line_that_is_turned_is_not_taken_apart(read: Reader) -> None:
    pdf = Pdf()
    pdf.foreign(14)
    pdf.add_page()
    with pdf.rotation(90, 60, 150):
        pdf.text(60, 150, "\u05dd\u05d5\u05dc\u05e9 \u05dd\u05dc\u05d5\u05e2")
    assert " ".join(read(Kind.PDF, pdf.bytes()).texts).count(" ") == 1
