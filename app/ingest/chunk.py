"""Passages for retrieval: blocks of one section put together or divided, never longer than the model reads."""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat

from semantic_text_splitter import TextSplitter

from app.ingest.blocks import SEPARATOR, Block
from app.ingest.errors import TooManyChunks

# A longer section is divided portion by portion: the caller hears from us, and equal parts of a table mean nothing.
_LONGEST_SECTION = 100_000
# Where no tokenizer is given: European languages have four or five characters to a token, Chinese has one or two.
_CHARACTERS_PER_TOKEN = 3
# Parts of a divided section may be this much longer than all would be if they were equal.
_UNEVEN = 1.15
_WORDS = re.compile(r"\S+")
# What is written without blanks is one word to these.
_LONGEST_WORD = 40
_ROUNDING = 1e-6
_SENTENCE_ENDS = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage. `start` and `end` count characters in the full text of the document; pages count from 1.

    `position` counts from 0. `tokens` are those of the text alone, without the special ones of a model.
    """

    position: int
    text: str
    page: int | None
    page_end: int | None
    heading_path: tuple[str, ...]
    start: int
    end: int
    tokens: int


def chunk(
    blocks: Sequence[Block],
    *,
    count_tokens: Callable[[str], int] | None,
    max_tokens: int = 350,
    overlap: int = 0,
    max_chunks: int | None = None,
) -> Iterator[Chunk]:
    """The passages of a document, in reading order.

    A passage stays below one heading; headings begin passages and never end them. `max_tokens` are counted by
    `count_tokens`, or estimated at three characters each without it.
    `overlap` is how many tokens, at most, the parts of a divided section share, less than half of `max_tokens`.
    Raises `TooManyChunks`.
    """
    if overlap * 2 >= max_tokens:
        raise ValueError("the overlap must be less than half of a passage")
    count = count_tokens or _estimate
    division = _Division(count, max_tokens, overlap)
    position = 0
    for section in _sections(blocks):
        for start, end in division.of(section):
            if position == max_chunks:
                raise TooManyChunks(
                    f"The document makes more than {max_chunks:,} passages. Split it and send the parts."
                )
            text = section.text[start:end]
            yield Chunk(
                position=position,
                text=text,
                page=section.block_at(start).page,
                page_end=section.block_at(end - 1).page,
                heading_path=section.block_at(end - 1).heading_path,
                start=section.start + start,
                end=section.start + end,
                tokens=count(text),
            )
            position += 1


def _estimate(text: str) -> int:
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)


def _counter_of_parts(text: str, count: Callable[[str], int]) -> Callable[[str], int]:
    """Counts within a text that is counted once, word by word; a splitter asks for its parts five times over.

    A part that occurs twice has as many tokens in either place. The tokens of a very long word are taken to be spread
    over its characters evenly; where another is cut, it counts where it begins.
    """
    starts, tokens = list[int](), list[float]()
    for word in _WORDS.finditer(text):
        length, of_word = word.end() - word.start(), count(word.group())
        if length <= _LONGEST_WORD:
            starts.append(word.start())
            tokens.append(of_word)
        else:
            starts.extend(range(word.start(), word.end()))
            tokens.extend(repeat(of_word / length, length))
    before = list(accumulate(tokens, initial=0.0))

    def count_part(part: str) -> int:
        at = text.find(part)
        found = before[bisect_left(starts, at + len(part))] - before[bisect_left(starts, at)]
        return math.ceil(found - _ROUNDING)

    return count_part


class _Section:
    """Headings, and the blocks below them. `start` is its place in the full text."""

    def __init__(self, start: int, blocks: list[Block]) -> None:
        self.start = start
        self.blocks = blocks
        self.text = SEPARATOR.join(block.text for block in blocks)
        self.starts: list[int] = []
        at = 0
        for block in blocks:
            self.starts.append(at)
            at += len(block.text) + len(SEPARATOR)

    def block_at(self, place: int) -> Block:
        """The block that a character of `text` belongs to."""
        return self.blocks[bisect_right(self.starts, place) - 1]


def _sections(blocks: Sequence[Block]) -> Iterator[_Section]:
    start, size, section = 0, 0, list[Block]()
    for block in blocks:
        if section and _ends_section(section[-1], block, size):
            yield _Section(start, section)
            start, size, section = start + size, 0, []
        section.append(block)
        size += len(block.text) + len(SEPARATOR)
    if section:
        yield _Section(start, section)


def _ends_section(last: Block, block: Block, size: int) -> bool:
    # A heading right below another goes with it: alone it would be a passage that says nothing.
    if last.is_heading:
        return False
    return block.is_heading or block.heading_path != last.heading_path or size > _LONGEST_SECTION


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block, or a part of one, at its place in the text of the section."""

    start: int
    end: int
    tokens: int


