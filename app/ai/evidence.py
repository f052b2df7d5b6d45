"""Whether what was found is enough to answer on, as a probability."""

import math
from dataclasses import dataclass

# Fitted by scripts/bench/calibrate_floor on 564 questions to seven invented companies in as many languages: AUC .88 on
# a company that the fit has not seen. The first two are per unit of cosine, counted from their usual values.
_SENTENCE, _GAP, _OVERLAP = 34.0, 41.8, 3.5
_INTERCEPT = -0.96
_USUAL_SENTENCE = 0.834
USUAL_GAP = 0.041
_USUAL_OVERLAP = 0.4

# Above it, an answer is likelier than not, where half of the questions have one.
FLOOR = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer."""

    # Cosine of the question to the best sentence, with its heading.
    sentence: float
    # How far the best passage's cosine lies above those that were found after it.
    gap: float
    # Share of the question's terms, by weight, in one sentence.
    overlap: float
    # Whether the passages are in another language than the question.
    foreign: bool

    @property
    def confidence(self) -> float:
        """The probability that the passages answer the question; below `FLOOR` they had better not be used."""
        return 1 / (1 + math.exp(-self._log_odds()))

    @property
    def expected_overlap(self) -> float:
        """The overlap, or what it usually is with an answer where another language leaves no words to share."""
        return max(self.overlap, _USUAL_OVERLAP) if self.foreign else self.overlap

    def _log_odds(self) -> float:
        return (
            _INTERCEPT
            + _SENTENCE * (self.sentence - _USUAL_SENTENCE)
            + _GAP * (self.gap - USUAL_GAP)
            + _OVERLAP * self.expected_overlap
        )
