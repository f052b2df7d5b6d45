"""HTML: the main text as trafilatura finds it, or all that can be seen where that would lose too much."""

from copy import deepcopy
from typing import Any

import trafilatura
from trafilatura.settings import Document

from app.ingest.readers.decoding import declared_in_html, decode
from app.ingest.readers.html_tree import drop, holds, one_line, parsed, prepare
from app.ingest.readers.html_walk import tell, walked
from app.ingest.sink import Sink
from app.ingest.source import Source

_FEWEST_CHARACTERS = 200
# Main text that leaves more than this out of a page without its navigation is not trusted.
_SMALLEST_SHARE = 0.4
_WHOLE = 0.9
_AROUND = ("nav", "header", "footer", "aside")


def read(source: Source, sink: Sink) -> None:
    """Raises `Broken` when there is no element in it at all."""
    content = source.path.read_bytes()
    read_text(decode(content, declared=source.charset or declared_in_html(content)), sink)


def read_text(text: str, sink: Sink) -> None:
    """The same for a page that is text already."""
    tree = parsed(text)
    for title in tree.iter("title"):
        sink.title(one_line(title))
    prepare(tree)
    tell(_best(tree), sink)


def _best(tree: Any) -> list[tuple[int, str]]:
    body = next(tree.iter("body"), tree)
    everything = walked(body)
    if _length(everything) < _FEWEST_CHARACTERS:
        return everything
    main = _main(tree)
    for element in list(body.iter(*_AROUND)):
        if not holds(element, "h1"):
            drop(element)
    inner = walked(body)
    if not any(level for level, _text in main):
        main = _under_their_headings(main, inner)
    if _length(main) >= max(_FEWEST_CHARACTERS, _SMALLEST_SHARE * _length(inner)):
        return _under_its_heading(main, body)
    return inner if _length(inner) >= _FEWEST_CHARACTERS else everything


def _main(tree: Any) -> list[tuple[int, str]]:
    found = trafilatura.bare_extraction(deepcopy(tree), include_comments=False, favor_recall=True)
    return walked(found.body) if isinstance(found, Document) and found.body is not None else []


def _under_their_headings(main: list[tuple[int, str]], inner: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """With the headings of `inner`: of short texts trafilatura may give no more than the paragraphs, and the answers of
    a page of questions lack their questions. `main` as it is when it isn't made of the texts of `inner`."""
    wanted = {" ".join(text.split()) for _level, text in main}
    found: list[tuple[int, str]] = []
    above: list[tuple[int, str]] = []
    for level, text in inner:
        if level:
            above = [each for each in above if each[0] < level] + [(level, text)]
        elif " ".join(text.split()) in wanted:
            found += [*above, (level, text)]
            above = []
    length = sum(len(text) for level, text in found if not level)
    return found if length >= _WHOLE * _length(main) else main


def _under_its_heading(main: list[tuple[int, str]], body: Any) -> list[tuple[int, str]]:
    """With the page's one h1, which often stands in a banner that isn't main text."""
    headings = [one_line(element) for element in body.iter("h1")]
    if len(headings) == 1 and headings[0] and (1, headings[0]) not in main:
        return [(1, headings[0]), *((level + (level == 1), text) for level, text in main)]
    return main


def _length(found: list[tuple[int, str]]) -> int:
    return sum(len(text) for _level, text in found)