class _Division:
    """Divides sections."""

    def __init__(self, count: Callable[[str], int], max_tokens: int, overlap: int) -> None:
        self._count = count
        self._max = max_tokens
        self._overlap = overlap
        self._separator = max(0, count(f"a{SEPARATOR}a") - 2 * count("a"))

    def of(self, section: _Section) -> Iterator[tuple[int, int]]:
        """Where passages begin and end in the text of a section."""
        sizes = [self._count(block.text) for block in section.blocks]
        total = sum(sizes) + self._separator * (len(sizes) - 1)
        if total <= self._max:
            yield 0, len(section.text)
            return
        room = self._max - self._overlap
        room = min(room, math.ceil(total / math.ceil(total / room) * _UNEVEN))
        start, size, end = 0, 0, 0
        headings = self._tokens_of_headings(section.blocks, sizes, room)
        for piece in self._pieces(section, sizes, room, headings):
            if end and size > headings and size + self._separator + piece.tokens > room:
                yield start, end
                start, size = self._with_overlap(section.text, end, piece.start), 0
                headings = 0
            size += piece.tokens + self._separator
            end = piece.end
        yield start, end

    def _tokens_of_headings(self, blocks: Sequence[Block], sizes: Sequence[int], room: int) -> int:
        """What a section's headings take of its first passage; 0 where they take so much that they are mere text."""
        tokens = sum(size + self._separator for block, size in zip(blocks, sizes, strict=True) if block.is_heading)
        return tokens if tokens <= room // 2 else 0

    def _pieces(self, section: _Section, sizes: Sequence[int], room: int, headings: int) -> Iterator[_Piece]:
        first = True
        for block, start, tokens in zip(section.blocks, section.starts, sizes, strict=True):
            beside = headings if first and not block.is_heading else 0
            first = first and block.is_heading
            if tokens + beside <= room:
                yield _Piece(start, start + len(block.text), tokens)
            else:
                yield from self._divided(block.text, start, room - beside)

    def _divided(self, text: str, start: int, room: int) -> Iterator[_Piece]:
        splitter = TextSplitter.from_callback(_counter_of_parts(text, self._count), room)
        for offset, found in splitter.chunk_indices(text):
            tokens = self._count(found)
            if tokens <= room:
                yield _Piece(start + offset, start + offset + len(found), tokens)
            else:
                yield from self._divided_exactly(found, start + offset, room)

    def _divided_exactly(self, text: str, start: int, room: int) -> Iterator[_Piece]:
        for offset, found in TextSplitter.from_callback(self._count, room).chunk_indices(text):
            yield _Piece(start + offset, start + offset + len(found), self._count(found))

    def _with_overlap(self, text: str, end: int, start: int) -> int:
        """Where the next passage begins: at `start`, or as many sentences before as the overlap has room for."""
        if not self._overlap:
            return start
        # A token of thirty characters would be a strange one.
        earliest = max(0, end - 30 * self._overlap)
        ends = [earliest + found.end() for found in _SENTENCE_ENDS.finditer(text[earliest:end])]
        return next((at for at in ends if at < end and self._count(text[at:end]) <= self._overlap), start)
