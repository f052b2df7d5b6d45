"""Finding out what a file is."""

import codecs
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from PIL import Image

from app.ingest.detect import Kind, detect
from app.ingest.errors import Broken, EmptyDocument, Encrypted, IngestError, UnknownType
from tests.ingest import files

_Write = Callable[[bytes | str], Path]
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)

_CONTENTS: dict[Kind, Callable[[], bytes]] = {
    Kind.PDF: lambda: files.scanned_pdf(1),
    Kind.DOCX: lambda: files.word(docx.Document()),
    Kind.PPTX: lambda: files.slides(("a", "b")),
    Kind.XLSX: lambda: files.workbook({"a": [[1]]}),
    Kind.ODT: lambda: files.open_document(""),
    Kind.ODS: lambda: files.open_sheet([["a"]]),
    Kind.EPUB: lambda: files.book("a"),
    Kind.HTML: lambda: b"<!-- x -->\n<!DOCTYPE html><p>hello",
}


@pytest.mark.parametrize("kind", _CONTENTS)
@pytest.mark.parametrize("name", [None, "wrong.txt", "wrong.pdf", "no-suffix"])
def test_the_content_decides(file: _Write, kind: Kind, name: str | None) -> None:
    assert detect(file(_CONTENTS[kind]()), filename=name) is kind


def test_a_pdf_may_begin_with_something_else(file: _Write) -> None:
    assert detect(file(b"\n\n# job 12\n%PDF-1.4\n1 0 obj\n")) is Kind.PDF
    assert detect(file(b"Files begin with\n%PDF-1.4\nin their first line.")) is Kind.TEXT


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", Kind.CSV),
        ("A.TSV", Kind.CSV),
        ("a.md", Kind.MARKDOWN),
        ("a.html", Kind.HTML),
        ("a.txt", Kind.TEXT),
        ("a.log", Kind.TEXT),
        ("a.pdf", Kind.TEXT),
        ("a", Kind.TEXT),
    ],
)
def test_the_name_tells_texts_apart(file: _Write, name: str, kind: Kind) -> None:
    assert detect(file("Some words, and others."), filename=name) is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("# Title\n\nText", Kind.MARKDOWN),
        ("Text\n\n```\ncode\n```", Kind.MARKDOWN),
        ("a;b;c\n1;2;3\n4;5;6\n", Kind.CSV),
        ("<div><p>Hello</p></div>", Kind.HTML),
        ("Hello, world.\nAnd more, yes, of it.", Kind.TEXT),
        ('{"a": 1}', Kind.TEXT),
    ],
)
def test_without_a_name_the_looks_decide(file: _Write, text: str, kind: Kind) -> None:
    assert detect(file(text)) is kind


@pytest.mark.parametrize(
    ("declared", "kind"),
    [("text/csv; charset=x", Kind.CSV), ("text/markdown", Kind.MARKDOWN), ("image/png", Kind.TEXT)],
)
def test_a_declared_type_helps_where_there_is_no_name(file: _Write, declared: str, kind: Kind) -> None:
    assert detect(file("some words"), declared=declared) is kind


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF16_LE + "Grüße".encode("utf-16-le"),
        "Plain words in a wide encoding".encode("utf-16-be"),
        "Grüße aus Köln".encode("latin-1"),
        "привет, как дела".encode("koi8-r"),
        "我们的前台回答访客提出的问题".encode("gb18030"),
        "مرحبا بالعالم".encode(),
    ],
)
def test_texts_of_any_encoding_are_texts(file: _Write, content: bytes) -> None:
    assert detect(file(content)) is Kind.TEXT


def test_a_page_that_calls_itself_markdown_is_markdown(file: _Write) -> None:
    assert detect(file("<html><b>x</b></html>\n\n# Readme"), filename="README.md") is Kind.MARKDOWN


def _picture(path: Path) -> bytes:
    Image.new("RGB", (2, 2)).save(path, "PNG")
    return path.read_bytes()


def test_a_picture_is_named_and_what_is_accepted(file: _Write, tmp_path: Path) -> None:
    with pytest.raises(UnknownType, match=r"a file of the type image/png\. Accepted are PDF, DOCX"):
        detect(file(_picture(tmp_path / "a")), filename="scan.pdf")


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (b"", EmptyDocument, "empty"),
        (b"  \n\t \0", EmptyDocument, "empty"),
        (bytes(range(256)) * 50, UnknownType, "unknown type"),
        (b"\x7fELF\x02\x01\x01" + bytes(100), UnknownType, "Accepted are"),
        (b"MZ\x90\0" + bytes(range(256)), UnknownType, "a program for Windows"),
        (b"{\\rtf1 x}", UnknownType, "RTF"),
        (b'<?xml version="1.0"?><rss/>', UnknownType, "an XML file"),
        (b"<svg><text>x</text></svg>", UnknownType, "an SVG picture"),
        (files.archive({"a.txt": "x"}), UnknownType, "a ZIP archive"),
        (b"PK\x03\x04" + bytes(50), Broken, "damaged"),
        (files.slides(("a", "b"))[:2000], Broken, "cut off"),
        (_OLE + "WordDocument".encode("utf-16-le"), UnknownType, r"\.doc\): save it as DOCX"),
        (_OLE + "Workbook".encode("utf-16-le"), UnknownType, "save it as XLSX"),
        (_OLE, UnknownType, "old Office"),
        (_OLE + "EncryptedPackage".encode("utf-16-le"), Encrypted, "password"),
    ],
    # Not by the content: archives hold the time at which they were made, and test processes would disagree.
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_says_why(file: _Write, content: bytes, error: type[IngestError], said: str) -> None:
    with pytest.raises(error, match=said):
        detect(file(content), filename="upload.docx")
