"""Making passages."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from app.ingest.blocks import Block, full_text
from app.ingest.chunk import Chunk, chunk
from app.ingest.errors import TooManyChunks


def _words(number: int) -> str:
    """Sentences of ten tokens each."""
    return " ".join(f"Some {'word ' * 7}end." for _sentence in range(number // 10))


def _heading(*path: str, page: int | None = None) -> Block:
    return Block(path[-1], page, path, is_heading=True)


def _text(text: str, *path: str, page: int | None = None) -> Block:
    return Block(text, page, path)


class _Check:
    """Chunks, after checking what holds for all of them."""

    def __init__(self, count_tokens: Callable[[str], int] | None) -> None:
        self._count_tokens = count_tokens

    def __call__(self, *blocks: Block, max_tokens: int = 50, overlap: int = 0) -> list[Chunk]:
        chunks = list(
            chunk(blocks, count_tokens=self._count_tokens, max_tokens=max_tokens, overlap=overlap, max_chunks=10_000)
        )
        whole = full_text(blocks)
        assert all(whole[each.start : each.end] == each.text for each in chunks)
        assert [each.position for each in chunks] == list(range(len(chunks)))
        assert all(0 < each.tokens <= max_tokens for each in chunks)
        covered = set[int]().union(*(range(each.start, each.end) for each in chunks))
        assert not [at for at, letter in enumerate(whole) if not letter.isspace() and at not in covered]
        return chunks


def _count(text: str) -> int:
    """A token per word or sign."""
    return len(re.findall(r"\w+|[^\w\s]+", text))


@pytest.fixture
def chunked() -> _Check:
    return _Check(_count)


def test_small_blocks_below_one_heading_are_put_together(chunked: _Check) -> None:
    (found,) = chunked(_heading("Prices", page=1), _text("One.", "Prices", page=1), _text("Two.", "Prices", page=2))
    assert found == Chunk(0, "Prices\n\nOne.\n\nTwo.", 1, 2, ("Prices",), 0, 18, 5)


def test_every_heading_begins_a_passage(chunked: _Check) -> None:
    sections = [_text("Of A.", "A"), _heading("A", "B"), _text("Of B.", "A", "B"), _heading("C"), _text("Of C.", "C")]
    found = chunked(_text("Before."), _heading("A"), *sections)
    assert [(each.text, each.heading_path) for each in found] == [
        ("Before.", ()),
        ("A\n\nOf A.", ("A",)),
        ("B\n\nOf B.", ("A", "B")),
        ("C\n\nOf C.", ("C",)),
    ]


def test_headings_without_text_go_with_the_next(chunked: _Check) -> None:
    (found,) = chunked(_heading("A"), _heading("A", "B"), _text("Of B.", "A", "B"))
    assert (found.text, found.heading_path) == ("A\n\nB\n\nOf B.", ("A", "B"))


@pytest.mark.parametrize("length", [50, 60, 100, 500])
def test_no_passage_ends_with_a_heading(chunked: _Check, length: int) -> None:
    found = chunked(_heading("A"), _heading("A", "B"), _text(_words(length), "A", "B"))
    assert found[0].text.startswith("A\n\nB\n\nSome")
    assert not [each for each in found if each.text.endswith("B")]


def test_parts_of_a_section_are_about_equal(chunked: _Check) -> None:
    found = chunked(*(_text(_words(10)) for _paragraph in range(11)))
    assert [each.tokens for each in found] == [40, 40, 30]


def test_long_paragraphs_are_divided_between_sentences(chunked: _Check) -> None:
    found = chunked(_text(_words(200)))
    assert len(found) > 3
    assert all(each.text.startswith("Some") and each.text.endswith("end.") for each in found)


def test_rows_are_divided_between_lines(chunked: _Check) -> None:
    rows = [f"Plan: basic | Price: {number} | Seats: 1" for number in range(40)]
    found = chunked(_heading("Sheet"), _text("\n".join(rows), "Sheet"))
    assert all(line in {*rows, "Sheet", ""} for each in found for line in each.text.split("\n"))
    assert len(found) > 5


def test_pages_are_those_of_the_passage(chunked: _Check) -> None:
    found = chunked(*(_text(_words(30), page=page) for page in (1, 2, 3, 4)), max_tokens=70)
    assert [(each.page, each.page_end) for each in found] == [(1, 2), (3, 4)]


def test_passages_overlap_by_whole_sentences(chunked: _Check) -> None:
    found = chunked(_text(_words(300)), overlap=15)
    for before, after in pairwise(found):
        shared = before.end - after.start
        assert after.text[:shared] == before.text[-shared:] == _words(10)


def test_without_a_tokenizer_characters_are_counted() -> None:
    found = _Check(None)(_heading("A"), _text(_words(500), "A"))
    assert max(len(each.text) for each in found) <= 150


@pytest.mark.parametrize(
    "text",
    ["x" * 30_000, "我们回答问题。" * 4_000, "كلمة " * 6_000, "😀👩‍💻" * 3_000, "a,b;c" * 8_000, "word\n" * 6_000],
    ids=["one word", "chinese", "arabic", "emoji", "signs", "lines"],
)
@pytest.mark.parametrize("counted", [True, False])
def test_any_text_is_divided(text: str, counted: bool) -> None:
    assert _Check(_count if counted else None)(_text(text), max_tokens=350)


def test_too_many_passages_are_refused() -> None:
    passages = chunk([_text(_words(500))], count_tokens=_count, max_tokens=50, max_chunks=3)
    with pytest.raises(TooManyChunks, match="more than 3 passages"):
        list(passages)


def test_an_overlap_that_leaves_no_room_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="less than half"):
        list(chunk([_text("a")], count_tokens=None, max_tokens=50, overlap=25))


def test_nothing_gives_nothing() -> None:
    assert not list(chunk([], count_tokens=None))
