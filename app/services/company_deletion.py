"""Deleting companies with what belongs to them, and bringing it back.

The company itself goes at once, and with it all access. What belongs to it goes in pieces: the first within the call,
which is all there is of a small company, the others by workers. Every piece is a transaction that asks first whether
the work is still its own; what is done is noted with it, so a worker that dies loses nothing and does nothing twice.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Table

from app.core import tenancy
from app.core.clock import now
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.errors import Conflict, NotFound
from app.jobs import JobName, enqueue, send
from app.models.company_deletion import CompanyDeletion, DeletionStatus
from app.repositories import belongings, company_deletions
from app.security.principal import Principal
from app.services import authentication

_AT_ONCE = 2_000
_LEASE = timedelta(seconds=60)
# Then the worker's slot is for others, and the rest waits its turn.
_LONGEST_SECONDS = 20.0
_SWEEP_LIMIT = 100
_TOLD = 10
_RUNNING = {DeletionStatus.DELETING, DeletionStatus.RESTORING}


class StillRestoring(Conflict):
    """What belongs to the company is on its way back."""

    code = "still_restoring"
    detail = "What belongs to this company is still being restored. Delete it when that has finished."


class EmailsTaken(Conflict):
    """E-mails say who signs in, so somebody who has one meanwhile is in the way."""

    detail = "Others have the e-mails of some of its users meanwhile."


@dataclass(frozen=True)
class Progress:
    """How far a deletion or a way back is. `deleted` counts the rows that are gone by table, `restored` those that are
    back; `progress` goes from 0 to 1."""

    company_id: UUID
    deletion_id: UUID
    status: DeletionStatus
    cascades: bool
    deleted: dict[str, int]
    restored: dict[str, int]
    total: int | None
    progress: float
    started_at: datetime
    finished_at: datetime | None

    @property
    def is_running(self) -> bool:
        """Whether there is something left to do."""
        return self.status in _RUNNING


def begin_deleting(company_id: UUID, deletion_id: UUID, *, cascades: bool) -> Progress:
    """Begins to take along what belongs to a company that is being deleted; raises `StillRestoring`."""
    last = company_deletions.latest(company_id=company_id)
    if last is not None and last.status == DeletionStatus.RESTORING:
        raise StillRestoring
    deletion = CompanyDeletion(
        id=deletion_id,
        company_id=company_id,
        status=DeletionStatus.DELETING,
        cascades=cascades,
        done={},
        at_table="",
        due_at=now() + _LEASE,
    )
    company_deletions.add(deletion)
    return _start(deletion)


def begin_restoring(company_id: UUID, deletion_id: UUID, *, of_many: int = 1) -> Progress:
    """Begins to bring back what went with this deletion, also while it is still going on; raises `EmailsTaken`. The
    call shares its piece among the companies `of_many`."""
    with across_companies("only one user of all companies can have an e-mail"):
        taken = belongings.find_taken_emails(company_id=company_id, deletion_id=deletion_id, limit=_TOLD)
    if taken:
        raise EmailsTaken(f"Others have the e-mails of some of its users meanwhile: {', '.join(taken)}.")
    deletion = company_deletions.lock(company_id=company_id, deletion_id=deletion_id)
    if deletion is None:  # of a version that kept no record of it
        deletion = CompanyDeletion(id=deletion_id, company_id=company_id, cascades=True)
        deletion.status, deletion.due_at, deletion.attempt = DeletionStatus.RESTORING, now(), 0
        company_deletions.add(deletion)
    deletion.status, deletion.done, deletion.at_table = DeletionStatus.RESTORING, {}, ""
    deletion.attempt += 1  # whoever is still deleting finds that it isn't theirs any more
    deletion.due_at, deletion.total, deletion.finished_at = now() + _LEASE, None, None
    return _start(deletion, budget=max(1, _AT_ONCE // of_many))


def progress(principal: Principal, company_id: UUID) -> Progress:
    """How far the last deletion of a company, or the way back, is; raises `NotFound`."""
    company = authentication.acting_for(principal, company_id)
    deletion = company_deletions.latest(company_id=company)
    if deletion is None:
        raise NotFound("This company has not been deleted.")
    return _progress(deletion)


def work(company_id: UUID, deletion_id: UUID) -> None:
    """Goes on with a deletion or a way back, unless somebody else does."""
    with transaction():
        tenancy.enter_company(company_id)
        attempt = company_deletions.claim(
            company_id=company_id, deletion_id=deletion_id, at=now(), until=now() + _LEASE
        )
    if attempt is None:
        return
    until = time.monotonic() + _LONGEST_SECONDS
    _in_transaction(company_id, deletion_id, attempt, _count_what_there_is)
    while _in_transaction(company_id, deletion_id, attempt, _next_piece):
        if time.monotonic() >= until:
            _in_transaction(company_id, deletion_id, attempt, _put_back)
            return


def requeue_due() -> int:
    """Wakes workers for work that nobody is at. Returns how much."""
    with transaction(), across_companies("a sweep looks after all companies"):
        due = company_deletions.find_due_across_companies(now(), _SWEEP_LIMIT)
    for each in due:
        send(JobName.CASCADE_COMPANY, company_id=each.company_id, deletion_id=each.deletion_id)
    return len(due)


def _start(deletion: CompanyDeletion, budget: int | None = None) -> Progress:
    if not deletion.cascades or not _next_piece(deletion, budget):
        _finish(deletion)
    else:
        deletion.due_at = now()
        enqueue(JobName.CASCADE_COMPANY, company_id=deletion.company_id, deletion_id=deletion.id)
    return _progress(deletion)


def _in_transaction(company_id: UUID, deletion_id: UUID, attempt: int, step: Callable[[CompanyDeletion], bool]) -> bool:
    """Runs a step if the work is still this attempt's. Returns whether there is more to do."""
    with transaction():
        tenancy.enter_company(company_id)
        deletion = company_deletions.lock(company_id=company_id, deletion_id=deletion_id)
        if deletion is None or deletion.attempt != attempt or deletion.status not in _RUNNING:
            return False
        deletion.due_at = now() + _LEASE
        more = step(deletion)
        if not more:
            _finish(deletion)
        return more


