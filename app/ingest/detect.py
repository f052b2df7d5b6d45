"""What a file is, found from its content. The name only tells kinds of text apart."""

import codecs
import mmap
import re
import zipfile
from enum import StrEnum
from pathlib import Path, PurePosixPath
from struct import error as StructError

import puremagic

from app.ingest.errors import Broken, EmptyDocument, Encrypted, IngestError, UnknownType

ACCEPTED = "PDF, DOCX, PPTX, XLSX, ODT, ODS, EPUB, CSV, HTML, Markdown and plain text"

_HEAD_BYTES = 65_536
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_XML_SPACE = b"\xef\xbb\xbf \t\r\n"
_HTML = re.compile(rb"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_HTML_PART = re.compile(rb"<(?:head|body|title|div|p|h[1-6]|table|ul|article|main|section)\b[^>]*>", re.IGNORECASE)
_MARKDOWN = re.compile(r"^(?:#{1,6} \S|```|\|? ?:?-{3,}:? ?\|)", re.MULTILINE)
_PDF = re.compile(rb"^%PDF-\d", re.MULTILINE)
_CONTROLS = bytes(range(9)) + b"\x0b" + bytes(range(14, 27)) + bytes(range(28, 32)) + b"\x7f"


class Kind(StrEnum):
    """What we read. ODT, ODS and EPUB come at the price of a few lines each."""

    PDF = "pdf"
    DOCX = "docx"
    PPTX = "pptx"
    XLSX = "xlsx"
    ODT = "odt"
    ODS = "ods"
    EPUB = "epub"
    CSV = "csv"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"


_NAMES = {
    ".csv": Kind.CSV,
    ".tsv": Kind.CSV,
    ".tab": Kind.CSV,
    ".md": Kind.MARKDOWN,
    ".markdown": Kind.MARKDOWN,
    ".mdx": Kind.MARKDOWN,
    ".html": Kind.HTML,
    ".htm": Kind.HTML,
    ".xhtml": Kind.HTML,
    ".txt": Kind.TEXT,
    ".text": Kind.TEXT,
    ".log": Kind.TEXT,
}
_DECLARED = {
    "text/csv": Kind.CSV,
    "text/tab-separated-values": Kind.CSV,
    "text/markdown": Kind.MARKDOWN,
    "text/x-markdown": Kind.MARKDOWN,
    "text/html": Kind.HTML,
    "application/xhtml+xml": Kind.HTML,
}
_OFFICE = {"word": Kind.DOCX, "xl": Kind.XLSX, "ppt": Kind.PPTX}
_BY_MIMETYPE = {
    "application/vnd.oasis.opendocument.text": Kind.ODT,
    "application/vnd.oasis.opendocument.spreadsheet": Kind.ODS,
    "application/epub+zip": Kind.EPUB,
}
# Names of streams in compound files of Microsoft Office, in UTF-16 as they stand there.
_OLE_STREAMS = {
    "WordDocument": "an old Word document (.doc): save it as DOCX",
    "PowerPoint Document": "an old PowerPoint presentation (.ppt): save it as PPTX",
    "Workbook": "an old Excel workbook (.xls): save it as XLSX",
}


def detect(path: Path, *, filename: str | None = None, declared: str | None = None) -> Kind:
    """The kind of a file.

    `filename` is the name that it was uploaded under, `declared` the media type that came with it. Raises
    `UnknownType` saying what was found and what is accepted, `EmptyDocument`, `Encrypted`, `Broken`.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head.strip(_XML_SPACE + b"\0"):
        raise EmptyDocument
    if _is_pdf(head):
        return Kind.PDF
    if head.startswith(b"PK\x03\x04"):
        return _in_zip(path)
    if head.startswith(_OLE):
        raise _in_compound_file(path)
    if not _is_text(head):
        raise _unknown(_named(head))
    return _kind_of_text(head, PurePosixPath(filename or "").suffix.lower(), (declared or "").partition(";")[0].strip())


def _is_pdf(head: bytes) -> bool:
    # Some writers put a few bytes before the mark, and every viewer takes it (PDF 1.7, appendix H, note 13).
    return head.startswith(b"%PDF-") or (bool(_PDF.search(head[:1024])) and b" obj" in head)


def _in_zip(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "[Content_Types].xml" in names:
                for folder, kind in _OFFICE.items():
                    if any(name.startswith(f"{folder}/") for name in names):
                        return kind
            if "mimetype" in names:
                with archive.open("mimetype") as member:
                    written = member.read(100).decode("ascii", errors="replace").strip()
                if kind_of := _BY_MIMETYPE.get(written.removesuffix("-template")):
                    return kind_of
    except RuntimeError:
        raise Encrypted from None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, StructError, EOFError):
        raise Broken("The file is an archive that is damaged or cut off.") from None
    raise _unknown("a ZIP archive")


def _in_compound_file(path: Path) -> IngestError:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            return Encrypted()
        for stream, found in _OLE_STREAMS.items():
            if content.find(stream.encode("utf-16-le")) >= 0:
                return _unknown(found)
    return _unknown("a compound file of an old Office program")


def _unknown(found: str) -> UnknownType:
    return UnknownType(f"This is {found}. Accepted are {ACCEPTED}.")


def _named(head: bytes) -> str:
    if head.startswith(b"{\\rtf"):
        return "RTF text: save it as DOCX"
    if head.startswith(b"MZ"):
        return "a program for Windows"
    try:
        best = puremagic.magic_string(head)[0]
    except (puremagic.PureError, ValueError, IndexError):
        return "a binary file of an unknown type"
    return f"a file of the type {best.mime_type or best.extension or best.name}"


def _is_text(head: bytes) -> bool:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return True
    if head.startswith(b"{\\rtf"):
        return False
    if b"\0" in head:
        return _is_wide(head)
    return len(head.translate(None, _CONTROLS)) >= 0.99 * len(head)


def _is_wide(head: bytes) -> bool:
    """UTF-16 without a mark, of a language with spaces."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return abs(even - odd) > 0.4 * (len(head) // 2) and min(even, odd) < 0.05 * (len(head) // 2)


def _kind_of_text(head: bytes, suffix: str, declared: str) -> Kind:
    named = _NAMES.get(suffix)
    bare = head.lstrip(_XML_SPACE)
    if _HTML.match(bare) and named is not Kind.MARKDOWN:
        return Kind.HTML
    if bare.startswith(b"<?xml") or bare[:256].lower().startswith(b"<svg"):
        raise _unknown("an XML file" if bare.startswith(b"<?xml") else "an SVG picture")
    return named or _DECLARED.get(declared) or _guessed(bare)


def _guessed(bare: bytes) -> Kind:
    if bare.startswith(b"<") and _HTML_PART.search(bare):
        return Kind.HTML
    text = bare.decode("utf-8", errors="replace")
    if _MARKDOWN.search(text):
        return Kind.MARKDOWN
    return Kind.CSV if _is_table(text.splitlines()[:20]) else Kind.TEXT


def _is_table(lines: list[str]) -> bool:
    rows = [line for line in lines[: 19 if len(lines) == 20 else None] if line.strip()]
    return len(rows) > 2 and any(
        rows[0].count(mark) and len({row.count(mark) for row in rows}) == 1 for mark in (";", "\t", ",", "|")
    )
