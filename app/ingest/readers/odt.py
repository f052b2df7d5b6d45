"""OpenDocument texts (OASIS ODF 1.3): headings, paragraphs, lists and tables of `content.xml`."""

import zipfile
from collections.abc import Iterator
from typing import Any

from app.ingest import archive
from app.ingest.errors import Broken, Encrypted
from app.ingest.readers import tables
from app.ingest.sink import Sink
from app.ingest.source import Source

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_UNSEEN = {f"{_OFFICE}annotation", f"{_TEXT}tracked-changes", f"{_TEXT}table-of-content"}
_MOST_REPEATED = 50


def read(source: Source, sink: Sink) -> None:
    """Raises `Broken`, `Encrypted`, `ExpandsTooMuch`."""
    with archive.opened(source) as package:
        if b"encryption-data" in _content(package, "META-INF/manifest.xml"):
            raise Encrypted
        if "content.xml" not in package.NameToInfo:
            raise Broken("The document lacks its main part.")
        meta = archive.tree(package, "meta.xml")
        sink.title("" if meta is None else next((each.text or "" for each in meta.iter(_TITLE)), ""))
        for element in archive.elements(package, "content.xml", {f"{_OFFICE}text"}):
            _write(element, sink)


def _content(package: zipfile.ZipFile, name: str) -> bytes:
    return package.read(name) if name in package.NameToInfo else b""


def _write(element: Any, sink: Sink) -> None:
    if element.tag in _UNSEEN or not isinstance(element.tag, str):
        return
    if element.tag == f"{_TEXT}h":
        level = element.get(f"{_TEXT}outline-level", "1")
        sink.heading(int(level) if level.isdigit() else 1, _line(element))
    elif element.tag == f"{_TEXT}p":
        sink.text("".join(_texts(element)))
    elif element.tag == f"{_TEXT}list":
        sink.text("\n".join(_items(element)))
    elif element.tag == f"{_TABLE}table":
        has_header = True if element.find(f"{_TABLE}table-header-rows") is not None else None
        for batch in tables.batches(tables.lines(_rows(element), has_header=has_header)):
            sink.text(batch)
    else:
        for child in element:
            _write(child, sink)


def _items(element: Any, depth: int = 0) -> Iterator[str]:
    for item in element.iterchildren(f"{_TEXT}list-item", f"{_TEXT}list-header"):
        for child in item:
            if child.tag == f"{_TEXT}list":
                yield from _items(child, depth + 1)
            else:
                yield f"{'  ' * depth}- {_line(child)}"


def _rows(table: Any) -> Iterator[list[str]]:
    for row in table.iter(f"{_TABLE}table-row"):
        cells: list[str] = []
        for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            repeated = cell.get(f"{_TABLE}number-columns-repeated", "1")
            text = " ".join(_line(each) for each in cell.iter(f"{_TEXT}p", f"{_TEXT}h"))
            cells += [text] * min(int(repeated) if repeated.isdigit() else 1, _MOST_REPEATED)
        yield cells


def _line(element: Any) -> str:
    return " ".join("".join(_texts(element)).split())


def _texts(element: Any) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag == f"{_TEXT}s":
            yield " "
        elif child.tag == f"{_TEXT}tab":
            yield "\t"
        elif child.tag == f"{_TEXT}line-break":
            yield "\n"
        elif child.tag == f"{_TEXT}note":
            yield f" ({' '.join(_line(body) for body in child.iter(f'{_TEXT}p'))})"
        elif child.tag not in _UNSEEN and isinstance(child.tag, str):
            yield from _texts(child)
        yield child.tail or ""
