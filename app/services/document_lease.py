"""A worker's hold on a document, and how far it is with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from app.models.document import DocumentStage
from app.repositories import document_work
from app.services.database_patience import when_database_is_back
from app.services.work_lease import WorkLease, percent


@dataclass
class DocumentLease(WorkLease):
    """One attempt at one document."""

    beat_seconds: ClassVar[float] = 5.0

    document_id: UUID
    attempt: int
    # Whether more passages were stored than the last attempt had.
    got_on: bool = False

    def report(self, stage: DocumentStage, done: int = 0, total: int | None = None, **values: Any) -> None:
        """Tells how far the stage is."""
        self.store(stage=stage, progress=percent(done, total), **values)

    def store(self, **values: Any) -> None:
        """Sets columns of the document, once Postgres is there."""
        when_database_is_back(lambda: self._store(values))

    def beat(self, stage: DocumentStage, done: int, total: int | None) -> None:
        """The same as `report`, for those who call it all the time: tells only every few seconds."""
        if self.is_beat_due():
            self.report(stage, done, total)

    def _store(self, values: Mapping[str, Any]) -> None:
        with self.storing(**values):
            pass

    def _update(self, values: dict[str, Any]) -> bool:
        return document_work.update_held(
            company_id=self.company_id, document_id=self.document_id, attempt=self.attempt, values=values
        )

    def _prolong(self, until: datetime) -> bool:
        return document_work.renew(
            company_id=self.company_id, document_id=self.document_id, attempt=self.attempt, until=until
        )
