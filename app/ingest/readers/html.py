"""HTML: the main text as trafilatura finds it, or all that can be seen where that would lose too much."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import trafilatura
from lxml import etree, html
from trafilatura.settings import Document

from app.ingest.errors import Broken
from app.ingest.readers import tables
from app.ingest.readers.decoding import declared_in_html, decode
from app.ingest.sink import Sink
from app.ingest.source import Source

_FEWEST_CHARACTERS = 200
# Main text that leaves more than this out of a page without its navigation is not trusted.
_SMALLEST_SHARE = 0.4
_NO_TEXT = (
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "embed", "canvas", "audio", "video",
    "input", "select", "textarea", "button", "dialog",
)  # fmt: skip
_AROUND = ("nav", "header", "footer", "aside")
_HIDDEN = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d]))",
    re.IGNORECASE,
)
_INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "hi", "i", "ins", "kbd",
    "label", "mark", "meter", "output", "q", "ref", "ruby", "rb", "rp", "rt", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
}  # fmt: skip
_HEADING = re.compile(r"h([1-6])$")
_LISTS, _ITEMS = ("ul", "ol", "dl", "list", "menu"), ("li", "dt", "dd", "item")
_ROWS, _CELLS = ("tr", "row"), ("td", "th", "cell")
_MOST_SPANNED = 5_000


def read(source: Source, sink: Sink) -> None:
    """Raises `Broken` when there is no element in it at all."""
    content = source.path.read_bytes()
    read_text(decode(content, declared=source.charset or declared_in_html(content)), sink)


def read_text(text: str, sink: Sink) -> None:
    """The same for a page that is text already."""
    tree = _parsed(text)
    for title in tree.iter("title"):
        sink.title(_one_line(title))
    _prepare(tree)
    _tell(_best(tree), sink)


def read_whole(text: str, sink: Sink) -> None:
    """All of a page that has nothing but its text, as a chapter of a book."""
    tree = _parsed(text)
    _prepare(tree)
    _tell(_walked(next(tree.iter("body"), tree)), sink)


def _tell(parts: list[tuple[int, str]], sink: Sink) -> None:
    for level, found in parts:
        if level:
            sink.heading(level, found)
        else:
            sink.text(found)


def _parsed(text: str) -> Any:
    # As bytes, for lxml takes no text that names an encoding; PDFs and feeds end up here as .html, too.
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        tree = html.document_fromstring(text.replace("\0", "").encode(errors="replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise Broken("The page holds no HTML.") from None
    return tree


def _prepare(tree: Any) -> None:
    _drop_unseen(tree)
    for table in tree.iter("table"):
        _spread_spans(table)


def _drop_unseen(tree: Any) -> None:
    etree.strip_tags(tree, etree.Comment, etree.ProcessingInstruction)
    for element in list(tree.iter(*_NO_TEXT)):
        _drop(element)
    for element in list(tree.iterfind(".//*[@hidden]")):
        if element.get("hidden") != "until-found":
            _drop(element)
    for element in list(tree.iterfind(".//*[@style]")):
        if _HIDDEN.search(element.get("style")):
            _drop(element)


def _drop(element: Any) -> None:
    if element.getparent() is not None:
        element.drop_tree()


def _spread_spans(table: Any) -> None:
    """Repeats a cell in every row that it spans, so that no cell stands under another column's header."""
    above: dict[int, tuple[int, Any]] = {}
    room = _MOST_SPANNED
    for row in table.iter("tr"):
        column = 0
        for cell in [*row.iterchildren("td", "th"), None]:
            while column in above and above[column][0] > 0 and room > 0:
                left, copied = above[column]
                above[column] = left - 1, copied
                row.insert(_index(row, cell), deepcopy(copied))
                column, room = column + 1, room - 1
            if cell is None:
                break
            for extra in range(min(_span(cell, "colspan"), room + 1)):
                if extra:
                    row.insert(row.index(cell) + 1, etree.SubElement(row, "td"))
                    room -= 1
                above[column] = _span(cell, "rowspan") - 1, _bare(cell)
                column += 1

    for cell in table.iter("td", "th"):
        # trafilatura spreads them, too, and without a limit.
        cell.attrib.pop("rowspan", None)
        cell.attrib.pop("colspan", None)


