"""The order in which a line of a PDF is read, from where its letters stand.

A PDF says where glyphs are, not in which order they are read. In Hebrew and Arabic PDFium guesses it word by word, and
of what browsers print it turns about every second word round, and the parts of addresses. This undoes what a program
did that showed the line by the Unicode bidirectional algorithm (https://www.unicode.org/reports/tr9/), whose rules are
named below.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

_RIGHT_TO_LEFT = ("R", "AL")
_NUMBER = ("EN", "AN")
# The blocks of their scripts; what they hold besides does no harm.
_FROM_RIGHT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001eeff]")
# Blanks are at least so wide, in sizes of the type. Letters' places touch, unless a vowel sign is between them.
_BLANK, _MARKED_BLANK = 0.2, 0.3
_HALF, _MOSTLY = 0.5, 0.7
_ADDRESS = re.compile(r"@|://|^www\.")
_MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")


@dataclass(frozen=True, slots=True)
class Letter:
    """A character and its place, in points from the left."""

    text: str
    left: float
    right: float

    @property
    def middle(self) -> float:
        """Of its place."""
        return (self.left + self.right) / 2


def has_any_from_right(text: str) -> bool:
    """Whether there are letters in a text that are read from right to left."""
    # Numbers and signs of their scripts are read from left to right.
    return _FROM_RIGHT.search(text) is not None and share_from_right(text) > 0


def share_from_right(text: str) -> float:
    """How many of the letters in a text are read from right to left: 0 to 1."""
    ways = [unicodedata.bidirectional(letter) for letter in text]
    from_right = sum(way in _RIGHT_TO_LEFT for way in ways)
    return from_right / max(from_right + ways.count("L"), 1)


def begins_on_right(text: str) -> bool:
    """Whether a page or table goes from right to left: half of its letters or more do."""
    return has_any_from_right(text) and share_from_right(text) >= _HALF


def in_reading_order(letters: Sequence[Letter], size: float, *, page_from_right: bool) -> str:
    """The text of one line with letters from right to left, set in `size`. Words of the other direction, numbers and
    addresses within it are read in theirs."""
    marks = [each for each in letters if unicodedata.combining(each.text)]
    shown = [each for each in letters if not each.text.isspace() and not unicodedata.combining(each.text)]
    shown.sort(key=lambda each: each.middle)
    texts = _with_marks(shown, marks)
    for at in range(len(shown) - 1, 0, -1):
        left, right = shown[at - 1].right, shown[at].left
        marked = any(left < mark.middle < right for mark in marks)
        if right - left > (_MARKED_BLANK if marked else _BLANK) * size:
            texts.insert(at, " ")
    ways = [unicodedata.bidirectional(text[0]) for text in texts]
    from_right = _goes_from_right("".join(texts), page_from_right=page_from_right)
    directions = _directions(ways, from_right)
    return "".join(
        texts[at].translate(_MIRRORED) if directions[at] else texts[at] for at in _order(directions, from_right)
    )


def _goes_from_right(shown: str, *, page_from_right: bool) -> bool:
    """The direction of a line, shown from left to right: its page's, unless both ends and most letters go the other."""
    told = " ".join(word for word in shown.split() if not _ADDRESS.search(word))
    ends = [way in _RIGHT_TO_LEFT for way in map(unicodedata.bidirectional, shown) if way in (*_RIGHT_TO_LEFT, "L")]
    share = share_from_right(told)
    if page_from_right:
        return share >= 1 - _MOSTLY or ends[0] or ends[-1]
    return share > _MOSTLY and ends[0] and ends[-1]


def _with_marks(shown: Sequence[Letter], marks: Sequence[Letter]) -> list[str]:
    """Each letter with the vowel signs that stand at it."""
    texts = [each.text for each in shown]
    for mark in marks:
        if shown:
            nearest = min(range(len(shown)), key=lambda at: abs(shown[at].middle - mark.middle))
            texts[nearest] += mark.text
    return texts


def _order(directions: Sequence[bool], from_right: bool) -> Iterator[int]:
    """Places in what stands from left to right, in the order in which it is read."""
    runs = [[at for at, _ in run] for _, run in groupby(enumerate(directions), key=lambda each: each[1])]
    for run in reversed(runs) if from_right else runs:
        yield from reversed(run) if directions[run[0]] else run


def _directions(ways: Sequence[str], from_right: bool) -> list[bool]:
    """Whether each character is read from right to left."""
    kinds = _with_numbers(ways)
    # What a blank or a sign sees on its sides (N1): a number is like the line's letters, or like Latin ones before it.
    sides: list[bool | None] = []
    for kind in kinds:
        if kind in _NUMBER:
            strong = next((side for side in reversed(sides) if side is not None), from_right)
            sides.append(from_right and strong)
        else:
            sides.append(True if kind in _RIGHT_TO_LEFT else False if kind == "L" else None)
    directions = []
    for at, side in enumerate(sides):
        if kinds[at] in _NUMBER or side is not None:
            directions.append(kinds[at] not in _NUMBER and bool(side))
            continue
        before = next((each for each in reversed(sides[:at]) if each is not None), from_right)
        after = next((each for each in sides[at:] if each is not None), from_right)
        directions.append(before if before == after else from_right)
    return directions


def _with_numbers(ways: Sequence[str]) -> list[str]:
    """With signs taken for parts of the numbers that they stand in (W2, W4, W5)."""
    arabic = "AL" in ways
    kinds = ["AN" if arabic and way == "EN" else way for way in ways]
    for at, kind in enumerate(kinds[1:-1], 1):
        between = kinds[at - 1] == kinds[at + 1]
        if between and ((kind == "ES" and kinds[at - 1] == "EN") or (kind == "CS" and kinds[at - 1] in _NUMBER)):
            kinds[at] = kinds[at - 1]
    for at, kind in enumerate(kinds):
        if kind == "ET" and "EN" in kinds[max(at - 1, 0) : at + 2]:
            kinds[at] = "EN"
    return kinds
