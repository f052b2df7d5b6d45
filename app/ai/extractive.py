"""Answers without a language model: the best-supported sentences of the passages that were found, word for word."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.ai.embedding import Embedder
from app.ai.evidence import FLOOR, Evidence
from app.ai.language import primary
from app.ai.neighbours import with_neighbours
from app.ai.ranking import Standing, standing_out
from app.ai.sentences import Span, cells, is_heading, is_row, split
from app.ai.table_heads import find_head, is_head
from app.ai.terms import TextWords, content_terms, overlap, weights

# How many of the best passages are quoted from.
_PASSAGES = 5
_EMBEDDED_SENTENCES = 15
_CHOSEN = 3
_OVERLAP_WEIGHT = 0.1
# A sentence of a better passage is the better one.
_PASSAGE_WEIGHT = 0.1
# Vectors hardly tell "error 14" from "error 24". A row that has a number or code of the question for itself in a cell
# is what was asked for; it is looked for in all passages given.
_NAMED_WEIGHT = 0.05
_MOST_NAMED = 5
_CODE = re.compile(r"(?<![^\W_])[^\W_]*\d[\w.,:/-]*\w|\d")
# Further sentences must be nearly as good as the best one, and say something else.
_WORSE_BY = 0.045
_SAME_WORDS = 0.75
_COMPARABLE, _LEAST_DEVIATION, _USUAL_MARGIN = 6, 1e-3, 2.0
# A neighbouring sentence is quoted along when it has this share of the words of a statement that the best one lacks.
_NEIGHBOUR_GAIN = 0.25
_QUESTION_MARKS = ("?", "？", "؟", ";")
_BETWEEN_HEADINGS = " › "


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage as retrieval found it. `score` is the one it was ranked by, 0 to 1; `language` None: not known."""

    index: int
    text: str
    score: float
    heading: str = ""
    title: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class ChosenSentence:
    """A quotation: `text` is the passage's text from `start` to `end`, with its blanks made single spaces."""

    passage_index: int
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Extract:
    """The answer in reading order. `confidence` is the probability that it is one; `answered`: it lies above the
    floor. Below, the sentences are the nearest there were, and had better not be shown."""

    answered: bool
    confidence: float
    sentences: tuple[ChosenSentence, ...]
    evidence: Evidence | None = None


@dataclass(slots=True)
class _Candidate:
    passage: int  # place in the ranking
    number: int  # place among the passage's spans
    span: Span
    text: str
    context: str
    overlap: float
    # Whether it is a row about a number or code that the question names.
    named: bool = False
    score: float = 0.0

    @property
    def with_context(self) -> str:
        """What is embedded: few sentences say by themselves what they are about."""
        return f"{self.context}: {self.text}" if self.context else self.text


def extract(
    question: str, passages: Sequence[Passage], standing: Standing, *, language: str, embedder: Embedder
) -> Extract:
    """Up to three quotations from the best of `passages` (best first; eight or so tell which words are telling), each
    a sentence, or a sentence with what it can't be understood without.

    Embeds the question and 15 sentences at most, the best one twice. Raises `EmbeddingUnavailable`.
    """
    spans = [split(each.text, language) for each in passages]
    terms = _weighted_terms(question, language, passages)
    candidates = _preselected(_candidates(passages, spans, terms, frozenset(_CODE.findall(question.lower()))))
    if not candidates or not question.strip():
        return Extract(answered=False, confidence=0.0, sentences=())
    vectors = embedder.embed_passages([each.with_context for each in candidates])
    asked = embedder.embed_queries([question])[0]
    cosines = (vectors @ asked).tolist()
    for candidate, cosine in zip(candidates, cosines, strict=True):
        of_passage = _PASSAGE_WEIGHT * passages[candidate.passage].score
        candidate.score = cosine + _OVERLAP_WEIGHT * candidate.overlap + of_passage + _NAMED_WEIGHT * candidate.named
    best = max(candidates, key=lambda each: each.score)
    echo = float(embedder.embed_queries([best.text])[0] @ asked)
    evidence = _evidence(passages, candidates, (max(cosines), echo), standing, language)
    quoted = tuple(_quotations(passages, spans, _chosen(candidates), language))
    confidence = evidence.confidence
    return Extract(answered=confidence >= FLOOR, confidence=confidence, sentences=quoted, evidence=evidence)


def _weighted_terms(question: str, language: str, passages: Sequence[Passage]) -> dict[str, float]:
    texts = [TextWords(f"{each.title} {each.heading} {each.text}") for each in passages]
    return weights(content_terms(question, language), texts)


def _candidates(
    passages: Sequence[Passage], spans: Sequence[Sequence[Span]], terms: dict[str, float], codes: frozenset[str]
) -> Iterator[_Candidate]:
    for place, (passage, of_passage) in enumerate(zip(passages, spans, strict=True)):
        headings = frozenset(part.strip() for part in (passage.title, *passage.heading.split(_BETWEEN_HEADINGS)))
        context = passage.heading.rpartition(_BETWEEN_HEADINGS)[2] or passage.title
        for number, span in enumerate(of_passage):
            text = span.of(passage.text)
            # Headings and, in lists of questions and answers, the questions look most like what the visitor asked, and
            # answer nothing; what follows is read together with them.
            if text.endswith(_QUESTION_MARKS) or is_heading(passage.text, span, headings):
                context = text
            elif not is_head(passage.text, of_passage, number):
                head = find_head(passage.text, of_passage, number)
                columns = "" if head is None else f"{_BETWEEN_HEADINGS}{of_passage[head].of(passage.text)}"
                named = bool(codes) and is_row(text) and not codes.isdisjoint(map(str.lower, cells(text)))
                if named or place < _PASSAGES:
                    shared = overlap(terms, TextWords(f"{context} {text}"))
                    yield _Candidate(place, number, span, text, context + columns, shared, named)


