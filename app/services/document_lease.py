"""A worker's hold on a document: signs of life, progress, and the check before everything that it stores."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.transaction import transaction
from app.models.document import DocumentStage
from app.repositories import document_work
from app.services.database_patience import when_database_is_back
from app.services.signs_of_life import LIFE

# How long the work may tell nothing of itself before it counts as hung, however alive its process is. A provider of
# embeddings may take its time-out at every try of one batch; on a machine with far too much to do, so may ours.
SILENCE = timedelta(minutes=5)
# Transactions that take longer prolong the lease once more when they end.
LONG = LIFE / 3
_BEAT_SECONDS = 5.0
_ALL = 100


class LeaseLost(Exception):
    """The document was deleted, or another worker has taken it over. Whatever we have is of no use any more."""


@dataclass
class DocumentLease:
    """One attempt at one document. Every method raises `LeaseLost` once it is another's."""

    company_id: UUID
    document_id: UUID
    attempt: int
    # Whether more passages were stored than the last attempt had.
    got_on: bool = False
    _told_at: float = field(default_factory=time.monotonic)

    @contextmanager
    def storing(self, **values: Any) -> Iterator[None]:
        """A transaction for the document's company in which nobody else changes the document; `values` are its
        columns. Renews the lease."""
        with transaction():
            tenancy.enter_company(self.company_id)
            began = now()
            self.change(**{"due_at": began + LIFE, **values})
            yield
            # Signs of life have to wait for this to end, and a sweep might be there before the next one.
            if now() - began > LONG:
                self._prolong()
        self._told_at = time.monotonic()

    def change(self, **values: Any) -> None:
        """Sets columns of the document, in the running transaction."""
        if not document_work.update_held(
            company_id=self.company_id, document_id=self.document_id, attempt=self.attempt, values=values
        ):
            raise LeaseLost

    def report(self, stage: DocumentStage, done: int = 0, total: int | None = None, **values: Any) -> None:
        """Tells how far the stage is."""
        self.store(stage=stage, progress=percent(done, total), **values)

    def store(self, **values: Any) -> None:
        """Sets columns of the document, once Postgres is there."""
        when_database_is_back(lambda: self._store(values))

    def beat(self, stage: DocumentStage, done: int, total: int | None) -> None:
        """The same, for those who call it all the time: tells only every few seconds."""
        if time.monotonic() - self._told_at > _BEAT_SECONDS:
            self.report(stage, done, total)

    def renew(self) -> bool:
        """A sign of life beside the work, unless that hangs. False once the document is another's."""
        if time.monotonic() - self._told_at > SILENCE.total_seconds():
            return True  # it may come back, and nobody have taken the document meanwhile
        with transaction():
            tenancy.enter_company(self.company_id)
            return self._prolong()

    def _prolong(self) -> bool:
        return document_work.renew(
            company_id=self.company_id, document_id=self.document_id, attempt=self.attempt, until=now() + LIFE
        )

    def _store(self, values: dict[str, Any]) -> None:
        with self.storing(**values):
            pass


def percent(done: int, total: int | None) -> int:
    """Whole percents; 0 while the total isn't known."""
    return min(_ALL, _ALL * done // total) if total else 0
