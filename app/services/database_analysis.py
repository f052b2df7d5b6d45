"""Understanding a customer's database: asking for it, one attempt at it, and finding those that nobody is at.

The same way of working as documents have (`ingestion`). Everything that an attempt stores is good by itself, table by
table, and what is stored isn't done again: an attempt that takes over from a dead one goes on where that one was.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.settings import settings
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.errors import Conflict, NotFound
from app.jobs import JobName, enqueue, send
from app.models.database_connection import AnalysisStage, AnalysisStatus, DatabaseConnection
from app.repositories import database_connections, database_work
from app.security.principal import Principal
from app.services import (
    audit,
    database_descriptions,
    database_reading,
    database_samples,
    database_vectors,
    embedding_spaces,
    signs_of_life,
)
from app.services.audit import Event
from app.services.database_lease import AnalysisLease
from app.services.signs_of_life import LIFE
from app.services.work_lease import LeaseLost
from app.textsql.failures import DatabaseFailed

log = logging.getLogger(__name__)

# How long an analysis waits for its message before a sweep sends another one.
_GRACE = timedelta(seconds=15)
_FIRST_PAUSE = timedelta(seconds=30)
_NEXT_LOOK = timedelta(minutes=5)
_SWEEP_LIMIT = 100
_GAVE_UP = "The analysis stopped unfinished {} times. Name the schemas that matter in connection_params, or try later."
_BUG = "Something went wrong on our side during the analysis. Try again, or ask the operator."


class AlreadyAnalyzing(Conflict):
    """A worker is at it."""

    code = "already_analyzing"
    detail = "This database is being analysed at the moment. Wait until it is done."


def ask(principal: Principal, connection_id: UUID) -> DatabaseConnection:
    """Has a database analysed by a worker. Raises `AlreadyAnalyzing`."""
    company_id = principal.company()
    if database_connections.get(company_id=company_id, connection_id=connection_id) is None:
        raise NotFound
    if not _ask(principal, [connection_id]):
        raise AlreadyAnalyzing
    connection = database_connections.lock(company_id=company_id, connection_id=connection_id)
    if connection is None:
        raise NotFound
    return connection


def ask_many(
    principal: Principal, *, connection_ids: Sequence[UUID] | None, agent_id: UUID | None
) -> list[DatabaseConnection]:
    """Has several databases analysed: those that are named, or all of an agent or of the company; those that a worker
    is at just now are left to it. Raises `NotFound` when one of the named isn't there."""
    company_id = principal.company()
    live = database_connections.find_ids(company_id=company_id, agent_id=agent_id)
    wanted = live if connection_ids is None else list(dict.fromkeys(connection_ids))
    if not set(wanted) <= set(live):
        raise NotFound
    _ask(principal, wanted)
    found = (database_connections.get(company_id=company_id, connection_id=each) for each in wanted)
    return [each for each in found if each is not None]


def analyze(*, company_id: UUID, connection_id: UUID) -> None:
    """One attempt at a database. Does nothing when it is done, deleted, or another worker's."""
    with transaction():
        tenancy.enter_company(company_id)
        at = now()
        connection = database_work.claim(company_id=company_id, connection_id=connection_id, at=at, until=at + LIFE)
    if connection is None:
        return
    lease = AnalysisLease(company_id, connection_id, connection.attempt)
    named = {"connection": str(connection_id), "attempt": connection.attempt}
    try:
        with signs_of_life.given(lease.renew):
            _work(connection, lease)
        _follow_settings(company_id, connection.agent_id)
        log.info("attempt at a database ended", extra=named)
    except LeaseLost:
        log.info("connection deleted or taken over by another worker", extra=named)


def requeue_due(*, could_tell_for: timedelta = LIFE) -> int:
    """Wakes workers for the analyses whose message was lost or whose worker died, for which Postgres must have been
    there for so long that it could have told that it lives. Returns how many."""
    with transaction(), across_companies("a sweep looks for the work of all companies"):
        at = now()
        due = database_work.find_due_across_companies(at, _SWEEP_LIMIT, silent_since=at - could_tell_for)
        database_work.queue_across_companies([each.connection_id for each in due], now() + _NEXT_LOOK)
    for each in due:
        send(JobName.ANALYZE_DATABASE, company_id=each.company_id, connection_id=each.connection_id)
    return len(due)


def _ask(principal: Principal, connection_ids: Sequence[UUID]) -> list[UUID]:
    company_id = principal.company()
    asked = database_work.ask(company_id=company_id, connection_ids=connection_ids, due_at=now() + _GRACE)
    for connection_id in asked:
        audit.record(
            Event.DATABASE_ANALYSIS_ASKED, "database_connection", connection_id, company_id=company_id, by=principal
        )
        enqueue(JobName.ANALYZE_DATABASE, company_id=company_id, connection_id=connection_id)
    return asked


def _follow_settings(company_id: UUID, agent_id: UUID) -> None:
    """Whoever chose another embedding model during the attempt left the connection to it, and its vectors may have been
    made by then."""
    with transaction():
        tenancy.enter_company(company_id)
        embedding_spaces.follow_settings(company_id=company_id, agent_id=agent_id)


def _work(connection: DatabaseConnection, lease: AnalysisLease) -> None:
    if connection.tries > settings().document_attempts:
        _fail(lease, "gave_up", _GAVE_UP.format(connection.tries - 1))
        return
    try:
        _analyze(connection, lease)
    except DatabaseFailed as error:
        code = f"database_{error.failure}"
        if error.transient:
            _try_later(connection, lease, code, error.detail)
        else:
            _fail(lease, code, error.detail)
    except LeaseLost:
        raise
    except Exception:
        log.exception("analysing a database failed", extra={"connection": str(connection.id)})
        _try_later(connection, lease, "internal_error", _BUG)


def _analyze(connection: DatabaseConnection, lease: AnalysisLease) -> None:
    database_reading.read(connection, lease)
    database_descriptions.describe(connection, lease)
    space = database_vectors.embed(connection, lease)
    database_samples.make(connection, lease)
    with lease.storing(
        analysis_status=AnalysisStatus.DONE,
        analysis_stage=AnalysisStage.DONE,
        analysis_progress=100,
        analyzed_at=now(),
        embedding_space=space,
    ):
        pass


def _fail(lease: AnalysisLease, code: str, detail: str) -> None:
    log.info("database can't be analysed", extra={"connection": str(lease.connection_id), "code": code})
    with lease.storing(analysis_status=AnalysisStatus.ERROR, analysis_error_code=code, analysis_error=detail):
        pass


def _try_later(connection: DatabaseConnection, lease: AnalysisLease, code: str, detail: str) -> None:
    if connection.tries >= settings().document_attempts:
        _fail(lease, code, detail)
        return
    with lease.storing(
        analysis_status=AnalysisStatus.QUEUED,
        analysis_stage=AnalysisStage.QUEUED,
        analysis_progress=0,
        due_at=now() + _FIRST_PAUSE * 4 ** (connection.tries - 1),
        analysis_error_code=code,
        analysis_error=detail,
    ):
        pass
