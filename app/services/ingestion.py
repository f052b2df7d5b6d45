"""Making a document searchable: one attempt at it, and finding those that nobody is at.

Postgres knows what is to be done; a message only wakes a worker. An attempt claims the document, works outside of any
transaction, and stores under its own number; only its last statement makes any of that visible. So a worker may die
anywhere, and a document may be given to two, and there is never half of it nor twice of it.
"""

import logging
from datetime import timedelta
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.scratch import scratch_folder
from app.core.settings import settings
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.errors import Unavailable
from app.ingest.errors import IngestError
from app.jobs import JobName, send
from app.models.document import Document, DocumentStage, DocumentStatus
from app.models.webhook_event import WebhookEventType as Type
from app.repositories import document_work
from app.services import document_events, ingestion_stages, passage_storage, signs_of_life
from app.services.database_patience import when_database_is_back
from app.services.document_lease import DocumentLease
from app.services.signs_of_life import LIFE
from app.services.work_lease import LeaseLost

log = logging.getLogger(__name__)

_FIRST_PAUSE = timedelta(seconds=30)
# A long queue must not grow by all of it at every sweep.
_NEXT_LOOK = timedelta(minutes=5)
_SWEEP_LIMIT = 200
_EMBEDDING_UNAVAILABLE = "embedding_unavailable"
_GAVE_UP = "Processing stopped unfinished {} times, perhaps for want of memory. Split the document, or try again later."
_FILE_MISSING = "The stored file of this document is gone. Delete the document and upload it again."
_BUG = "Something went wrong on our side while this document was processed. Try again, or ask the operator."


def ingest(*, company_id: UUID, document_id: UUID) -> None:
    """One attempt at a document. Does nothing when it is done, deleted, or another worker's."""
    document = when_database_is_back(lambda: _claim(company_id, document_id))
    if document is None:
        return
    lease = DocumentLease(company_id, document_id, document.attempt)
    named = {"document": str(document_id), "attempt": document.attempt}
    try:
        with signs_of_life.given(lease.renew):
            _work(document, lease)
        log.info("attempt at a document ended", extra=named)
    except LeaseLost:
        log.info("document deleted or taken over by another worker", extra=named)


def requeue_due(*, could_tell_for: timedelta = LIFE) -> int:
    """Wakes workers for the documents whose message was lost or whose worker died, for which Postgres must have been
    there for so long that it could have told that it lives. Returns how many."""
    with transaction(), across_companies("a sweep looks for the work of all companies"):
        at = now()
        due = document_work.find_due_across_companies(at, _SWEEP_LIMIT, silent_since=at - could_tell_for)
        document_work.queue_across_companies([each.document_id for each in due], now() + _NEXT_LOOK)
    for each in due:
        send(JobName.INGEST_DOCUMENT, company_id=each.company_id, document_id=each.document_id)
    return len(due)


def _claim(company_id: UUID, document_id: UUID) -> Document | None:
    with transaction():
        tenancy.enter_company(company_id)
        at = now()
        return document_work.claim(company_id=company_id, document_id=document_id, at=at, until=at + LIFE)


def _work(document: Document, lease: DocumentLease) -> None:
    if document.tries > settings().document_attempts:
        _fail(document, lease, "gave_up", _GAVE_UP.format(document.tries - 1))
        return
    try:
        _process(document, lease)
    except IngestError as error:
        if error.transient:
            _try_later(document, lease, error.code, error.detail)
        else:
            _fail(document, lease, error.code, error.detail)
    except FileNotFoundError:
        _fail(document, lease, "file_missing", _FILE_MISSING)
    except Unavailable as error:
        code = _EMBEDDING_UNAVAILABLE if error.code == "ai_service_unavailable" else error.code
        _try_later(document, lease, code, error.detail)
    except LeaseLost:
        raise
    except Exception:
        log.exception("processing a document failed", extra={"document": str(document.id)})
        _try_later(document, lease, "internal_error", _BUG)


def _process(document: Document, lease: DocumentLease) -> None:
    with scratch_folder() as folder:
        file = ingestion_stages.bring(document, lease, folder)
        read = ingestion_stages.read(file, document, lease)
    passage_storage.store(read, document, lease)


def _fail(document: Document, lease: DocumentLease, code: str, detail: str) -> None:
    log.info("document can't be used", extra={"document": str(lease.document_id), "code": code})
    passage_storage.forget_attempts(document, lease)
    with lease.storing(status=DocumentStatus.ERROR, error_code=code, error=detail):
        document_events.tell(Type.DOCUMENT_FAILED, lease.company_id, lease.document_id)


def _try_later(document: Document, lease: DocumentLease, code: str, detail: str) -> None:
    tries = 1 if lease.got_on else document.tries
    if tries >= settings().document_attempts:
        _fail(document, lease, code, detail)
        return
    due_at = now() + _FIRST_PAUSE * 4 ** (tries - 1)
    waiting = {"status": DocumentStatus.UPLOADED, "stage": DocumentStage.QUEUED, "progress": 0, "due_at": due_at}
    lease.store(**waiting, error_code=code, error=detail)
