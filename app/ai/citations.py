"""Citation markers in an answer that is still being written.

The model names passages by number, in whatever form it likes: `[1]`, `[1, 2]`, `[1-3]`, `[^1]`, `【1】`. What leaves
here has `[1]` only, and only numbers that were handed out; half a marker is never published.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

NO_ANSWER = "[[NO_ANSWER]]"

_MOST_INDEXES = 8
_LONGEST_RUN = 16
_LONGEST_RANGE = 20
_SEPARATOR = r"\s?[,;–-]\s?"
_LIST = rf"\^?\d{{1,3}}(?:{_SEPARATOR}\^?\d{{1,3}}){{0,{_MOST_INDEXES - 1}}}"
_LIST_BEGUN = rf"\^?\d{{0,3}}(?:{_SEPARATOR}\^?\d{{0,3}}){{0,{_MOST_INDEXES - 1}}}\s?"
# One space before a marker belongs to it, so that it goes when the marker goes.
_MARKER = re.compile(rf" ?(?:\[(?P<square>{_LIST})\](?!\()|【(?P<lens>{_LIST})(?:†[^】\n]{{0,24}})?】)")
_MARKER_BEGUN = re.compile(rf" ?(?:\[(?:{_LIST_BEGUN})?\]?|【(?:{_LIST_BEGUN})?(?:†[^】\n]{{0,24}})?】?)")
_NO_ANSWER = re.compile(rf" ?{re.escape(NO_ANSWER)}")
_WRAPPING = re.compile(r"[\s\"'`*]{0,8}")
_INTERESTING = re.compile(rf" ?[\[【]|`{{1,{_LONGEST_RUN}}}| \Z")
_CODE_END = re.compile(rf"`{{1,{_LONGEST_RUN}}}|\n")
_INDEX = re.compile(r"\d+")
_RANGE = re.compile(r"(\d+)\s?[–-]\s?\^?(\d+)")

_PLAIN_MARKER = re.compile(r"\s*\[\d{1,3}\]")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)]*\s+|[。！？]+[」』”’]*|\n+")
_LIST_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+|^\s*#{1,6}\s+")
_CLOSING = " \t\n\r.!?…。！？,;:"


@dataclass(frozen=True, slots=True)
class Marker:
    """`[index]` at `start` (inclusive) to `end` (exclusive), in characters of `CitationFilter.text`."""

    index: int
    start: int
    end: int


class CitationFilter:
    """Passes an answer through as it streams. However it is cut into deltas, the result is the same.

    Code (between backticks) and Markdown links are left alone. A reply that begins with `[[NO_ANSWER]]` is swallowed;
    `no_answer` says that the token came, wherever.
    """

    def __init__(self, allowed: Collection[int]) -> None:
        """`allowed`: the numbers of the passages that were handed out."""
        self.markers: list[Marker] = []
        self.no_answer = False
        self._allowed = frozenset(allowed)
        self._held = ""
        self._published: list[str] = []
        self._length = 0
        self._code = 0  # backticks that opened the code we are in: 1 or 2 inline, 3 or more a block
        self._undecided = True
        self._swallowing = False

    @property
    def text(self) -> str:
        """Everything that was published."""
        return "".join(self._published)

    def feed(self, delta: str) -> str:
        """Takes the next piece, and gives what may be published now."""
        return self._advance(delta, final=False)

    def finish(self) -> str:
        """Gives the rest, when the answer is complete."""
        return self._advance("", final=True)

    def statement_for(self, marker: Marker) -> str:
        """The sentence that `marker` supports: the one that it stands in or follows. Without markers."""
        before = _PLAIN_MARKER.sub("", self.text[: marker.start]).rstrip(_CLOSING)
        ends = [match.end() for match in _SENTENCE_END.finditer(before)]
        return _LIST_ITEM.sub("", before[ends[-1] :] if ends else before).strip()

    def _advance(self, delta: str, *, final: bool) -> str:
        if self._swallowing:
            return ""
        buffer = self._held + delta
        if self._undecided:
            self._decide(buffer, final=final)
        if self._undecided or self._swallowing:
            self._held = buffer
            return ""
        already = len(self._published)
        self._held = buffer[self._scan(buffer, final=final) :]
        return "".join(self._published[already:])

    def _decide(self, buffer: str, *, final: bool) -> None:
        """Finds out whether the reply is the token that there is no answer, perhaps in quotes."""
        wrapping = _WRAPPING.match(buffer)
        rest = buffer[wrapping.end() :] if wrapping else buffer
        if rest.startswith(NO_ANSWER):
            self.no_answer = self._swallowing = True
        self._undecided = not final and NO_ANSWER.startswith(rest)

    def _scan(self, buffer: str, *, final: bool) -> int:
        """Publishes what can be; returns where the part begins that has to wait for more."""
        at = 0
        while at < len(buffer):
            step = self._step_in_code if self._code else self._step_in_prose
            further = step(buffer, at, final)
            if further == at:
                break
            at = further
        return at

    # A step goes from one place in the buffer to another, and stays where it is when it needs to see more.

    def _step_in_code(self, buffer: str, at: int, final: bool) -> int:
        found = _CODE_END.search(buffer, at)
        if not found or found.start() > at:
            return self._publish(buffer, at, found.start() if found else len(buffer))
        if found[0] != "\n" and _may_grow(found, buffer, final):
            return at
        ticks = len(found[0])
        inline = self._code < 3
        if (inline and (found[0] == "\n" or ticks == self._code)) or (not inline and ticks >= self._code):
            self._code = 0
        return self._publish(buffer, at, found.end())

    def _step_in_prose(self, buffer: str, at: int, final: bool) -> int:
        found = _INTERESTING.search(buffer, at)
        if not found or found.start() > at:
            return self._publish(buffer, at, found.start() if found else len(buffer))
        if found[0][0] == "`":
            if _may_grow(found, buffer, final):
                return at
            self._code = len(found[0])
            return self._publish(buffer, at, found.end())
        if found[0] == " ":
            return self._publish(buffer, at, found.end()) if final else at
        return self._step_at_bracket(buffer, at, found.end(), final)

    def _step_at_bracket(self, buffer: str, at: int, after_bracket: int, final: bool) -> int:
        token = _NO_ANSWER.match(buffer, at)
        if token:
            self.no_answer = True
            return token.end()
        marker = _MARKER.match(buffer, at)
        # At the very end it may still turn out to be a link.
        if marker and (final or marker.end() < len(buffer)):
            self._cite(marker)
            return marker.end()
        if not final and (_MARKER_BEGUN.fullmatch(buffer, at) or _begins_no_answer(buffer[at:])):
            return at
        return self._publish(buffer, at, after_bracket)

    def _cite(self, marker: re.Match[str]) -> None:
        run = self._indexes_just_before()
        indexes = [index for index in _indexes_in(marker) if index in self._allowed and index not in run]
        if indexes and marker[0].startswith(" "):
            self._emit(" ")
        for index in dict.fromkeys(indexes):
            start = self._length
            self._emit(f"[{index}]")
            self.markers.append(Marker(index, start, self._length))

    def _indexes_just_before(self) -> set[int]:
        """Of the markers that the text ends with: naming them again would say nothing."""
        indexes: set[int] = set()
        end = self._length
        for marker in reversed(self.markers):
            if marker.end != end:
                break
            indexes.add(marker.index)
            end = marker.start
        return indexes

    def _publish(self, buffer: str, start: int, end: int) -> int:
        self._emit(buffer[start:end])
        return end

    def _emit(self, text: str) -> None:
        self._published.append(text)
        self._length += len(text)


def without_markers(text: str) -> str:
    """`text` without `[1]`: numbers of an earlier turn mean nothing in this one."""
    return _PLAIN_MARKER.sub("", text)


def _may_grow(run: re.Match[str], buffer: str, final: bool) -> bool:
    """Whether a run of backticks could go on in the next delta."""
    return not final and run.end() == len(buffer) and len(run[0]) < _LONGEST_RUN


def _begins_no_answer(rest: str) -> bool:
    return NO_ANSWER.startswith(rest.removeprefix(" "))


def _indexes_in(marker: re.Match[str]) -> list[int]:
    listed = marker["square"] or marker["lens"]
    return [int(number) for number in _INDEX.findall(_RANGE.sub(_spell_out, listed))]


def _spell_out(match: re.Match[str]) -> str:
    first, last = int(match[1]), int(match[2])
    if not first <= last < first + _LONGEST_RANGE:
        return match[0]
    return " ".join(map(str, range(first, last + 1)))
