"""Languages of the passages of one document: its own, unless a passage is clearly in another one."""

from collections import Counter
from collections.abc import Sequence

from app.ai import language
from app.ai.common_words import languages_of

# Passages that are looked at to know the document's language, spread over all of it.
_SAMPLE = 40
# Shorter ones say too little: names, tables and numbers look like any language.
_LEAST_LETTERS = 120
# Characters and frequent words that suffice to see that a passage is in the document's language.
_GLANCE = 800
_LEAST_MARGIN = 6
_PUNCTUATION = ".,;:!?()[]\"'«»„“”‘’…–—"


class PassageLanguages:
    """Asked passage by passage, since those that need a closer look take two milliseconds."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self.of_document = self._most_used()

    def of(self, position: int) -> str:
        """The language of a passage, a primary subtag of BCP 47, or `und`."""
        text = self._texts[position]
        if sum(map(str.isalpha, text)) < _LEAST_LETTERS:
            return self.of_document
        if _is_plainly(self.of_document, text):
            return self.of_document
        return language.detect(text, candidates=[self.of_document])

    def _most_used(self) -> str:
        step = max(1, len(self._texts) // _SAMPLE)
        found: Counter[str] = Counter()
        for text in self._texts[::step]:
            found[language.detect(text)] += len(text)
        known = [each for each, _ in found.most_common() if each != language.UNDETERMINED]
        return known[0] if known else language.UNDETERMINED


def _is_plainly(expected: str, text: str) -> bool:
    """Whether many more frequent words of a language than of any other are in a text. Relatives share theirs."""
    found: Counter[str] = Counter()
    for word in text[:_GLANCE].lower().split():
        found.update(languages_of(word.strip(_PUNCTUATION)))
    others = max((count for each, count in found.items() if each != expected), default=0)
    return found[expected] - others >= _LEAST_MARGIN
