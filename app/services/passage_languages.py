"""Languages of the passages of one document: its own, unless a passage is clearly in another one."""

from collections import Counter
from collections.abc import Sequence

from app.ai import language

# Passages that are looked at to know the document's language, spread over all of it.
_SAMPLE = 40
# Shorter ones say too little: names, tables and numbers look like any language.
_LEAST_LETTERS = 120


class PassageLanguages:
    """Asked passage by passage, since each takes about a millisecond."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self.of_document = self._most_used()

    def of(self, position: int) -> str:
        """The language of a passage, a primary subtag of BCP 47, or `und`."""
        text = self._texts[position]
        if sum(map(str.isalpha, text)) < _LEAST_LETTERS:
            return self.of_document
        return language.detect(text, candidates=[self.of_document])

    def _most_used(self) -> str:
        step = max(1, len(self._texts) // _SAMPLE)
        found: Counter[str] = Counter()
        for text in self._texts[::step]:
            found[language.detect(text)] += len(text)
        known = [each for each, _ in found.most_common() if each != language.UNDETERMINED]
        return known[0] if known else language.UNDETERMINED