def _index(row: Any, cell: Any) -> int:
    return len(row) if cell is None else row.index(cell)


def _bare(cell: Any) -> Any:
    copied = deepcopy(cell)
    copied.tail = None
    return copied


def _span(cell: Any, name: str) -> int:
    value = cell.get(name, "1")
    return max(1, min(int(value), 1000)) if value.isascii() and value.isdigit() else 1


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


def _best(tree: Any) -> list[tuple[int, str]]:
    body = next(tree.iter("body"), tree)
    everything = _walked(body)
    if _length(everything) < _FEWEST_CHARACTERS:
        return everything
    main = _main(tree)
    for element in list(body.iter(*_AROUND)):
        if not _holds(element, "h1"):
            _drop(element)
    inner = _walked(body)
    if _length(main) >= max(_FEWEST_CHARACTERS, _SMALLEST_SHARE * _length(inner)):
        return _under_its_heading(main, body)
    return inner if _length(inner) >= _FEWEST_CHARACTERS else everything


def _main(tree: Any) -> list[tuple[int, str]]:
    found = trafilatura.bare_extraction(deepcopy(tree), include_comments=False, favor_recall=True)
    return _walked(found.body) if isinstance(found, Document) and found.body is not None else []


def _under_its_heading(main: list[tuple[int, str]], body: Any) -> list[tuple[int, str]]:
    """With the page's one h1, which often stands in a banner that isn't main text."""
    headings = [_one_line(element) for element in body.iter("h1")]
    if len(headings) == 1 and headings[0] and (1, headings[0]) not in main:
        return [(1, headings[0]), *((level + (level == 1), text) for level, text in main)]
    return main


def _length(found: list[tuple[int, str]]) -> int:
    return sum(len(text) for _level, text in found)


def _walked(body: Any) -> list[tuple[int, str]]:
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
        elif tag in _INLINE:
            self.into(element)
        else:
            self.flush()
            self._block(element)
            self.flush()

    def _block(self, element: Any) -> None:
        tag = element.tag
        if level := _level(element):
            self._recorder.heading(level, _one_line(element))
        elif tag == "table" and not _holds(element, "table", "h1", "h2", "h3", "h4", "ul", "ol", "list", "head"):
            for batch in tables.batches(tables.lines(_rows(element), has_header=_has_header(element))):
                self._recorder.text(batch)
        elif tag in _LISTS and not _holds(element, "table", "h1", "h2", "h3", "h4", "h5", "h6", "head"):
            self._recorder.text("\n".join(_items(element)))
        elif tag == "pre" or (tag in {"quote", "code"} and not len(element)):
            self._recorder.text(_text(element))
        else:
            self.into(element)


def _level(element: Any) -> int:
    found = _HEADING.match(element.get("rend", "h4") if element.tag == "head" else element.tag)
    return int(found[1]) if found else 0


def _holds(element: Any, *tags: str) -> bool:
    return any(True for found in element.iter(*tags) if found is not element)


def _rows(table: Any) -> Iterator[list[str]]:
    for row in table.iter(*_ROWS):
        yield [_text(cell) for cell in row.iterchildren(*_CELLS)]


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
            parts += ["\n" if child.tag in {"br", "lb"} else " " if child.tag not in _INLINE else "", _text(child)]
        parts.append(child.tail or "")
    return " ".join("".join(parts).split())


def _text(element: Any) -> str:
    """All text below an element, with a space wherever a block or a line ends."""
    parts: list[str] = []
    for event, each in etree.iterwalk(element, events=("start", "end")):
        if not isinstance(each.tag, str):
            continue
        if event == "start":
            parts.append(each.text or "")
        else:
            parts.append(" " if each.tag not in _INLINE and each is not element else "")
            parts.append(each.tail or "" if each is not element else "")
    return "".join(parts)


def _one_line(element: Any) -> str:
    return " ".join(_text(element).split())


def _spaced(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))