def _count_what_there_is(deletion: CompanyDeletion) -> bool:
    if deletion.total is None:
        company_id = deletion.company_id
        if deletion.status == DeletionStatus.DELETING:
            left = belongings.count_live(company_id=company_id)
        else:
            left = belongings.count_deleted_with(company_id=company_id, deletion_id=deletion.id)
        deletion.total = sum(deletion.done.values()) + left
    return True


def _next_piece(deletion: CompanyDeletion, budget: int | None = None) -> bool:
    """Deletes or restores some rows; whether there may be more."""
    budget, done = budget or _AT_ONCE, dict(deletion.done)
    for table in belongings.restorable_tables():
        if table.name < deletion.at_table:
            continue
        deletion.at_table = table.name
        count = _change_some(deletion, table, budget)
        if count:
            done[table.name] = done.get(table.name, 0) + count
        budget -= count
        if not budget:
            break
    deletion.done = done
    return not budget


def _change_some(deletion: CompanyDeletion, table: Table, limit: int) -> int:
    company_id, deletion_id = deletion.company_id, deletion.id
    if deletion.status == DeletionStatus.DELETING:
        return belongings.delete_some(
            table, company_id=company_id, deletion_id=deletion_id, at=deletion.created_at, limit=limit
        )
    with across_companies("a user whose e-mail somebody of another company has meanwhile stays deleted"):
        return belongings.restore_some(table, company_id=company_id, deletion_id=deletion_id, limit=limit)


def _put_back(deletion: CompanyDeletion) -> bool:
    deletion.due_at = now()
    enqueue(JobName.CASCADE_COMPANY, company_id=deletion.company_id, deletion_id=deletion.id)
    return True


def _finish(deletion: CompanyDeletion) -> None:
    deleting = deletion.status == DeletionStatus.DELETING
    deletion.status = DeletionStatus.DELETED if deleting else DeletionStatus.RESTORED
    deletion.total, deletion.finished_at = sum(deletion.done.values()), now()


def _progress(deletion: CompanyDeletion) -> Progress:
    status = DeletionStatus(deletion.status)
    back = status in {DeletionStatus.RESTORING, DeletionStatus.RESTORED}
    count = sum(deletion.done.values())
    part = min(1.0, count / deletion.total) if deletion.total else 0.0
    return Progress(
        company_id=deletion.company_id,
        deletion_id=deletion.id,
        status=status,
        cascades=deletion.cascades,
        deleted={} if back else dict(deletion.done),
        restored=dict(deletion.done) if back else {},
        total=deletion.total,
        progress=round(part, 4) if status in _RUNNING else 1.0,
        started_at=deletion.created_at,
        finished_at=deletion.finished_at,
    )
