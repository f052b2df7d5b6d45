"""Which tables a question is about, so that of a thousand the model is shown a dozen.

Two measures are put together: how near question and table are in meaning, which the caller brings, and how many of the
question's words a table has, in its name, its comment, its columns and their values, rare words counting more. Then the
keys between tables speak: what lies between two tables that fit is needed to join them.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from app.textsql.names import singular, words_of
from app.textsql.schema import Table

MOST_TABLES = 12
_SEEDS = 5
_LONGEST_PATH = 3
_NEIGHBOURLY = 0.35
_BESIDE = 0.25
_CENTRAL = 0.02
_NAME, _COMMENT, _COLUMN, _VALUE = 3.0, 2.0, 1.0, 1.5
_SHORTEST_PREFIX = 3
_ABBREVIATED = 0.6
# The share of a question's words that tables must have for the question to be about them at all.
FITS = 0.25
# Below this share of the best no table is offered for its own sake.
_FLOOR = 0.05
_EMPTY = frozenset(
    """a all am an and any are as at be been being but by can could did do does doing each every few for from had has
    have having he her his how i if in into is it its list many me month more most much my name names no not number of
    on one or our out over per please s she show since so some t than that the their them then there these they this
    those to today tell total up us was we week were what when where which who whom whose why will with would year you
    your average avg count sum give get find last first top best per""".split()  # noqa: SIM905 - a list of them is no better to read
)


@dataclass(frozen=True)
class Candidate:
    """A table with what is known about it. `values`: what is in its columns, where that is little. `nearness`: how near
    it is to the question in meaning, 0 to 1."""

    table: Table
    description: str = ""
    values: Sequence[str] = ()
    nearness: float = 0.0
    tokens: Mapping[str, float] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", _weighted(self))


def pick(question: str, candidates: Sequence[Candidate], *, most: int = MOST_TABLES) -> list[Candidate]:
    """The tables to show, the best first: those that fit, and those that join them."""
    if len(candidates) <= most:
        return sorted(candidates, key=lambda each: -each.nearness)
    graph = _graph(candidates)
    own = scores(question, candidates)
    beside = _beside(question, candidates, graph)
    own = [score * (_BESIDE if at in beside else 1.0) for at, score in enumerate(own)]
    best = max(own, default=0.0)
    helped = [
        score
        + (0.0 if at in beside else _NEIGHBOURLY * max((own[each] for each in graph[at]), default=0.0))
        + _CENTRAL * math.log1p(len(graph[at] - beside))
        for at, score in enumerate(own)
    ]
    order = sorted(range(len(candidates)), key=lambda at: (-helped[at], len(candidates[at].table.name)))
    seeds = sorted(order[: most - 2], key=lambda at: -own[at])[:_SEEDS]
    picked = dict.fromkeys(seeds[:2])
    for number, one in enumerate(seeds):
        for other in seeds[:number]:
            picked |= dict.fromkeys(_path(graph, own, other, one))
    picked |= dict.fromkeys(each for each in order if helped[each] > best * _FLOOR)
    return [candidates[at] for at in list(picked)[:most]]


def fit(question: str, candidates: Sequence[Candidate]) -> float:
    """The share of the question's words that are found in the tables, 0 to 1, one of them in a table's own name or
    what is said of it; without any of those, 0."""
    asked = [singular(word) for word in words_of(question)]
    asked = [word for word in dict.fromkeys(asked) if word not in _EMPTY and len(word) > 1 and not word.isdecimal()]
    best = {word: max((each.tokens.get(word, 0.0) for each in candidates), default=0.0) for word in asked}
    if not asked or max(best.values()) <= _VALUE:
        return 0.0
    return sum(weight > 0 for weight in best.values()) / len(asked)


def scores(question: str, candidates: Sequence[Candidate]) -> list[float]:
    """How well each fits on its own, 0 to 1."""
    spread = Counter(token for each in candidates for token in each.tokens)
    asked = _words(question)
    worded = [_overlap(asked, each, spread, len(candidates)) for each in candidates]
    most = max(worded, default=0.0) or 1.0
    nearest = max((each.nearness for each in candidates), default=0.0) or 1.0
    return [0.6 * score / most + 0.4 * each.nearness / nearest for score, each in zip(worded, candidates, strict=True)]


def _overlap(asked: Sequence[str], candidate: Candidate, spread: Counter[str], count: int) -> float:
    score = 0.0
    for word in asked:
        weight, found = candidate.tokens.get(word, 0.0), word
        if not weight:
            alike = [
                (_ABBREVIATED * own, token)
                for token, own in candidate.tokens.items()
                if own >= 1 and _short_for(token, word)
            ]
            weight, found = max(alike, default=(0.0, word))
        if weight:
            score += weight * math.log(1 + count / spread[found])
    return score


def _short_for(token: str, word: str) -> bool:
    """`cust` for customer, `qty` for quantity, and the other way round."""
    short, long = sorted((token, word), key=len)
    if len(short) < _SHORTEST_PREFIX or short[0] != long[0] or len(long) < len(short) + 2:
        return False
    if long.startswith(short):
        return True
    rest = iter(long)
    return len(short) <= 4 and not set(short[1:-1]) & set("aeiou") and all(letter in rest for letter in short)


def _weighted(candidate: Candidate) -> dict[str, float]:
    table = candidate.table
    name = [singular(word) for word in words_of(table.name)]
    tokens: dict[str, float] = {}

    def add(words: Sequence[str], weight: float) -> None:
        for word in words:
            tokens[singular(word)] = max(weight, tokens.get(singular(word), 0.0))

    for value in candidate.values:
        add(words_of(value), _VALUE)
    for column in table.columns:
        add(words_of(column.name), _COLUMN)
        add(words_of(column.comment or ""), _COLUMN)
    for text in (table.comment or "", candidate.description):
        add(words_of(text), _COMMENT)
    # A name that says nothing else fits better than one that says more: `orders` before `orders_import_log`.
    add(name, _NAME / math.sqrt(len(name) or 1))
    return {token: weight for token, weight in tokens.items() if token not in _EMPTY and len(token) > 1}


def _words(question: str) -> list[str]:
    """The words of a question, and neighbours written as one: `wish lists` is also `wishlist`."""
    words = [singular(word) for word in words_of(question)]
    joined = [first + second for first, second in pairwise(words)]
    return [word for word in dict.fromkeys([*words, *joined]) if word not in _EMPTY and len(word) > 1]


def _beside(question: str, candidates: Sequence[Candidate], graph: Sequence[set[int]]) -> set[int]:
    """What lies beside another table and leads nowhere else, its history or its import, unless it is asked for: its
    name is the other's with words more, and the question has none of those."""
    asked = set(_words(question))
    names = [{singular(word) for word in words_of(each.table.name)} for each in candidates]
    return {
        at
        for at, others in enumerate(graph)
        if len(others) == 1
        and all(names[other] < names[at] and not (names[at] - names[other]) & asked for other in others)
    }


def _graph(candidates: Sequence[Candidate]) -> list[set[int]]:
    places = {(each.table.schema, each.table.name): at for at, each in enumerate(candidates)}
    graph: list[set[int]] = [set() for _each in candidates]
    for at, each in enumerate(candidates):
        for key in each.table.foreign_keys:
            other = places.get((key.target_schema, key.target_table))
            if other is not None and other != at:
                graph[at].add(other)
                graph[other].add(at)
    return graph


def _path(graph: Sequence[set[int]], own: Sequence[float], start: int, end: int) -> list[int]:
    """The shortest way over keys, by the tables that fit best where there are several; nothing when it is long."""
    before: dict[int, int] = {start: start}
    queue = deque([(start, 0)])
    while queue:
        at, length = queue.popleft()
        if at == end:
            path = [at]
            while path[-1] != start:
                path.append(before[path[-1]])
            return path[::-1]
        if length < _LONGEST_PATH:
            for each in sorted(graph[at] - before.keys(), key=lambda other: -own[other]):
                before[each] = at
                queue.append((each, length + 1))
    return []
