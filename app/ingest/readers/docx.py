"""Word documents (ECMA-376, WordprocessingML), as who opens them sees them.

So insertions that are still tracked are read and deletions are not; text boxes, content controls, footnotes and
nested tables are read; comments, hidden text, page headers and tables of contents are not. Pages are known only where
Word left marks of where it broke them.
"""

import zipfile
from collections.abc import Iterator
from typing import Any

from app.ingest import archive
from app.ingest.errors import Broken
from app.ingest.readers import tables
from app.ingest.readers.docx_styles import Numbering, Styles, W
from app.ingest.sink import Sink
from app.ingest.source import Source

_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Choice"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_FORMULA_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_PAGE_MARK = b"lastRenderedPageBreak"
# Deleted, moved away, hidden in fields, or for the layout only.
_UNSEEN = {f"{W}{name}" for name in ("del", "moveFrom", "instrText", "delText", "pPr", "rPr", "sdtPr", "sdtEndPr")}
_AS_TEXT = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-", f"{W}ptab": "\t"}
_TICK_BLOCKS = 200


def read(source: Source, sink: Sink) -> None:
    """Raises `Broken`, `Encrypted`, `ExpandsTooMuch`."""
    with archive.opened(source) as package:
        main = _main_part(package)
        if title := read_title(package):
            sink.title(title)
        _Document(package, main, sink).read()


def read_title(package: zipfile.ZipFile) -> str:
    """The title in the properties that all Office formats share."""
    properties = archive.tree(package, "docProps/core.xml")
    return "" if properties is None else properties.findtext(_TITLE, "")


def _main_part(package: zipfile.ZipFile) -> str:
    for kind, name in archive.targets(package, "").values():
        if kind == "officeDocument" and name in package.NameToInfo:
            return name
    raise Broken("The document lacks its main part.")


