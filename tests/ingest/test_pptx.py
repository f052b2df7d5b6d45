"""Reading presentations."""

import pptx
import pytest

from app.ingest.detect import Kind
from app.ingest.errors import TooManyPages
from app.ingest.limits import Limits
from tests.ingest import files
from tests.ingest.reading import Reader


def test_slides_are_pages_and_their_titles_headings(read: Reader) -> None:
    collected = read(Kind.PPTX, files.slides(("Prices & more", "Adults 10 €\nChildren 5 €"), ("Hours", "Daily")))
    assert [(block.text, block.page, block.heading_path) for block in collected.blocks if not block.is_heading] == [
        ("Adults 10 €\nChildren 5 €", 1, ("Prices & more",)),
        ("Daily", 2, ("Hours",)),
    ]
    assert collected.page_count == 2


def test_a_slide_with_a_title_alone_says_it_as_text(read: Reader) -> None:
    collected = read(Kind.PPTX, files.slides(("Welcome", ""), ("Hours", "Daily")))
    assert collected.blocks[0].text == "Welcome"
    assert not collected.blocks[0].is_heading


def test_tables_notes_and_hidden_slides(read: Reader) -> None:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = "Tickets"
    table = slide.shapes.add_table(2, 2, 0, 0, 99999, 99999).table
    for place, text in {(0, 0): "Who", (0, 1): "Price", (1, 0): "Child", (1, 1): "5"}.items():
        table.cell(*place).text = text
    slide.notes_slide.notes_text_frame.text = "Don't tell them about the discount."
    hidden = presentation.slides.add_slide(presentation.slide_layouts[1])
    hidden.shapes.title.text = "Internal"
    hidden._element.set("show", "0")
    collected = read(Kind.PPTX, files.presented(presentation))
    assert [block.text for block in collected.blocks] == ["Tickets", "Who: Child | Price: 5"]


def test_too_many_slides_are_refused(read: Reader) -> None:
    with pytest.raises(TooManyPages, match=r"has 2 slides; 1 are allowed"):
        Reader(read.folder, Limits(max_pages=1))(Kind.PPTX, files.slides(("a", "b"), ("c", "d")))
