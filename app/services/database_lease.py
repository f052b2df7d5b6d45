"""A worker's hold on the analysis of a customer's database: signs of life, progress, and the check before everything
that it stores. As `document_lease` has it for documents."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.transaction import transaction
from app.models.database_connection import AnalysisStage
from app.repositories import database_work
from app.services.document_lease import LONG, SILENCE, LeaseLost, percent
from app.services.signs_of_life import LIFE

_BEAT_SECONDS = 3.0


@dataclass
class AnalysisLease:
    """One attempt at one connection. Every method raises `LeaseLost` once it is another's, or deleted."""

    company_id: UUID
    connection_id: UUID
    attempt: int
    _told_at: float = field(default_factory=time.monotonic)

    @contextmanager
    def storing(self, **values: Any) -> Iterator[None]:
        """A transaction for the connection's company in which nobody else changes the connection; `values` are its
        columns. Renews the lease."""
        with transaction():
            tenancy.enter_company(self.company_id)
            began = now()
            held = {"due_at": began + LIFE, **values}
            if not database_work.update_held(
                company_id=self.company_id, connection_id=self.connection_id, attempt=self.attempt, values=held
            ):
                raise LeaseLost
            yield
            # Signs of life have to wait for this to end, and a sweep might be there before the next one.
            if now() - began > LONG:
                self._prolong()
        self._told_at = time.monotonic()

    def report(self, stage: AnalysisStage, done: int = 0, total: int | None = None) -> None:
        """Tells how far the stage is."""
        with self.storing(analysis_stage=stage, analysis_progress=percent(done, total)):
            pass

    def beat(self, stage: AnalysisStage, done: int, total: int | None) -> None:
        """The same, for those who call it all the time: tells only every few seconds."""
        if time.monotonic() - self._told_at > _BEAT_SECONDS:
            self.report(stage, done, total)

    def renew(self) -> bool:
        """A sign of life beside the work, unless that hangs. False once the connection is another's, or deleted."""
        if time.monotonic() - self._told_at > SILENCE.total_seconds():
            return True  # it may come back, and nobody have taken the connection meanwhile
        with transaction():
            tenancy.enter_company(self.company_id)
            return self._prolong()

    def _prolong(self) -> bool:
        return database_work.renew(
            company_id=self.company_id, connection_id=self.connection_id, attempt=self.attempt, until=now() + LIFE
        )
