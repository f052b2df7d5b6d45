"""PowerPoint presentations (ECMA-376, PresentationML), as the audience sees them.

A slide is a page, its title a heading. Speaker notes, comments and hidden slides are not for visitors and aren't read.
"""

import zipfile
from collections.abc import Iterator
from typing import Any

from app.ingest import archive
from app.ingest.errors import Broken, TooManyPages
from app.ingest.readers import tables
from app.ingest.readers.docx import read_title
from app.ingest.sink import Sink
from app.ingest.source import Source

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# Placeholders that hold what is the same on every slide.
_FURNITURE = {"dt", "ftr", "sldNum", "hdr"}
_TITLES = {"title", "ctrTitle"}


def read(source: Source, sink: Sink) -> None:
    """Raises `Broken`, `Encrypted`, `ExpandsTooMuch`, `TooManyPages`."""
    with archive.opened(source) as package:
        slides = _slides(package)
        if len(slides) > source.limits.max_pages:
            raise TooManyPages(f"The presentation has {len(slides):,} slides; {source.limits.max_pages:,} are allowed.")
        sink.title(read_title(package).replace("PowerPoint Presentation", ""))
        sink.pages(len(slides))
        for number, name in enumerate(slides, 1):
            _write(archive.tree(package, name), number, sink)
            sink.progress(number, len(slides))


def _slides(package: zipfile.ZipFile) -> list[str]:
    main = [name for kind, name in archive.targets(package, "").values() if kind == "officeDocument"]
    presentation = archive.tree(package, main[0]) if main else None
    if presentation is None:
        raise Broken("The presentation lacks its main part.")
    parts = archive.targets(package, main[0])
    wanted = (parts.get(slide.get(_RELATION), ("", ""))[1] for slide in presentation.iter(f"{_P}sldId"))
    return [name for name in wanted if name in package.NameToInfo]


def _write(slide: Any, number: int, sink: Sink) -> None:
    if slide.get("show") in {"0", "false"}:
        return
    shapes = list(_shapes(slide))
    titles = [text for shape in shapes if _placeholder(shape) in _TITLES and (text := _line(shape))]
    texts = [text for shape in shapes if _placeholder(shape) not in _TITLES | _FURNITURE for text in _texts(shape)]
    if not texts:
        # A heading without anything below would end up in the passage of the next slide.
        texts, titles = titles, []
    for title in titles[:1]:
        sink.heading(1, title, page=number)
    for text in titles[1:] + texts:
        sink.text(text, page=number)


def _shapes(slide: Any) -> Iterator[Any]:
    for shape in slide.iter(f"{_P}sp", f"{_P}graphicFrame"):
        properties = shape.find(f".//{_P}cNvPr")
        if properties is None or properties.get("hidden") not in {"1", "true"}:
            yield shape


def _placeholder(shape: Any) -> str:
    found = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    return "" if found is None else found.get("type", "body")


def _texts(shape: Any) -> Iterator[str]:
    for table in shape.iter(f"{_A}tbl"):
        properties = table.find(f"{_A}tblPr")
        marked = properties is not None and properties.get("firstRow") in {"1", "true"}
        yield from tables.batches(tables.lines(_rows(table), has_header=True if marked else None))
    body = shape.find(f"{_P}txBody")
    if body is not None:
        text = "\n".join(_paragraphs(body))
        yield from [text] if text else []


def _rows(table: Any) -> Iterator[list[str]]:
    above: dict[int, str] = {}
    for row in table.iter(f"{_A}tr"):
        for column, cell in enumerate(row.iterchildren(f"{_A}tc")):
            if cell.get("vMerge") not in {"1", "true"}:
                above[column] = _line(cell)
        yield [above.get(column, "") for column in range(len(row.findall(f"{_A}tc")))]


def _paragraphs(body: Any) -> Iterator[str]:
    for paragraph in body.iterchildren(f"{_A}p"):
        properties = paragraph.find(f"{_A}pPr")
        depth = "0" if properties is None else properties.get("lvl", "0")
        if text := _text(paragraph).strip():
            yield "  " * (int(depth) if depth.isdigit() else 0) + text


def _line(element: Any) -> str:
    return " ".join(" ".join(_text(each) for each in element.iter(f"{_A}p")).split())


def _text(paragraph: Any) -> str:
    parts = {f"{_A}br": "\n", f"{_A}tab": "\t"}
    return "".join(parts.get(each.tag) or each.text or "" for each in paragraph.iter(f"{_A}t", *parts))
