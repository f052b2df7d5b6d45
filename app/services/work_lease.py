"""A worker's hold on a piece of work: signs of life, and the check before everything that it stores."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.transaction import transaction
from app.services.signs_of_life import LIFE

# How long the work may tell nothing of itself before it counts as hung, however alive its process is. A provider of
# embeddings may take its time-out at every try of one batch; on a machine with far too much to do, so may ours.
SILENCE = timedelta(minutes=5)
# Transactions that take longer prolong the lease once more when they end.
_LONG = LIFE / 3
_ALL = 100


class LeaseLost(Exception):
    """The work was deleted, or another worker has taken it over. Whatever we have is of no use any more."""


@dataclass
class WorkLease(ABC):
    """One attempt at one piece of a company's work. Every method but `renew` raises `LeaseLost` once it is another's,
    or deleted."""

    beat_seconds: ClassVar[float]

    company_id: UUID
    _told_at: float = field(default_factory=time.monotonic, init=False)

    @contextmanager
    def storing(self, **values: Any) -> Iterator[None]:
        """A transaction for the company in which nobody else changes the row of the work; `values` are its columns.
        Renews the lease."""
        with transaction():
            tenancy.enter_company(self.company_id)
            began = now()
            self.change(**{"due_at": began + LIFE, **values})
            yield
            # Signs of life have to wait for this to end, and a sweep might be there before the next one.
            if now() - began > _LONG:
                self._prolong(now() + LIFE)
        self._told_at = time.monotonic()

    def change(self, **values: Any) -> None:
        """Sets columns of the row, in the running transaction."""
        if not self._update(values):
            raise LeaseLost

    def renew(self) -> bool:
        """A sign of life beside the work, unless that hangs. False once it is another's, or deleted."""
        if self._silent_for() > SILENCE.total_seconds():
            return True  # it may come back, and nobody have taken it over meanwhile
        with transaction():
            tenancy.enter_company(self.company_id)
            return self._prolong(now() + LIFE)

    def is_beat_due(self) -> bool:
        """Whether those who tell all the time should tell once more."""
        return self._silent_for() > self.beat_seconds

    def _silent_for(self) -> float:
        return time.monotonic() - self._told_at

    @abstractmethod
    def _update(self, values: dict[str, Any]) -> bool:
        """Sets columns while the row is this attempt's; False when it isn't."""

    @abstractmethod
    def _prolong(self, until: datetime) -> bool:
        """The same for how long it is."""


def percent(done: int, total: int | None) -> int:
    """Whole percents; 0 while the total isn't known."""
    return min(_ALL, _ALL * done // total) if total else 0
