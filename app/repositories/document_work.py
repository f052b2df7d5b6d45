"""Documents as work: claimed by one worker at a time, held by a lease that it renews, taken over when it dies.

Every statement of a worker asks for its attempt: the number goes up at each claim, so one that was given up can't write
any more, however late it wakes.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from app.core.transaction import session
from app.models.document import Document, DocumentStage, DocumentStatus
from app.repositories.changes import changed_rows

_LIVE = Document.deleted_at.is_(None)
_WAITS = Document.status == DocumentStatus.UPLOADED
_RUNS = Document.status == DocumentStatus.PROCESSING


class DueDocument(NamedTuple):
    """A document that no worker holds."""

    company_id: UUID
    document_id: UUID


def claim(*, company_id: UUID, document_id: UUID, at: datetime, until: datetime) -> Document | None:
    """Takes a document for a new attempt; None when it is done, deleted, or another worker's."""
    statement = (
        update(Document)
        .where(
            Document.company_id == company_id,
            Document.id == document_id,
            _LIVE,
            or_(_WAITS, and_(_RUNS, Document.due_at < at)),
        )
        .values(
            status=DocumentStatus.PROCESSING,
            stage=DocumentStage.QUEUED,
            progress=0,
            attempt=Document.attempt + 1,
            tries=Document.tries + 1,
            due_at=until,
            error_code=None,
            error=None,
        )
        .returning(Document)
    )
    return session().scalars(statement, execution_options={"populate_existing": True}).first()


def update_held(*, company_id: UUID, document_id: UUID, attempt: int, values: dict[str, Any]) -> bool:
    """Changes a document that the attempt still holds; False when it doesn't. Locks the row."""
    statement = update(Document).where(Document.company_id == company_id, *_held(document_id, attempt))
    return changed_rows(statement.values(**values)) == 1


def renew(*, company_id: UUID, document_id: UUID, attempt: int, until: datetime) -> bool:
    """Prolongs the lease of an attempt; False when it has lost it. Waits for what the attempt itself is storing."""
    # `updated_at` is for what has changed.
    values = {"due_at": func.greatest(Document.due_at, until), "updated_at": Document.updated_at}
    return update_held(company_id=company_id, document_id=document_id, attempt=attempt, values=values)


def ask_again(*, company_id: UUID, document_id: UUID, at: datetime, options: dict[str, Any]) -> None:
    """Makes a document wait for a worker, as if it were new. Its passages stay until the new ones are there."""
    statement = update(Document).where(Document.company_id == company_id, Document.id == document_id)
    asked = {"status": DocumentStatus.UPLOADED, "stage": DocumentStage.QUEUED, "progress": 0, "tries": 0, "due_at": at}
    changed_rows(statement.values(**asked, options=options, error_code=None, error=None))


def find_due_across_companies(at: datetime, limit: int, *, silent_since: datetime) -> list[DueDocument]:
    """Live documents whose message was lost or whose worker died, the longest due first; those that another sweep
    is looking at are left out. No worker is taken for dead while Postgres hasn't been there since `silent_since`."""
    could_tell = func.pg_postmaster_start_time() <= silent_since
    statement = (
        select(Document.company_id, Document.id)
        .where(
            Document.due_at <= at,
            Document.status.in_([DocumentStatus.UPLOADED, DocumentStatus.PROCESSING]),
            or_(_WAITS, could_tell),
            _LIVE,
        )
        .order_by(Document.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [DueDocument(*row) for row in session().execute(statement)]


def find_waiting_across_companies(at: datetime) -> DueDocument | None:
    """The live document that has waited longest of those whose company has none in work; one that failed before only
    once it is due again."""
    in_work = select(Document.company_id).where(_RUNS, Document.due_at > at, _LIVE)
    statement = (
        select(Document.company_id, Document.id)
        # Not NOT EXISTS: of 50,000 that wait, Postgres may look for each at all others, which takes minutes.
        .where(_WAITS, _LIVE, or_(Document.tries == 0, Document.due_at <= at), Document.company_id.not_in(in_work))
        # Not by the id alone: of all documents ever, Postgres would look at one after the other until one waits.
        .order_by(Document.created_at, Document.id)
        .limit(1)
    )
    found = session().execute(statement).first()
    return DueDocument(*found) if found else None


def queue_across_companies(document_ids: Sequence[UUID], until: datetime) -> None:
    """Takes documents away from workers that are dead, or so slow that they count as dead, and keeps the next sweeps
    from looking at them before `until`."""
    statement = update(Document).where(Document.id.in_(document_ids), or_(_WAITS, _RUNS))
    waiting = {"status": DocumentStatus.UPLOADED, "stage": DocumentStage.QUEUED, "progress": 0}
    changed_rows(statement.values(**waiting, due_at=until))


def _held(document_id: UUID, attempt: int) -> tuple[ColumnElement[bool], ...]:
    return Document.id == document_id, Document.attempt == attempt, _RUNS, _LIVE
