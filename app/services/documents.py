"""Documents of a company: listing, deleting, restoring, processing again, and the files themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.core.transaction import transaction
from app.errors import Conflict, NotFound
from app.jobs import JobName, enqueue
from app.models.audit_entry import RiskLevel
from app.models.document import Document, DocumentSource, DocumentStatus
from app.models.webhook_event import WebhookEventType as Type
from app.repositories import agents, document_work, documents
from app.repositories.documents import DocumentFilter
from app.security.principal import Principal
from app.services import audit, document_events, document_files, document_uploads, embedding_spaces
from app.services.audit import Event

_PIECE_BYTES = 65_536


class AlreadyDeleted(Conflict):
    """The document has been deleted before."""

    code = "already_deleted"
    detail = "This document is deleted already."


class NotDeleted(Conflict):
    """Only a deleted document can be restored."""

    code = "not_deleted"
    detail = "This document is not deleted."


class SameDocumentExists(Conflict):
    """The agent got the same content again while this one was deleted."""

    code = "same_document_exists"
    detail = "The agent has another document of the same content or address by now. Delete that one first."


class AgentDeleted(Conflict):
    """A document comes back only to an agent that lives."""

    code = "agent_deleted"
    detail = "The agent of this document is deleted. Restore the agent first."


class AlreadyProcessing(Conflict):
    """A worker is at it."""

    code = "already_processing"
    detail = "This document is being processed at the moment. Wait until it is done."


class FileMissing(NotFound):
    """There is a document, but no file."""

    code = "file_missing"
    detail = "The file of this document is not there: its address has not been fetched yet, or the file was lost."


@dataclass(frozen=True)
class StoredFile:
    """A document with its opened file, which is closed after the last piece, or by whoever doesn't read that far."""

    document: Document
    content: BinaryIO

    @property
    def name(self) -> str:
        """What the file is called on the reader's machine."""
        suffix = f".{self.document.kind}" if self.document.kind else ""
        return self.document.filename or f"{self.document.title[:100]}{suffix}".replace("/", "-")

    def pieces(self) -> Iterator[bytes]:
        """The content, piece by piece."""
        with self.content:
            while piece := self.content.read(_PIECE_BYTES):
                yield piece


def get(principal: Principal, document_id: UUID) -> Document:
    """A live document."""
    return _get(principal.company(), document_id)


def find_all(principal: Principal, matching: DocumentFilter, *, sort: str, wanted: PageRequest) -> Page[Document]:
    """Live documents of the company."""
    return documents.find_page(company_id=principal.company(), matching=matching, sort=sort, wanted=wanted)


def find_deleted(principal: Principal, wanted: PageRequest) -> Page[Document]:
    """Deleted documents of the company, the last deleted first."""
    return documents.find_page_deleted(company_id=principal.company(), wanted=wanted)


def open_file(principal: Principal, document_id: UUID) -> StoredFile:
    """The file of a document, to be read after every transaction. Raises `FileMissing`."""
    company_id = principal.company()
    with transaction():
        tenancy.enter_company(company_id)
        document = _get(company_id, document_id)
    if document.storage_name is None:
        raise FileMissing
    try:
        return StoredFile(document, document_files.storage().open(document.storage_name))
    except FileNotFoundError:
        raise FileMissing from None


def delete(principal: Principal, document_id: UUID) -> None:
    """Deletes a document softly: from the moment of the commit on nothing of it is found or cited any more, and a
    worker that is at it stops."""
    delete_many(principal, [document_id])


def delete_many(principal: Principal, document_ids: Sequence[UUID]) -> list[UUID]:
    """Deletes several documents, all or none."""
    company_id, wanted = principal.company(), list(dict.fromkeys(document_ids))
    states = documents.find_states(company_id=company_id, document_ids=wanted)
    if len(states) < len(wanted):
        raise NotFound
    if any(states.values()):
        raise AlreadyDeleted
    deleted = documents.set_deleted(company_id=company_id, document_ids=wanted, at=now(), deletion_id=new_id())
    if deleted < len(wanted):
        raise AlreadyDeleted  # somebody else was first
    for document_id in wanted:
        audit.record(
            Event.DOCUMENT_DELETED,
            "document",
            document_id,
            company_id=company_id,
            by=principal,
            risk=RiskLevel.MEDIUM,
        )
        document_events.tell(Type.DOCUMENT_DELETED, company_id, document_id)
    return wanted


def restore(principal: Principal, document_id: UUID) -> Document:
    """Brings a deleted document back as it was; passages that were deleted on their own stay deleted."""
    company_id = principal.company()
    document = documents.lock(company_id=company_id, document_id=document_id)
    if document is None:
        raise NotFound
    if document.deleted_at is None:
        raise NotDeleted
    _check_free(document)
    document.deleted_at = document.deletion_id = None
    if document.status in {DocumentStatus.UPLOADED, DocumentStatus.PROCESSING}:
        # Its worker, if it had one, has been turned away or will be.
        _queue(document, document.options)
    else:
        embedding_spaces.complete(company_id=company_id, agent_id=document.agent_id)
    audit.record(Event.DOCUMENT_RESTORED, "document", document.id, company_id=company_id, by=principal)
    document_events.tell(Type.DOCUMENT_RESTORED, company_id, document.id)
    return document


def process_again(principal: Principal, document_id: UUID, *, chunk_tokens: int | None = None) -> Document:
    """Has a document read again, and its page fetched again if it is one. What is found of it stays until then."""
    company_id = principal.company()
    document = documents.lock(company_id=company_id, document_id=document_id)
    if document is None or document.deleted_at is not None:
        raise NotFound
    if document.status == DocumentStatus.PROCESSING:
        raise AlreadyProcessing
    options = document.options if chunk_tokens is None else {**document.options, "chunk_tokens": chunk_tokens}
    _queue(document, options)
    audit.record(
        Event.DOCUMENT_PROCESSED_AGAIN, "document", document.id, company_id=company_id, by=principal, after=options
    )
    return document


def _get(company_id: UUID, document_id: UUID) -> Document:
    document = documents.get(company_id=company_id, document_id=document_id)
    if document is None:
        raise NotFound
    return document


def _check_free(document: Document) -> None:
    """Raises unless the document can live beside what its agent has now."""
    company_id, agent_id = document.company_id, document.agent_id
    if agents.get(company_id=company_id, agent_id=agent_id) is None:
        raise AgentDeleted
    if document.source == DocumentSource.URL:
        same = documents.find_same(company_id=company_id, agent_id=agent_id, url=document.url)
    else:
        same = documents.find_same(company_id=company_id, agent_id=agent_id, content_hash=document.content_hash)
    if same is not None:
        raise SameDocumentExists


def _queue(document: Document, options: dict[str, object]) -> None:
    due_at = now() + document_uploads.GRACE
    document_work.ask_again(company_id=document.company_id, document_id=document.id, at=due_at, options=dict(options))
    enqueue(JobName.INGEST_DOCUMENT, company_id=document.company_id, document_id=document.id)
