"""A worker's hold on the analysis of a customer's database, and how far it is with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from app.models.database_connection import AnalysisStage
from app.repositories import database_work
from app.services.work_lease import WorkLease, percent


@dataclass
class AnalysisLease(WorkLease):
    """One attempt at one connection."""

    beat_seconds: ClassVar[float] = 3.0

    connection_id: UUID
    attempt: int

    def report(self, stage: AnalysisStage, done: int = 0, total: int | None = None) -> None:
        """Tells how far the stage is."""
        with self.storing(analysis_stage=stage, analysis_progress=percent(done, total)):
            pass

    def beat(self, stage: AnalysisStage, done: int, total: int | None) -> None:
        """The same, for those who call it all the time: tells only every few seconds."""
        if self.is_beat_due():
            self.report(stage, done, total)

    def _update(self, values: dict[str, Any]) -> bool:
        return database_work.update_held(
            company_id=self.company_id, connection_id=self.connection_id, attempt=self.attempt, values=values
        )

    def _prolong(self, until: datetime) -> bool:
        return database_work.renew(
            company_id=self.company_id, connection_id=self.connection_id, attempt=self.attempt, until=until
        )
