"""A stretch of time that figures are asked for, and how it lies in the buckets that they are kept in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)


def utc_day(moment: datetime) -> datetime:
    """The beginning of the UTC day that a moment in UTC is in."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Window:
    """From `start` up to `end`, both in UTC and at a quarter of an hour. Days are those of `zone`."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    # When it was asked for: UTC days before this one are over.
    asked_at: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    @property
    def before(self) -> "Window":
        """The window of the same length that ends where this one begins."""
        return Window(self.start - self.length, self.start, self.zone, self.asked_at)

    @property
    def days(self) -> Sequence[date]:
        """The days of its zone that it touches, in order."""
        first = self.start.astimezone(self.zone).date()
        last = (self.end - QUARTER).astimezone(self.zone).date()
        return [first + index * DAY for index in range((last - first).days + 1)]

    @property
    def whole_days(self) -> tuple[datetime, datetime]:
        """The UTC days in it that are over: from the first up to the beginning of the one behind the last."""
        first = utc_day(self.start + DAY - timedelta(microseconds=1))
        return first, max(first, min(utc_day(self.end), utc_day(self.asked_at)))

    @property
    def edges(self) -> Sequence[tuple[datetime, datetime]]:
        """The rest of it."""
        first, last = self.whole_days
        edges = [(self.start, min(first, self.end)), (max(last, self.start), self.end)]
        return [(lo, hi) for lo, hi in edges if lo < hi]
