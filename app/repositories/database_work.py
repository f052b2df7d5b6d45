"""Analyses of customers' databases as work: claimed by one worker at a time, held by a lease that it renews, taken over
when it dies. The rules are those of `document_work`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from app.core.transaction import session
from app.models.database_connection import AnalysisStage, AnalysisStatus, DatabaseConnection
from app.repositories.changes import changed_rows

_LIVE = DatabaseConnection.deleted_at.is_(None)
_WAITS = DatabaseConnection.analysis_status == AnalysisStatus.QUEUED
_RUNS = DatabaseConnection.analysis_status == AnalysisStatus.RUNNING
_QUEUED = {
    "analysis_status": AnalysisStatus.QUEUED,
    "analysis_stage": AnalysisStage.QUEUED,
    "analysis_progress": 0,
}


class DueConnection(NamedTuple):
    """A connection whose analysis no worker holds."""

    company_id: UUID
    connection_id: UUID


def ask(*, company_id: UUID, connection_ids: Sequence[UUID], due_at: datetime) -> list[UUID]:
    """Has live connections wait for a worker, but for those that one is at; returns which."""
    statement = (
        update(DatabaseConnection)
        .where(DatabaseConnection.company_id == company_id, DatabaseConnection.id.in_(connection_ids), _LIVE, ~_RUNS)
        .values(**_QUEUED, tries=0, due_at=due_at, analysis_error_code=None, analysis_error=None)
        .returning(DatabaseConnection.id)
    )
    return sorted(session().scalars(statement))


def claim(*, company_id: UUID, connection_id: UUID, at: datetime, until: datetime) -> DatabaseConnection | None:
    """Takes a connection for a new attempt; None when it is done, deleted, or another worker's."""
    statement = (
        update(DatabaseConnection)
        .where(
            DatabaseConnection.company_id == company_id,
            DatabaseConnection.id == connection_id,
            _LIVE,
            or_(_WAITS, and_(_RUNS, DatabaseConnection.due_at < at)),
        )
        .values(
            analysis_status=AnalysisStatus.RUNNING,
            analysis_stage=AnalysisStage.READING,
            analysis_progress=0,
            attempt=DatabaseConnection.attempt + 1,
            tries=DatabaseConnection.tries + 1,
            due_at=until,
            analysis_error_code=None,
            analysis_error=None,
        )
        .returning(DatabaseConnection)
    )
    return session().scalars(statement, execution_options={"populate_existing": True}).first()


def update_held(*, company_id: UUID, connection_id: UUID, attempt: int, values: dict[str, Any]) -> bool:
    """Changes a connection that the attempt still holds; False when it doesn't. Locks the row."""
    held = (DatabaseConnection.id == connection_id, DatabaseConnection.attempt == attempt, _RUNS, _LIVE)
    statement = update(DatabaseConnection).where(DatabaseConnection.company_id == company_id, *held)
    return changed_rows(statement.values(**values)) == 1


def renew(*, company_id: UUID, connection_id: UUID, attempt: int, until: datetime) -> bool:
    """Prolongs the lease of an attempt; False when it has lost it. Waits for what the attempt itself is storing."""
    # `updated_at` is for what has changed.
    due_at = func.greatest(DatabaseConnection.due_at, until)
    values = {"due_at": due_at, "updated_at": DatabaseConnection.updated_at}
    return update_held(company_id=company_id, connection_id=connection_id, attempt=attempt, values=values)


def find_due_across_companies(at: datetime, limit: int, *, silent_since: datetime) -> list[DueConnection]:
    """Live connections whose message was lost or whose worker died, the longest due first; those that another sweep is
    looking at are left out. No worker is taken for dead while Postgres hasn't been there since `silent_since`."""
    could_tell = func.pg_postmaster_start_time() <= silent_since
    due: tuple[ColumnElement[bool], ...] = (DatabaseConnection.due_at <= at, or_(_WAITS, _RUNS), _LIVE)
    statement = (
        select(DatabaseConnection.company_id, DatabaseConnection.id)
        .where(*due, or_(_WAITS, could_tell))
        .order_by(DatabaseConnection.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [DueConnection(*row) for row in session().execute(statement)]


def find_waiting_across_companies(at: datetime) -> DueConnection | None:
    """The live connection that has waited longest of those whose company has none being analysed; one that failed
    before only once it is due again."""
    in_work = select(DatabaseConnection.company_id).where(_RUNS, DatabaseConnection.due_at > at, _LIVE)
    statement = (
        select(DatabaseConnection.company_id, DatabaseConnection.id)
        .where(
            _WAITS,
            _LIVE,
            or_(DatabaseConnection.tries == 0, DatabaseConnection.due_at <= at),
            DatabaseConnection.company_id.not_in(in_work),
        )
        .order_by(DatabaseConnection.due_at, DatabaseConnection.id)
        .limit(1)
    )
    found = session().execute(statement).first()
    return DueConnection(*found) if found else None


def queue_across_companies(connection_ids: Sequence[UUID], until: datetime) -> None:
    """Takes connections away from workers that are dead, and keeps the next sweeps from looking at them before
    `until`."""
    statement = update(DatabaseConnection).where(DatabaseConnection.id.in_(connection_ids), or_(_WAITS, _RUNS))
    changed_rows(statement.values(**_QUEUED, due_at=until))