def _preselected(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Those worth embedding: named rows, then of each passage the ones with the most terms first, of the first passage
    twice as many as of the second."""
    every = list(candidates)
    named = [each for each in every if each.named][:_MOST_NAMED]
    by_passage: dict[int, list[_Candidate]] = {}
    for each in every:
        if each not in named and each.passage < _PASSAGES:
            by_passage.setdefault(each.passage, []).append(each)
    turns = [
        ((turn + 1) * (place + 1), place, each)
        for place, of_passage in by_passage.items()
        for turn, each in enumerate(sorted(of_passage, key=lambda each: -each.overlap))
    ]
    turns.sort(key=lambda turn: turn[:2])
    return [*named, *(each for _, _, each in turns)][:_EMBEDDED_SENTENCES]


def _evidence(
    passages: Sequence[Passage],
    candidates: Sequence[_Candidate],
    cosines: tuple[float, float],
    standing: Standing,
    language: str,
) -> Evidence:
    foreign = [each.language is not None and primary(each.language) != primary(language) for each in passages]
    return Evidence(
        sentence=cosines[0],
        echo=cosines[1],
        nearest=standing.nearest,
        spread=standing.spread,
        margin=_margin([each.score for each in candidates]),
        overlap=max(each.overlap for each in candidates),
        lead=passages[0].score - passages[1].score if len(passages) > 1 else 0.0,
        unknown=standing.unknown,
        foreign=foreign[0],
        mixed=any(foreign),
    )


def _margin(scores: Sequence[float]) -> float:
    # With hardly anything to compare to, the distance says nothing either way.
    if len(scores) < _COMPARABLE:
        return _USUAL_MARGIN
    return standing_out(scores, _LEAST_DEVIATION)


def _chosen(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    ranked = sorted(candidates, key=lambda each: -each.score)
    chosen: list[_Candidate] = []
    for each in ranked:
        if len(chosen) == _CHOSEN or each.score < ranked[0].score - _WORSE_BY:
            break
        if not any(_say_the_same(each.text, other.text) for other in chosen):
            chosen.append(each)
    # Passages in the order of their best sentence; within one, as it was written.
    order = list(dict.fromkeys(each.passage for each in chosen))
    return sorted(chosen, key=lambda each: (order.index(each.passage), each.number))


def _say_the_same(first: str, second: str) -> bool:
    mine, theirs = TextWords(first).all, TextWords(second).all
    return len(mine & theirs) >= _SAME_WORDS * max(1, len(mine | theirs))


def _quotations(
    passages: Sequence[Passage], spans: Sequence[Sequence[Span]], chosen: Sequence[_Candidate], language: str
) -> Iterator[ChosenSentence]:
    quoted: dict[int, list[Span]] = {}
    for each in chosen:
        passage, of_passage = passages[each.passage], spans[each.passage]
        for span in with_neighbours(passage.text, of_passage, each.number, language):
            before = quoted.setdefault(each.passage, [])
            if all(span.end <= other.start or other.end <= span.start for other in before):
                before.append(span)
                text = " ".join(span.of(passage.text).split())
                yield ChosenSentence(passage.index, span.start, span.end, text, each.score)


def select_quote(statement: str, passage_text: str, language: str, *, embedder: Embedder | None = None) -> Span:
    """The part of a passage that best supports a statement made about it: a sentence, or two neighbours where the
    second adds words of the statement. The first sentence when nothing fits; an empty span for an empty passage.

    Goes by shared words; with an `embedder`, by meaning as well, as statements in another language need.
    """
    spans = split(passage_text, language)
    if not spans:
        return Span(0, 0)
    texts = [TextWords(span.of(passage_text)) for span in spans]
    terms = weights(content_terms(statement, language), texts)
    scores = [overlap(terms, text) for text in texts]
    if embedder is not None:
        vectors = embedder.embed_passages([span.of(passage_text) for span in spans[:_EMBEDDED_SENTENCES]])
        cosines = (vectors @ embedder.embed_passages([statement])[0]).tolist()
        scores = [_OVERLAP_WEIGHT * score + cosine for score, cosine in zip(scores, cosines, strict=False)]
    best = max(range(len(scores)), key=lambda number: scores[number])
    return _with_supporting_neighbour(passage_text, spans, best, terms)


def _with_supporting_neighbour(text: str, spans: Sequence[Span], best: int, terms: dict[str, float]) -> Span:
    alone = overlap(terms, TextWords(spans[best].of(text)))
    gains = [
        (overlap(terms, TextWords(text[pair.start : pair.end])) - alone, pair)
        for pair in (
            Span(spans[first].start, spans[first + 1].end) for first in (best - 1, best) if 0 <= first < len(spans) - 1
        )
    ]
    gain, pair = max(gains, key=lambda each: each[0], default=(0.0, spans[best]))
    return pair if gain >= _NEIGHBOUR_GAIN else spans[best]
