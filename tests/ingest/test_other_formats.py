"""OpenDocument and EPUB."""

import pytest

from app.ingest.detect import Kind
from app.ingest.errors import Broken, Encrypted
from tests.ingest import files
from tests.ingest.reading import Reader


def test_an_open_document(read: Reader) -> None:
    body = (
        '<text:h text:outline-level="1">Prices</text:h><text:p>Fish &amp; chips<text:s/>daily<text:tab/>x</text:p>'
        "<text:section><text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>deep</text:p>"
        "</text:list-item></text:list></text:list-item></text:list></text:section>"
        "<table:table><table:table-row><table:table-cell><text:p>Who</text:p></table:table-cell><table:table-cell>"
        "<text:p>Price</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell>"
        "<text:p>Child</text:p></table:table-cell><table:table-cell><text:p>5</text:p></table:table-cell>"
        "</table:table-row></table:table>"
        "<text:p>seen<office:annotation><text:p>remark</text:p></office:annotation></text:p>"
    )
    collected = read(Kind.ODT, files.open_document(body))
    assert collected.headings == [("Prices",)]
    assert collected.texts == ["Fish & chips daily\tx", "- one\n  - deep", "Who: Child | Price: 5", "seen"]


def test_an_encrypted_open_document(read: Reader) -> None:
    manifest = "<manifest><encryption-data/></manifest>"
    with pytest.raises(Encrypted):
        read(Kind.ODT, files.open_document("", manifest=manifest))


def test_an_open_workbook(read: Reader) -> None:
    collected = read(Kind.ODS, files.open_sheet([["Plan", "Price"], ["Basic", "10 €"]]))
    assert (collected.headings, collected.texts) == ([("Plans",)], ["Plan: Basic | Price: 10 €"])


def test_a_book(read: Reader) -> None:
    collected = read(Kind.EPUB, files.book("<h1>One</h1><p>First.</p>", "<h1>Two</h1><p>Second &amp; last.</p>"))
    assert collected.titles == ["The Book"]
    assert collected.headings == [("One",), ("Two",)]
    assert collected.texts == ["First.", "Second & last."]


@pytest.mark.parametrize("missing", ["OEBPS/book.opf", "META-INF/container.xml"])
def test_a_book_without_its_parts_is_broken(read: Reader, missing: str) -> None:
    with pytest.raises(Broken):
        read(Kind.EPUB, files.replaced(files.book("x"), {missing: "<nothing"}))
