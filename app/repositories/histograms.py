"""Histograms of times, from which percentiles are read without looking at every time again.

Eight bins an octave: bin b holds the times from 2^(b/8) up to 2^((b+1)/8) milliseconds, so that a percentile, read as
the geometric middle of its bin, is at most 4.5 % off. Times below an eighth of a millisecond are in the lowest bin.
"""

import math
from collections.abc import Iterable

_AN_OCTAVE = 8
_LOWEST_MS = 0.125
# Bins by powers of two: ln(x) / ln(2) * 8.
_SCALE = _AN_OCTAVE / math.log(2)


def bin_of(milliseconds: str) -> str:
    """The SQL that puts a time, given as SQL in milliseconds, into its bin."""
    return f"floor(ln(greatest({milliseconds}, {_LOWEST_MS})::double precision) * {_SCALE!r})::int"


def percentile(bins: Iterable[tuple[int, int]], share: float) -> float | None:
    """The time in milliseconds that `share` (0 to 1) of the times don't exceed, from (bin, times); None without any."""
    ordered = sorted(bins)
    rank = share * sum(times for _, times in ordered)
    passed = 0
    for number, times in ordered:
        passed += times
        if times and passed >= rank:
            return round(2 ** ((number + 0.5) / _AN_OCTAVE), 1)
    return None
