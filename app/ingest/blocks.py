"""The text of a document in pieces that know where they stand."""

from collections.abc import Iterable
from dataclasses import dataclass

# Between two blocks in the text of a whole document; offsets of chunks count it.
SEPARATOR = "\n\n"


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph, a list, some rows of a table.

    `page` counts from 1 (a slide, in a presentation); None where the format has no pages. `heading_path` holds the
    headings above it, outermost first; a heading's own path ends with itself.
    """

    text: str
    page: int | None = None
    heading_path: tuple[str, ...] = ()
    is_heading: bool = False


def full_text(blocks: Iterable[Block]) -> str:
    """The text that offsets of chunks refer to."""
    return SEPARATOR.join(block.text for block in blocks)
