"""The order of the passages that retrieval found, looked at once more together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from statistics import fmean, pstdev

from app.ai.terms import TextWords, content_terms, overlap, weights

_WORDS, _MEANING = 0.35, 0.65
# A language's usual cosine: of its nearest passages, and of as many as these that are as near as all.
_NEAREST, _PRIOR = 20, 5
_COMPARABLE, _LEAST_DEVIATION = 6, 1e-4
USUAL_SPREAD, USUAL_NEAREST = 2.5, 0.04


@dataclass(frozen=True, slots=True)
class Found:
    """A passage as it was found. `text` is all that is searched of it, `language` a tag, None when nobody knows."""

    text: str
    cosine: float
    language: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a question stands to all that was found for it."""

    # How far the nearest passage's cosine lies above the mean of all, in standard deviations.
    spread: float
    # How far the nearest passage's cosine lies above what is usual for its language.
    nearest: float
    # Share of the question's terms, by weight, that nothing found has.
    unknown: float


NOTHING_FOUND = Standing(spread=0.0, nearest=0.0, unknown=1.0)


@dataclass(frozen=True, slots=True)
class Ranking:
    """`order`: places in what was found with their scores, 0 to 1, best first; ties in the order found."""

    order: list[tuple[int, float]]
    standing: Standing


def ranked(question: str, language: str, found: Sequence[Found]) -> Ranking:
    """Puts the passages in order.

    Embedding models put a question nearer to whatever is in its own language (e5-small by as much as a right passage
    is nearer than a wrong one), so each cosine is counted from what is usual for the passage's language. And words
    count by the share of the question's that a passage has, weighted by how rare they are: scaled between the best and
    the worst, the best of many bad matches counted in full, and drew questions to passages in their own language that
    answer something else. Of the questions asked in another language than the documents', the right passage became one
    of the first three for 70 % instead of 59 %, of the others for 93 % instead of 91 % (546 questions).
    """
    usual = _usual_cosines(found)
    above = [each.cosine - usual[each.language] for each in found]
    near = _scaled(above)
    texts = [TextWords(each.text) for each in found]
    terms = weights(content_terms(question, language), texts)
    scores = {at: _MEANING * near[at] + _WORDS * overlap(terms, text) for at, text in enumerate(texts)}
    order = sorted(scores.items(), key=lambda item: -item[1])
    # With hardly anything to compare to, the distances say nothing either way.
    standing = Standing(USUAL_SPREAD, USUAL_NEAREST, _unknown(terms, texts))
    if len(found) >= _COMPARABLE:
        standing = replace(
            standing, spread=standing_out([each.cosine for each in found], _LEAST_DEVIATION), nearest=max(above)
        )
    return Ranking(order, standing)


def _usual_cosines(found: Sequence[Found]) -> Mapping[str | None, float]:
    by_language: dict[str | None, list[float]] = defaultdict(list)
    for each in found:
        by_language[each.language].append(each.cosine)
    of_all = sum(each.cosine for each in found) / max(1, len(found))
    nearest = {language: nlargest(_NEAREST, cosines) for language, cosines in by_language.items()}
    return {
        language: (sum(cosines) + _PRIOR * of_all) / (len(cosines) + _PRIOR) for language, cosines in nearest.items()
    }


def _scaled(values: Sequence[float]) -> list[float]:
    """Stretched so that the lowest is 0 and the highest 1; all 1 when they are equal."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    return [(value - low) / (high - low) if high > low else 1.0 for value in values]


def standing_out(values: Sequence[float], least_deviation: float) -> float:
    """How far the highest value lies above the mean of all, in standard deviations of at least so much."""
    return (max(values) - fmean(values)) / max(pstdev(values), least_deviation)


def _unknown(terms: Mapping[str, float], texts: Sequence[TextWords]) -> float:
    total = sum(terms.values())
    missing = sum(weight for term, weight in terms.items() if not any(text.has(term) for text in texts))
    return missing / total if total > 0 else 0.0
