"""Whether what was found is enough to answer on, as a probability."""

import math
from dataclasses import dataclass

# Fitted by scripts/bench/calibrate_floor on 1,713 questions to twelve invented companies in eight languages: AUC .87 on
# a company that the fit has not seen. The first is per unit of cosine, counted from the usual one.
_SENTENCE, _SPREAD, _OVERLAP, _LEAD, _UNKNOWN = 32.9, 0.51, 1.23, 3.02, -1.21
_INTERCEPT = -2.14
_USUAL_SENTENCE = 0.834
_USUAL_OVERLAP = 0.4

# No word of the question is anywhere in what was found, and yet some sentence is always the nearest: `1234` was 80 %
# sure of one. (Of 263 right answers on twelve collections this costs one.)
_NOTHING_KNOWN = 0.999

# Above it, an answer is likelier than not, where half of the questions have one.
FLOOR = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer."""

    # Cosine of the question to the best sentence, with its heading.
    sentence: float
    # How far the nearest passage's cosine lies above the mean of all that were found, in standard deviations.
    spread: float
    # Share of the question's terms, by weight, in one sentence.
    overlap: float
    # How far the best passage's score lies above the second's.
    lead: float
    # Share of the question's terms, by weight, that nothing found has.
    unknown: float
    # Whether the best passage is in another language than the question, so that there are no words to share.
    foreign: bool

    @property
    def confidence(self) -> float:
        """The probability that the passages answer the question; below `FLOOR` they had better not be used."""
        if self.unknown >= _NOTHING_KNOWN and not self.foreign:
            return 0.0
        log_odds = _INTERCEPT + sum(
            weight * value
            for weight, value in zip((_SENTENCE, _SPREAD, _OVERLAP, _LEAD, _UNKNOWN), self.features, strict=True)
        )
        return 1 / (1 + math.exp(-log_odds))

    @property
    def features(self) -> tuple[float, float, float, float, float]:
        """What is weighed. Another language leaves no words to share: as many as an answer usually has are assumed."""
        overlap = max(self.overlap, _USUAL_OVERLAP) if self.foreign else self.overlap
        unknown = 0.0 if self.foreign else self.unknown
        return self.sentence - _USUAL_SENTENCE, self.spread, overlap, self.lead, unknown
