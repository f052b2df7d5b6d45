"""Whether what was found is enough to answer on, as a probability."""

import math
from dataclasses import dataclass

# Fitted by scripts/bench/calibrate_floor on 2,284 questions to twelve invented companies in eight languages: AUC .89 on
# a company that the fit has not seen. Those of cosines are per unit, counted from the usual ones. The intercept is
# 0.05 lower than fitted, so that as many of those without an answer are refused as by one encoder.
_WEIGHTS = (17.688, 13.908, 17.033, 0.158, 0.497, -0.624, 2.719, -1.617)
_INTERCEPT = -1.591
_USUAL_SENTENCE, _USUAL_ECHO = 0.834, 0.85
_USUAL_OVERLAP = 0.4

# No word of the question is anywhere in what was found, and yet some sentence is always the nearest: `1234` was 80 %
# sure of one.
_NOTHING_KNOWN = 0.999

# The weights are such that an answer above it is worth the risk of being a wrong one.
FLOOR = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer."""

    # Cosine of the question to the best sentence, with its heading.
    sentence: float
    # Cosine of the question to the words of the best sentence alone, both taken as questions: less where a sentence
    # looks like an answer only for the heading that it stands under.
    echo: float
    # How far the nearest passage's cosine lies above what is usual for its language.
    nearest: float
    # How far the nearest passage's cosine lies above the mean of all that were found, in standard deviations.
    spread: float
    # How far the best sentence's score lies above the mean of those compared, in standard deviations.
    margin: float
    # Share of the question's terms, by weight, in one sentence.
    overlap: float
    # How far the best passage's score lies above the second's.
    lead: float
    # Share of the question's terms, by weight, that nothing found has.
    unknown: float
    # Whether the best passage is in another language than the question, so that there are no words to share.
    foreign: bool
    # Whether any passage is.
    mixed: bool

    @property
    def confidence(self) -> float:
        """The probability that the passages answer the question; below `FLOOR` they had better not be used."""
        if self.unknown >= _NOTHING_KNOWN and not self.mixed:
            return 0.0
        log_odds = _INTERCEPT + sum(weight * value for weight, value in zip(_WEIGHTS, self.features, strict=True))
        return 1 / (1 + math.exp(-log_odds))

    @property
    def features(self) -> tuple[float, ...]:
        """What is weighed. Another language leaves no words to share: as many as an answer usually has are assumed."""
        return (
            self.sentence - _USUAL_SENTENCE,
            self.echo - _USUAL_ECHO,
            self.nearest,
            self.spread,
            self.margin,
            max(self.overlap, _USUAL_OVERLAP) if self.foreign else self.overlap,
            self.lead,
            0.0 if self.foreign else self.unknown,
        )
