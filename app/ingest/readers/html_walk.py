"""The text of a tree of HTML, block by block: headings, paragraphs, lists, rows of tables."""

import re
from collections.abc import Iterator
from typing import Any

from app.ingest.readers import tables
from app.ingest.readers.html_tree import INLINE, holds, one_line, parsed, prepare, text_of
from app.ingest.sink import Sink

_HEADING = re.compile(r"h([1-6])$")
_LISTS, _ITEMS = ("ul", "ol", "dl", "list", "menu"), ("li", "dt", "dd", "item")
_ROWS, _CELLS = ("tr", "row"), ("td", "th", "cell")


def read_whole(text: str, sink: Sink) -> None:
    """All of a page that has nothing but its text, as a chapter of a book. Raises `Broken`."""
    tree = parsed(text)
    prepare(tree)
    tell(walked(next(tree.iter("body"), tree)), sink)


def tell(parts: list[tuple[int, str]], sink: Sink) -> None:
    """Hands over what `walked` returned."""
    for level, found in parts:
        if level:
            sink.heading(level, found)
        else:
            sink.text(found)


class _Recorder:
    """Keeps what one attempt found: texts, and headings with their level (0 for a text)."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []

    def heading(self, level: int, text: str) -> None:
        """A heading."""
        if text.strip():
            self.found.append((level, text))

    def text(self, text: str) -> None:
        """A paragraph, a list, some rows."""
        if text.strip():
            self.found.append((0, text))


def walked(body: Any) -> list[tuple[int, str]]:
    """What there is below an element, in order: texts, and headings with their level (0 for a text)."""
    recorder = _Recorder()
    walk = _Walk(recorder)
    walk.into(body)
    walk.flush()
    return recorder.found


class _Walk:
    """Goes through a tree of HTML, or of the TEI-like names that trafilatura gives, and tells a recorder."""

    def __init__(self, recorder: _Recorder) -> None:
        self._recorder = recorder
        self._inline: list[str] = []

    def into(self, element: Any) -> None:
        """What an element holds."""
        self._add(element.text)
        for child in element:
            if isinstance(child.tag, str):
                self._visit(child)
            self._add(child.tail)

    def flush(self) -> None:
        """Ends a paragraph."""
        self._recorder.text(_spaced("".join(self._inline)))
        self._inline = []

    def _add(self, text: str | None) -> None:
        if text:
            self._inline.append(re.sub(r"\s+", " ", text))

    def _visit(self, element: Any) -> None:
        tag = element.tag
        if tag in {"br", "lb"}:
            self._inline.append("\n")
        elif tag in INLINE:
            self.into(element)
        else:
            self.flush()
            self._block(element)
            self.flush()

    def _block(self, element: Any) -> None:
        tag = element.tag
        if level := _level(element):
            self._recorder.heading(level, one_line(element))
        elif tag == "table" and not holds(element, "table", "h1", "h2", "h3", "h4", "ul", "ol", "list", "head"):
            for batch in tables.batches(tables.lines(_rows(element), has_header=_has_header(element))):
                self._recorder.text(batch)
        elif tag in _LISTS and not holds(element, "table", "h1", "h2", "h3", "h4", "h5", "h6", "head"):
            self._recorder.text("\n".join(_items(element)))
        elif tag == "pre" or (tag in {"quote", "code"} and not len(element)):
            self._recorder.text(text_of(element))
        else:
            self.into(element)


def _level(element: Any) -> int:
    found = _HEADING.match(element.get("rend", "h4") if element.tag == "head" else element.tag)
    return int(found[1]) if found else 0


def _rows(table: Any) -> Iterator[list[str]]:
    for row in table.iter(*_ROWS):
        yield [text_of(cell) for cell in row.iterchildren(*_CELLS)]


def _has_header(table: Any) -> bool | None:
    first = next(table.iter(*_ROWS), None)
    cells = [] if first is None else list(first.iterchildren(*_CELLS))
    heads = [cell for cell in cells if cell.tag == "th" or cell.get("role") == "head"]
    return True if len(heads) > 1 and len(heads) == len(cells) else None


def _items(element: Any, depth: int = 0) -> Iterator[str]:
    for child in element.iterchildren(*_ITEMS, *_LISTS):
        if child.tag in _LISTS:
            yield from _items(child, depth + 1)
            continue
        own = _own_text(child)
        if own:
            yield f"{'  ' * depth}{_bullet(child)}{own}"
        for inner in child.iterchildren(*_LISTS):
            yield from _items(inner, depth + 1)


def _bullet(item: Any) -> str:
    kind = item.get("rend", item.tag)
    return "" if kind.startswith("dt") else "  " if kind.startswith("dd") else "- "


def _own_text(item: Any) -> str:
    """An item without the lists in it."""
    parts = [item.text or ""]
    for child in item:
        if child.tag not in _LISTS:
            parts += ["\n" if child.tag in {"br", "lb"} else " " if child.tag not in INLINE else "", text_of(child)]
        parts.append(child.tail or "")
    return " ".join("".join(parts).split())


def _spaced(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))