class _Document:
    def __init__(self, package: zipfile.ZipFile, main: str, sink: Sink) -> None:
        self._package, self._main, self._sink = package, main, sink
        parts = dict(archive.targets(package, main).values())
        self._styles = Styles(archive.tree(package, parts.get("styles", "")))
        self._numbering = Numbering(archive.tree(package, parts.get("numbering", "")))
        self._notes = {
            (kind, note.get(f"{W}id")): note
            for kind in ("footnotes", "endnotes")
            for note in _children(archive.tree(package, parts.get(kind, "")))
        }
        self._page: int | None = 1 if _has_marks(package, main) else None
        self._in_note = False
        self._list: list[str] = []
        self._list_page: int | None = None

    def read(self) -> None:
        for number, element in enumerate(archive.elements(self._package, self._main, {f"{W}body"}), 1):
            self._block(element)
            if number % _TICK_BLOCKS == 0:
                self._sink.progress(number, None)
        self._end_list()
        if self._page:
            self._sink.pages(self._page)

    def _block(self, element: Any) -> None:
        if element.tag == f"{W}p":
            self._paragraph(element)
        elif element.tag == f"{W}tbl":
            self._end_list()
            self._table(element)
        elif element.tag in {f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}moveTo", f"{W}customXml", _CHOICE}:
            for child in element:
                self._block(child)
        elif element.tag == _ALTERNATIVES:
            for choice in element.iterchildren(_CHOICE):
                self._block(choice)
        self._turn_pages(element)

    def _turn_pages(self, element: Any) -> None:
        # Paragraphs and tables count their own; containers were counted with their children.
        if self._page and element.tag in {f"{W}p", f"{W}tbl"}:
            self._page += sum(1 for _mark in element.iter(f"{W}lastRenderedPageBreak"))

    def _paragraph(self, paragraph: Any) -> None:
        style = self._styles.of(paragraph)
        if style.is_contents:
            return
        page = self._page_of(paragraph)
        text = self._text(paragraph).strip("\n")
        number = self._numbering.next(style.numbering) if text.strip() else ""
        if style.level is not None and text.strip():
            self._end_list()
            if style.level == 0:
                self._sink.title(text)
            self._sink.heading(style.level, f"{number} {text}" if number != "-" else text, page=page)
        elif number:
            self._list_page = self._list_page if self._list else page
            self._list.append(f"{'  ' * style.depth}{number} {text}")
        elif text.strip():
            self._end_list()
            self._sink.text(text, page=page)
        for box in _boxes(paragraph):
            self._end_list()
            for child in box:
                self._block(child)

    def _page_of(self, paragraph: Any) -> int | None:
        """A paragraph that begins with the mark stands on the next page already."""
        if self._page is None:
            return None
        first = next(paragraph.iter(f"{W}t", f"{W}lastRenderedPageBreak"), None)
        return self._page if first is None or first.tag == f"{W}t" else self._page + 1

    def _end_list(self) -> None:
        if self._list:
            self._sink.text("\n".join(self._list), page=self._list_page)
            self._list = []

    def _table(self, table: Any) -> None:
        rows = list(_rows(table))
        if max((len(row) for row in map(_cells, rows)), default=0) <= 1:
            # One column is a frame around text.
            for row in rows:
                for cell in _cells(row):
                    for child in cell:
                        self._block(child) if child.tag != f"{W}p" else self._paragraph(child)
            self._end_list()
            return
        has_header = True if rows[0].find(f"{W}trPr/{W}tblHeader") is not None else None
        for batch in tables.batches(tables.lines(self._grid(rows), has_header=has_header)):
            self._sink.text(batch, page=self._page)

    def _grid(self, rows: list[Any]) -> Iterator[list[str]]:
        """Cells at their columns; what spans several rows is repeated in each."""
        above: dict[int, str] = {}
        for row in rows:
            texts: list[str] = []
            for cell in _cells(row):
                merged = cell.find(f"{W}tcPr/{W}vMerge")
                goes_on = merged is not None and merged.get(f"{W}val", "continue") == "continue"
                text = above.get(len(texts), "") if goes_on else self._cell(cell)
                above[len(texts)] = text
                texts += [text, *[""] * (_span(cell) - 1)]
            yield texts

    def _cell(self, cell: Any) -> str:
        parts = []
        for child in cell.iter(f"{W}p"):
            if next(child.iterancestors(_FALLBACK), None) is not None:
                continue  # the same text box for older programs
            text = self._text(child)
            number = self._numbering.next(self._styles.of(child).numbering) if text.strip() else ""
            parts.append(f"{number} {text}".strip())
        return " ".join(" ".join(part.split()) for part in parts if part)

    def _text(self, element: Any) -> str:
        return "".join(self._texts(element))

    def _texts(self, element: Any, *, in_hidden: bool = False) -> Iterator[str]:
        if element.tag == f"{W}p":
            in_hidden = self._styles.hides(element)
        for child in element:
            tag = child.tag
            if tag in {f"{W}t", _FORMULA_TEXT}:
                yield child.text or ""
            elif tag in _AS_TEXT:
                yield _AS_TEXT[tag]
            elif tag in {f"{W}footnoteReference", f"{W}endnoteReference"}:
                yield self._note(child)
            elif tag == f"{W}r" and self._styles.hides_run(child, in_hidden=in_hidden):
                continue
            elif tag not in _UNSEEN and tag != f"{W}txbxContent" and isinstance(tag, str):
                choice = child.find(_CHOICE) if tag == _ALTERNATIVES else child
                yield from self._texts(child if choice is None else choice, in_hidden=in_hidden)

    def _note(self, reference: Any) -> str:
        kind = "footnotes" if reference.tag.endswith("footnoteReference") else "endnotes"
        note = self._notes.get((kind, reference.get(f"{W}id")))
        if note is None or self._in_note:  # Word lets no note refer to another
            return ""
        self._in_note = True
        text = " ".join(self._text(note).split())
        self._in_note = False
        return f" ({text})" if text else ""


def _children(tree: Any) -> list[Any]:
    return [] if tree is None else [child for child in tree if isinstance(child.tag, str)]


def _has_marks(package: zipfile.ZipFile, main: str) -> bool:
    last = b""
    with package.open(main) as part:
        while piece := part.read(1024 * 1024):
            if _PAGE_MARK in last + piece:
                return True
            last = piece[-len(_PAGE_MARK) :]
    return False


def _boxes(paragraph: Any) -> Iterator[Any]:
    """Text boxes anchored in a paragraph; once, though they are written twice for old and new programs."""
    for box in paragraph.iter(f"{W}txbxContent"):
        # Those within others come with the paragraphs in these.
        above = next(each for each in box.iterancestors(f"{W}p", _FALLBACK))
        if above is paragraph:
            yield box


def _rows(table: Any) -> Iterator[Any]:
    for child in table:
        if child.tag == f"{W}tr":
            if child.find(f"{W}trPr/{W}del") is None:
                yield child
        elif child.tag in {f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}customXml"}:
            yield from _rows(child)


def _cells(row: Any) -> list[Any]:
    found = []
    for child in row:
        if child.tag == f"{W}tc":
            found.append(child)
        elif child.tag in {f"{W}sdt", f"{W}sdtContent", f"{W}customXml"}:
            found += _cells(child)
    return found


def _span(cell: Any) -> int:
    span = cell.find(f"{W}tcPr/{W}gridSpan")
    value = "1" if span is None else span.get(f"{W}val", "1")
    return max(1, min(int(value), 100)) if value.isascii() and value.isdigit() else 1
