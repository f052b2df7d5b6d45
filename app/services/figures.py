"""Figures as the analytics tell them, put together from counts. Times are in milliseconds; shares 0 to 1, None where
there is nothing to share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.core.window import Window
from app.models.answer_timing import Measure
from app.repositories import histograms


@dataclass(frozen=True)
class Period:
    """What time figures are about. `current`: whether every change that was committed before is in them; without it
    they are as old as the worker's last round."""

    start: datetime
    end: datetime
    timezone: str
    current: bool


@dataclass(frozen=True)
class Times:
    """A mean and percentiles; the latter at most 4.5 % off."""

    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    count: int


@dataclass(frozen=True)
class Answers:
    """Questions and how they ended. `refusal_rate` is among questions, small talk aside."""

    turns: int
    answered: int
    refused: int
    small_talk: int
    failed: int
    handovers_offered: int
    refusal_rate: float | None
    response_ms: Times
    first_token_ms: Times
    queued_ms: Times


@dataclass(frozen=True)
class Feedback:
    """What people thought of answers given in the period."""

    up: int
    down: int
    satisfaction: float | None


@dataclass(frozen=True)
class Cost:
    """Calls to models in one currency."""

    currency: str
    calls: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost: float


def period(window: Window, current: bool) -> Period:
    """The window as callers are told it."""
    return Period(window.start, window.end, window.zone.key, current)


def share(part: int, whole: int) -> float | None:
    """A part of a whole, to four places."""
    return round(part / whole, 4) if whole else None


def change(present: float | None, before: float | None) -> float | None:
    """How much more (or, below 0, less) it is than before, as a share of that; None where there is no before."""
    return None if present is None or not before else round((present - before) / before, 4)


def answers(totals: Any, times: Iterable[Any]) -> Answers:
    """From the sums of `agent_rollups` and the histograms (measure, bin, times) of the same turns."""
    bins: dict[str, list[tuple[int, int]]] = {}
    for row in times:
        bins.setdefault(row.measure, []).append((row.bin, row.times))
    completed = totals.answered + totals.refused + totals.small_talk
    return Answers(
        turns=totals.turns,
        answered=totals.answered,
        refused=totals.refused,
        small_talk=totals.small_talk,
        failed=totals.failed,
        handovers_offered=totals.handovers_offered,
        refusal_rate=share(totals.refused, totals.refused + totals.answered),
        response_ms=spread(bins.get(Measure.RESPONSE, ()), totals.response_ms / completed if completed else None),
        first_token_ms=spread(bins.get(Measure.FIRST_TOKEN, ())),
        queued_ms=spread(bins.get(Measure.QUEUED, ())),
    )


def spread(bins: Sequence[tuple[int, int]], mean: float | None = None) -> Times:
    """A histogram's percentiles, with the mean, which it can't tell."""
    p50, p95, p99 = (histograms.percentile(bins, each) for each in (0.5, 0.95, 0.99))
    return Times(None if mean is None else round(mean, 1), p50, p95, p99, sum(times for _, times in bins))


def feedback(totals: Any) -> Feedback:
    """From the sums of `agent_rollups`."""
    up, down = totals.feedback_up, totals.feedback_down
    return Feedback(up, down, share(up, up + down))


def costs(rows: Iterable[Any]) -> list[Cost]:
    """From rows by currency."""
    return [
        Cost(row.currency, row.calls, row.failed, row.input_tokens, row.output_tokens, float(row.cost)) for row in rows
    ]


def costs_by_currency(rows: Iterable[Any]) -> list[Cost]:
    """The same from rows by more than the currency."""
    sums: dict[str, list[Any]] = {}
    for row in rows:
        parts = (row.calls, row.failed, row.input_tokens, row.output_tokens, row.cost)
        before = sums.get(row.currency, [0] * len(parts))
        sums[row.currency] = [part + earlier for part, earlier in zip(parts, before, strict=True)]
    return [
        Cost(currency, calls, failed, tokens_in, tokens_out, float(cost))
        for currency, (calls, failed, tokens_in, tokens_out, cost) in sorted(sums.items())
    ]


def series(days: Sequence[date], found: Mapping[date, Any], names: Sequence[str]) -> list[dict[str, Any]]:
    """One entry for each day; 0 where nothing was found."""
    return [{"date": day, **{name: getattr(found.get(day), name, 0) for name in names}} for day in days]
