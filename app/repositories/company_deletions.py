"""Deletions of companies as work: claimed by one worker at a time, which asks for its attempt at every step."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, update

from app.core.transaction import session
from app.models.company_deletion import CompanyDeletion, DeletionStatus

_WORK = CompanyDeletion.status.in_([DeletionStatus.DELETING, DeletionStatus.RESTORING])


class DueDeletion(NamedTuple):
    """A deletion, or a way back, that no worker is at."""

    company_id: UUID
    deletion_id: UUID


def add(deletion: CompanyDeletion) -> None:
    """Stores a new deletion."""
    session().add(deletion)
    session().flush()


def latest(*, company_id: UUID) -> CompanyDeletion | None:
    """The company's last deletion."""
    statement = select(CompanyDeletion).where(CompanyDeletion.company_id == company_id)
    return session().scalars(statement.order_by(CompanyDeletion.created_at.desc(), CompanyDeletion.id.desc())).first()


def lock(*, company_id: UUID, deletion_id: UUID) -> CompanyDeletion | None:
    """A deletion as it is now; others who lock it wait."""
    statement = select(CompanyDeletion).where(
        CompanyDeletion.company_id == company_id, CompanyDeletion.id == deletion_id
    )
    locking = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session().scalars(locking).first()


def claim(*, company_id: UUID, deletion_id: UUID, at: datetime, until: datetime) -> int | None:
    """Takes the work for a new attempt, whose number it returns; None when there is none, or another worker's at it."""
    statement = (
        update(CompanyDeletion)
        .where(
            CompanyDeletion.company_id == company_id,
            CompanyDeletion.id == deletion_id,
            _WORK,
            CompanyDeletion.due_at <= at,
        )
        .values(attempt=CompanyDeletion.attempt + 1, due_at=until)
        .returning(CompanyDeletion.attempt)
    )
    return session().scalar(statement)


def find_due_across_companies(at: datetime, limit: int) -> Sequence[DueDeletion]:
    """Work whose message was lost or whose worker died, the longest due first."""
    statement = (
        select(CompanyDeletion.company_id, CompanyDeletion.id)
        .where(_WORK, CompanyDeletion.due_at <= at)
        .order_by(CompanyDeletion.due_at)
        .limit(limit)
    )
    return [DueDeletion(*row) for row in session().execute(statement)]
