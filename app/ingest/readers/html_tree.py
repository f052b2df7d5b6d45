"""The tree of a page, without what nobody sees, and in a shape that can be walked through."""

import re
from copy import deepcopy
from typing import Any

from lxml import etree, html

from app.ingest.errors import Broken

# Deeper than any page that somebody wrote, and less deep than Python calls functions: tags that are never closed.
_DEEPEST = 200
_NO_TEXT = (
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "embed", "canvas", "audio", "video",
    "input", "select", "textarea", "button", "dialog",
)  # fmt: skip
_HIDDEN = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d]))",
    re.IGNORECASE,
)
INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "hi", "i", "ins", "kbd",
    "label", "mark", "meter", "output", "q", "ref", "ruby", "rb", "rp", "rt", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
}  # fmt: skip
_HEADINGS = tuple(f"h{level}" for level in range(1, 7))
# What opens and closes is the heading of what it opens: questions and their answers, mostly.
_SUMMARY_AS = "h4"
_MOST_SPANNED = 5_000


def parsed(text: str) -> Any:
    """The tree of a page; raises `Broken`."""
    # As bytes, for lxml takes no text that names an encoding; PDFs and feeds end up here as .html, too. Without
    # `huge_tree` everything after the 256th tag that isn't closed would be lost without a word.
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True)
    try:
        tree = html.document_fromstring(text.replace("\0", "").encode(errors="replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise Broken("The page holds no HTML.") from None
    if any(each.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for each in parser.error_log):
        raise Broken("The page has tags within tags, more than 2,000 deep. Close them, and send it again.")
    return tree


def prepare(tree: Any) -> None:
    """Drops what isn't seen, and gives what browsers show alike the same shape."""
    _drop_unseen(tree)
    _flatten(tree)
    _name_what_opens(tree)
    for table in tree.iter("table"):
        _spread_spans(table)


def _drop_unseen(tree: Any) -> None:
    etree.strip_tags(tree, etree.Comment, etree.ProcessingInstruction)
    unseen = []
    walk = etree.iterwalk(tree, events=("start",))
    for _event, element in walk:
        if _is_unseen(element):
            unseen.append(element)
            walk.skip_subtree()
    for element in unseen:
        drop(element)


def _is_unseen(element: Any) -> bool:
    if element.tag in _NO_TEXT:
        # Headings that open what is below them are buttons (https://www.w3.org/WAI/ARIA/apg/patterns/accordion/).
        return element.tag != "button" or not _is_within_heading(element)
    if element.get("hidden", "until-found") != "until-found":
        return True
    style = element.get("style")
    return style is not None and bool(_HIDDEN.search(style))


def _is_within_heading(element: Any) -> bool:
    # In a loop, for this is asked before the tree is flattened.
    above = next((each for each in element.iterancestors() if each.tag != "span"), None)
    return above is not None and above.tag in _HEADINGS


def _flatten(tree: Any) -> None:
    """Leaves nothing but text below a certain depth, since many of those who walk through a tree call themselves."""
    deep, depth = [], 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if event == "start" and depth == _DEEPEST:
            deep.append(element)
    for element in deep:
        text = text_of(element)
        del element[:]
        element.text = text


def _name_what_opens(tree: Any) -> None:
    for button in list(tree.iter("button")):
        button.drop_tag()
    for summary in list(tree.iter("summary")):
        if holds(summary, *_HEADINGS):
            summary.drop_tag()
        else:
            summary.tag = _SUMMARY_AS
    for details in tree.iter("details"):
        details.tag = "div"


def drop(element: Any) -> None:
    """Takes an element out, and leaves what follows it."""
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


def holds(element: Any, *tags: str) -> bool:
    """Whether one of these is below an element."""
    return any(True for found in element.iter(*tags) if found is not element)


def text_of(element: Any) -> str:
    """All text below an element, with a space wherever a block begins or ends, or a line ends."""
    parts: list[str] = []
    for event, each in etree.iterwalk(element, events=("start", "end")):
        if not isinstance(each.tag, str):
            continue
        if event == "start":
            parts.append(" " if each.tag not in INLINE and each is not element else "")
            parts.append(each.text or "")
        else:
            parts.append(" " if each.tag not in INLINE and each is not element else "")
            parts.append(each.tail or "" if each is not element else "")
    return "".join(parts)


def one_line(element: Any) -> str:
    """The same on one line."""
    return " ".join(text_of(element).split())
