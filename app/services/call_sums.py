"""Sums of counts of calls: one reading of a rollup serves several of an answer's figures."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass
class Calls:
    """Counts, and the time in the application, added up."""

    requests: int = 0
    client_errors: int = 0
    server_errors: int = 0
    rate_limited: int = 0
    duration_us: int = 0
    # The most of one minute.
    peak_minute: int = 0
    api_keys: int = 0

    @property
    def errors(self) -> int:
        """Calls that failed."""
        return self.client_errors + self.server_errors

    def add(self, row: Any) -> None:
        """Adds a row of counts."""
        for name in ("requests", "client_errors", "server_errors", "rate_limited", "duration_us"):
            setattr(self, name, getattr(self, name) + getattr(row, name, 0))
        self.peak_minute = max(self.peak_minute, getattr(row, "peak_minute", 0))


def total(rows: Iterable[Any]) -> Calls:
    """The sum of all rows."""
    calls = Calls()
    for row in rows:
        calls.add(row)
    return calls


def grouped(rows: Iterable[Any], key: Callable[[Any], Key]) -> dict[Key, Calls]:
    """Sums by key, in the order in which keys come."""
    groups: dict[Key, Calls] = {}
    for row in rows:
        groups.setdefault(key(row), Calls()).add(row)
    return groups
