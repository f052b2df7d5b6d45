"""Real files of every kind, made on the spot."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import docx
import openpyxl
import pptx
from docx.document import Document
from fpdf import FPDF

SENTENCE = "The front desk answers within seconds, from documents of the company, and shows where a statement is from. "


class Pdf(FPDF):
    """Pages of 11 point text below headings of 18 and 14 points."""

    def __init__(self, header: str = "", footer: str = "") -> None:
        super().__init__()
        self._header, self._footer = header, footer
        self.set_font("Helvetica", size=11)

    def header(self) -> None:
        """Called by fpdf2 for every page."""
        if self._header:
            self.cell(0, 8, self._header)
            self.ln(14)

    def footer(self) -> None:
        """Called by fpdf2 for every page."""
        if self._footer:
            self.set_y(-15)
            self.cell(0, 10, self._footer.format(page=self.page_no()))

    def heading(self, text: str, size: int = 18) -> None:
        """A line of large type."""
        self.set_font("Helvetica", "B", size)
        self.cell(0, 12, text)
        self.ln(14)
        self.set_font("Helvetica", size=11)

    def paragraph(self, text: str) -> None:
        """Set in lines, with some room below."""
        self.multi_cell(0, 5, text)
        self.ln(8)

    def lines(self, *lines: str) -> None:
        """One below the other, exactly as given."""
        for line in lines:
            self.cell(0, 5, line)
            self.ln(5)
        self.ln(3)

    def foreign(self, size: int = 11) -> None:
        """Goes on in a font with the letters of many scripts."""
        self.add_font("DejaVu", fname="/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
        self.set_font("DejaVu", size=size)

    def rows(self, rows: Iterable[Sequence[str]], **options: Any) -> None:
        """A table with lines around its cells; its first row is bold unless `headings_style` says something else."""
        with self.table(**options) as table:
            for row in rows:
                cells = table.row()
                for text in row:
                    cells.cell(text)

    def bytes(self) -> bytes:
        """The file."""
        return bytes(self.output())


def scanned_pdf(pages: int) -> bytes:
    """Pages with a grey box and no letter."""
    pdf = Pdf()
    for _page in range(pages):
        pdf.add_page()
        pdf.rect(10, 10, 100, 100, style="F")
    return pdf.bytes()


def long_pdf(pages: int) -> bytes:
    """Many pages, written by hand: fpdf2 would take half a minute for a thousand."""
    lines = "".join(f"(Line {number} of this page: {SENTENCE}) Tj T*\n" for number in range(45))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    kids = []
    for number in range(1, pages + 1):
        stream = f"BT /F1 9 Tf 12 TL 40 780 Td (This is page {number} of many.) Tj T* T*\n{lines}ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        kids.append(len(objects) + 1)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
    objects[1] = f"<< /Type /Pages /Count {pages} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>"
    return raw_pdf(objects)


def chinese_pdf(lines: Sequence[str]) -> bytes:
    """Lines that all reach the margin, in a font that every reader has for itself."""
    shown = "".join(f"<{line.encode('utf-16-be').hex()}> Tj T*\n" for line in lines)
    stream = f"BT /F1 12 Tf 16 TL 40 780 Td {shown} ET"
    font = "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [4 0 R] >>"
    descendant = (
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 "
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>"
    )
    page = (
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
    )
    return raw_pdf(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Count 1 /Kids [6 0 R] >>",
            font,
            descendant,
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
            page,
        ]
    )


def raw_pdf(objects: Sequence[str]) -> bytes:
    """A file of the given objects, the first of which is the catalogue."""
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, text in enumerate(objects, 1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n{text}\nendobj\n".encode())
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.write("".join(f"{place:010} 00000 n \n" for place in places).encode())
    out.write(f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode())
    return out.getvalue()


def word(document: Document) -> bytes:
    """A Word document's file."""
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def word_of(body: str, *, parts: Mapping[str, str] | None = None) -> bytes:
    """A Word document whose body is the given XML, with the styles of python-docx's template."""
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    space += ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    changed = {"word/document.xml": f"<w:document {space}><w:body>{body}</w:body></w:document>", **(parts or {})}
    return replaced(word(docx.Document()), changed)


def replaced(archive: bytes, changed: Mapping[str, str | bytes]) -> bytes:
    """An archive with some of its members changed or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changed:
                new.writestr(name, old.read(name))
        for name, content in changed.items():
            new.writestr(name, content)
    return out.getvalue()


def archive(members: Mapping[str, str | bytes]) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in members.items():
            new.writestr(name, content)
    return out.getvalue()


def slides(*each: tuple[str, str]) -> bytes:
    """A presentation of slides with a title and a text."""
    presentation = pptx.Presentation()
    for title, text in each:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = text
    return presented(presentation)


def presented(presentation: object) -> bytes:
    """A presentation's file."""
    out = io.BytesIO()
    presentation.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """A workbook of the given sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def open_document(body: str, *, manifest: str = "<manifest/>") -> bytes:
    """An ODF text whose body is the given XML."""
    names = ["office", "text", "table"]
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names)
    content = f"<office:document-content {spaces}><office:body><office:text>{body}</office:text></office:body>"
    return archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": manifest,
            "content.xml": f"{content}</office:document-content>",
        }
    )


def open_sheet(rows: Sequence[Sequence[str]]) -> bytes:
    """An ODF workbook of one sheet of texts."""
    names = ["office", "text", "table"]
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names)
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    lines = "".join(f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in rows)
    table = f'<office:spreadsheet><table:table table:name="Plans">{lines}</table:table></office:spreadsheet>'
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    return archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{manifest}"/>',
            "content.xml": f"<office:document-content {spaces}><office:body>{table}</office:body>"
            "</office:document-content>",
        }
    )


def book(*chapters: str) -> bytes:
    """An EPUB of the given pages, each the inside of a body."""
    items = "".join(f'<item id="c{number}" href="t/c%20{number}.xhtml"/>' for number in range(len(chapters)))
    spine = "".join(f'<itemref idref="c{number}"/>' for number in range(len(chapters)))
    page = '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body>{}</body></html>'
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
            "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>The Book</dc:title></metadata>'
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
            **{f"OEBPS/t/c {number}.xhtml": page.format(text) for number, text in enumerate(chapters)},
        }
    )
