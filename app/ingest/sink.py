"""Where readers put what they find."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Protocol

from app.ingest.blocks import SEPARATOR, Block
from app.ingest.errors import TooMuchText

# Postgres stores no NUL, JSON no lone surrogate, and nobody reads the other controls, soft hyphens and marks.
_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u00ad\ufeff\ufffe\uffff\ud800-\udfff]")
# Ligatures, and Arabic letters in the shapes that PDFs draw them in: a search for the word would not find them.
_SHAPES = re.compile(r"[\ufb00-\ufb06\ufb50-\ufdfb\ufe70-\ufefc]+")
_NEWLINES = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES_AT_LINE_ENDS = re.compile(r"[^\S\n]+(?=\n)")
_EMPTY_LINES = re.compile(r"\n{3,}")
# Pictures and fonts that are written out in the text (RFC 2397): megabytes that nobody reads or asks for.
_EMBEDDED = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w.+-]+=[\w.+-]+)*;base64,[A-Za-z0-9+/=_-]{64,}")
_LONGEST_HEADING = 200
_LONGEST_BLOCK = 20_000


class Sink(Protocol):
    """Takes a document from its reader, in reading order."""

    def title(self, text: str) -> None:
        """The document's own title, if it has one; the first one counts."""

    def pages(self, count: int, *, without_text: int = 0) -> None:
        """How many pages there are."""

    def heading(self, level: int, text: str, *, page: int | None = None) -> None:
        """A heading; level 1 is the outermost."""

    def text(self, text: str, *, page: int | None = None) -> None:
        """A paragraph, a list, some rows. A very long one becomes several blocks."""

    def progress(self, done: int, total: int | None) -> None:
        """How far the reader is, in pages, rows or whatever it counts."""


class BlockSink:
    """Turns what readers find into blocks, cleaned, each with its heading path.

    `emit` is called with every block. Raises `TooMuchText` beyond `max_characters`.
    """

    def __init__(self, *, max_characters: int) -> None:
        self._left = max_characters
        self._max = max_characters
        self._headings: list[tuple[int, str]] = []
        self.has_text = False

    def emit(self, block: Block) -> None:
        """For subclasses: takes a block."""
        raise NotImplementedError

    def heading(self, level: int, text: str, *, page: int | None = None) -> None:
        """See `Sink`. What is too long for a heading is text that somebody formatted as one."""
        name = " ".join(clean(text).split())
        if len(name) > _LONGEST_HEADING:
            self.text(text, page=page)
        elif name:
            self._headings = [each for each in self._headings if each[0] < level] + [(level, name)]
            self._put(name, page, is_heading=True)

    def text(self, text: str, *, page: int | None = None) -> None:
        """See `Sink`."""
        for portion in _portions(clean(text)):
            self.has_text = True
            self._put(portion, page, is_heading=False)

    def _put(self, text: str, page: int | None, *, is_heading: bool) -> None:
        self._left -= len(text) + len(SEPARATOR)
        if self._left < 0:
            raise TooMuchText(f"The document holds more than {self._max:,} characters. Split it and send the parts.")
        self.emit(Block(text, page, tuple(name for _level, name in self._headings), is_heading))


def clean(text: str) -> str:
    """Text as we store it: NFC, `\\n` for line ends, no controls, no surrounding space; never two empty lines."""
    text = without_embedded(text)
    text = _NEWLINES.sub("\n", text)
    text = _SHAPES.sub(lambda found: unicodedata.normalize("NFKC", found[0]), _UNWANTED.sub("", text))
    text = _SPACES_AT_LINE_ENDS.sub("", text.replace("\xa0", " "))
    return unicodedata.normalize("NFC", _EMPTY_LINES.sub("\n\n", text)).strip()


def without_embedded(text: str) -> str:
    """The same without files that are written out in it."""
    return _EMBEDDED.sub("", text) if ";base64," in text else text


def _portions(text: str) -> Iterator[str]:
    """Blocks that a tokenizer can take at once: a text without empty lines may be one line of 20 MB.

    They end at a line, a sentence or a word if there is one in their second half.
    """
    at = 0
    while len(text) - at > _LONGEST_BLOCK:
        latest = at + _LONGEST_BLOCK
        ends = (text.rfind(mark, at + _LONGEST_BLOCK // 2, latest) + 1 for mark in ("\n\n", "\n", ". ", " "))
        end = next((end for end in ends if end), latest)
        yield text[at:end].strip()
        at = end
    if last := text[at:].strip():
        yield last
