"""What a question is about, in words: its terms, how telling each is, and which of them a text has."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from app.ai.common_words import common_words
from app.ai.language import primary, query_terms, words

_STEM = 4
_STEM_SHARE = 0.6
# "and", "in", "the" and the like are written as one with the word that follows.
_ARABIC_PREFIXES = ("وال", "بال", "لل", "ال", "و", "ب", "ل")
_ARABIC_STEM = 3
# Of words too short for a stem; most European languages have one of these.
_PLURALS = ("s", "es", "e", "en", "n", "i")


class TextWords:
    """The words of a text, to look up terms in."""

    def __init__(self, text: str) -> None:
        self.all = {_bare(word) for word in words(text)}
        self._by_stem: dict[str, list[str]] = {}
        for word in self.all:
            self._by_stem.setdefault(word[:_STEM], []).append(word)

    def has(self, term: str) -> bool:
        """Whether the text has the term, the plural of a short one, or a word with the same stem: at least four letters
        and most of both words."""
        bare = _bare(term)
        if bare in self.all:
            return True
        if not bare.isalpha():
            return False
        if len(bare) < _STEM:
            return any(bare + ending in self.all for ending in _PLURALS)
        return any(_same_stem(bare, word) for word in self._by_stem.get(bare[:_STEM], ()))


def content_terms(question: str, language: str) -> list[str]:
    """The distinct words of a question without those that are frequent in its language."""
    frequent = common_words(primary(language))
    return [term for term in query_terms(question) if term not in frequent and not _is_single_letter(term)]


def _is_single_letter(term: str) -> bool:
    # A Han character or syllable alone is in every other text; the pairs say what is meant.
    return len(term) == 1 and not term.isdigit()


def weights(terms: Iterable[str], texts: Sequence[TextWords]) -> dict[str, float]:
    """Inverse document frequency of each term over `texts`: a word that all of them have tells nothing."""
    return {term: math.log((len(texts) + 1) / (sum(text.has(term) for text in texts) + 0.5)) for term in terms}


def overlap(weighted: Mapping[str, float], text: TextWords) -> float:
    """The share of the terms, by weight, that the text has: 0 to 1; 0 without terms."""
    total = sum(weighted.values())
    return sum(weight for term, weight in weighted.items() if text.has(term)) / total if total > 0 else 0.0


def _same_stem(first: str, second: str) -> bool:
    pairs = zip(first, second, strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return shared >= _STEM_SHARE * max(len(first), len(second))


def _bare(word: str) -> str:
    if "\u0600" <= word[0] <= "\u06ff":
        for prefix in _ARABIC_PREFIXES:
            if word.startswith(prefix) and len(word) - len(prefix) >= _ARABIC_STEM:
                return word[len(prefix) :]
    return word
