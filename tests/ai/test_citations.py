"""Citation markers in streamed text: what is published, when, and where the markers are."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ai.citations import NO_ANSWER, CitationFilter, without_markers

ALLOWED = (1, 2, 3, 12)

# As the model writes it → as it is published.
CASES = [
    ("Open at nine [1].", "Open at nine [1]."),
    ("Open at nine[1][2].", "Open at nine[1][2]."),
    ("Open at nine [1, 2].", "Open at nine [1][2]."),
    ("Open at nine [1,2; 3].", "Open at nine [1][2][3]."),
    ("Open at nine [1-3].", "Open at nine [1][2][3]."),
    ("Open at nine [^1].", "Open at nine [1]."),
    ("Open at nine 【1】.", "Open at nine [1]."),
    ("Open at nine【12†source】.", "Open at nine[12]."),
    ("Nobody knows [9].", "Nobody knows."),
    ("Nobody knows [9] this.", "Nobody knows this."),
    ("Some know [9, 1].", "Some know [1]."),
    ("Twice [1][1] or [1, 1].", "Twice [1] or [1]."),
    ("Twice [1] [1].", "Twice [1]."),
    ("See [our page](https://a.example) or [1](https://b.example).", None),
    ("- [x] done\n- [ ] open", None),
    ("In [2024] and [1234].", None),
    ("An `array[1]` stays.", None),
    ("An ``odd ` array[9]`` stays.", None),
    ("```python\nfirst = rows[9]\n```\nDone [1].", None),
    ("A lonely ` tick\nand [9] a marker.", "A lonely ` tick\nand a marker."),
    ("Not closed [1", None),
    ("Not closed [1, ", None),
    ("[[1]] in two.", None),
    ("Ends with a space ", None),
    ("", ""),
    ("Half [[NO_ANS", None),
    ("I looked. [[NO_ANSWER]]", "I looked."),
    ("[[NO_ANSWER]]", ""),
    ("  [[NO_ANSWER]]\n", ""),
    ('"[[NO_ANSWER]]"', ""),
    ("`[[NO_ANSWER]]`", ""),
    ("[[NO_ANSWER]] The passages say nothing of it.", ""),
]


def run(pieces: list[str]) -> tuple[str, CitationFilter]:
    published = CitationFilter(ALLOWED)
    text = "".join(published.feed(piece) for piece in pieces) + published.finish()
    return text, published


@pytest.mark.parametrize(("written", "expected"), CASES)
def test_markers_are_normalised(written: str, expected: str | None) -> None:
    assert run([written])[0] == (written if expected is None else expected)


@pytest.mark.parametrize(("written", "expected"), CASES)
def test_single_characters_give_the_same(written: str, expected: str | None) -> None:
    assert run(list(written))[0] == (written if expected is None else expected)


FRAGMENTS = st.sampled_from(
    [
        "[1]",
        "[2, 9]",
        "[^1]",
        "【3】",
        "[",
        "]",
        "(",
        "`",
        "```",
        "\n",
        " ",
        "  ",
        "word",
        ".",
        "9",
        ",",
        NO_ANSWER,
        "[[",
    ]
)


@pytest.mark.slow  # a few hundred texts, each cut in its own way
@settings(max_examples=300, deadline=None)
@given(st.lists(FRAGMENTS, max_size=25).map("".join), st.randoms(use_true_random=False))
def test_any_chunking_gives_the_same(written: str, chance: random.Random) -> None:
    whole, reference = run([written])
    cuts = sorted(chance.randrange(len(written) + 1) for _ in range(chance.randrange(8)))
    pieces = [written[a:b] for a, b in zip([0, *cuts], [*cuts, len(written)], strict=True)]
    text, published = run(pieces)

    assert text == whole == published.text
    assert published.markers == reference.markers
    assert published.no_answer == reference.no_answer
    assert all(text[marker.start : marker.end] == f"[{marker.index}]" for marker in published.markers)
    assert all(marker.index in ALLOWED for marker in published.markers)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="[]【】`"), max_size=60))
def test_other_text_passes_unchanged(written: str) -> None:
    assert run(list(written))[0] == written


def test_little_is_held_back() -> None:
    published = CitationFilter(ALLOWED)
    assert published.feed("The office opens at nine") == "The office opens at nine"
    assert published.feed(" [1") == ""
    assert published.feed("]") == ""
    assert published.feed(".") == " [1]."


def test_an_answer_that_begins_like_the_token_is_published_after_all() -> None:
    published = CitationFilter(ALLOWED)
    assert published.feed("[[NO_") == ""
    assert published.feed("PROBLEM]]") == "[[NO_PROBLEM]]"
    assert not published.no_answer


@pytest.mark.parametrize(("written", "no_answer"), [("[[NO_ANSWER]]", True), ("x [[NO_ANSWER]]", True), ("x", False)])
def test_the_token_is_noticed(written: str, no_answer: bool) -> None:
    assert run(list(written))[1].no_answer is no_answer


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("We open at 9.30 [1]. On Sunday we are closed [2].", ["We open at 9.30", "On Sunday we are closed"]),
        ("We open at nine. [1] Closed on Sunday.[2]", ["We open at nine", "Closed on Sunday"]),
        ("- Monday: nine [1]\n- Tuesday: ten [2]", ["Monday: nine", "Tuesday: ten"]),
        ("Open at nine [1][2].", ["Open at nine", "Open at nine"]),
        ("Nine [1] to five [2].", ["Nine", "Nine to five"]),
        ("我们九点开门[1]。周日休息[2]。", ["我们九点开门", "周日休息"]),
        ("[1] stands alone.", [""]),
    ],
)
def test_a_marker_knows_its_statement(text: str, statements: list[str]) -> None:
    published = run([text])[1]
    assert [published.statement_for(marker) for marker in published.markers] == statements


def test_markers_of_earlier_turns_can_be_removed() -> None:
    assert without_markers("Open at nine [1][2]. Closed [3].") == "Open at nine. Closed."


def test_a_long_answer_takes_linear_time() -> None:
    published = CitationFilter(ALLOWED)
    for _ in range(5_000):
        published.feed("[" * 5 + "word ")
    published.finish()
    assert len(re.findall("word", published.text)) == 5_000
