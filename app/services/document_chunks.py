"""Passages of documents: reading, deleting and restoring them. A deleted one is never found or cited again."""

from uuid import UUID

from app.core.clock import now
from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.errors import Conflict, NotFound
from app.models.audit_entry import RiskLevel
from app.models.chunk import Chunk
from app.models.document import Document
from app.repositories import chunks, documents
from app.security.principal import Principal
from app.services import audit
from app.services.audit import Event


class AlreadyDeleted(Conflict):
    """The passage has been deleted before."""

    code = "already_deleted"
    detail = "This passage is deleted already."


class NotDeleted(Conflict):
    """Only a deleted passage can be restored."""

    code = "not_deleted"
    detail = "This passage is not deleted."


def find_all(principal: Principal, document_id: UUID, wanted: PageRequest) -> Page[Chunk]:
    """A document's passages in reading order."""
    company_id = principal.company()
    if documents.get(company_id=company_id, document_id=document_id) is None:
        raise NotFound
    return chunks.find_page_of_document(company_id=company_id, document_id=document_id, wanted=wanted)


def find_deleted(
    principal: Principal, *, document_id: UUID | None, agent_id: UUID | None, wanted: PageRequest
) -> Page[Chunk]:
    """Passages of live documents that were deleted on their own, the last deleted first."""
    return chunks.find_page_deleted(
        company_id=principal.company(), document_id=document_id, agent_id=agent_id, wanted=wanted
    )


def delete(principal: Principal, chunk_id: UUID) -> None:
    """Deletes one passage softly, at once."""
    chunk = _get(principal, chunk_id)
    if not chunks.set_deleted(company_id=chunk.company_id, chunk_id=chunk_id, at=now(), deletion_id=new_id()):
        raise AlreadyDeleted
    documents.count_chunks(company_id=chunk.company_id, document_id=chunk.document_id, more=-1)
    _note(Event.CHUNK_DELETED, principal, chunk, RiskLevel.MEDIUM)


def restore(principal: Principal, chunk_id: UUID) -> Chunk:
    """Brings one passage back."""
    chunk = _get(principal, chunk_id)
    if not chunks.set_deleted(company_id=chunk.company_id, chunk_id=chunk_id, at=None, deletion_id=None):
        raise NotDeleted
    chunk.deleted_at = chunk.deletion_id = None
    documents.count_chunks(company_id=chunk.company_id, document_id=chunk.document_id, more=1)
    _note(Event.CHUNK_RESTORED, principal, chunk, RiskLevel.LOW)
    return chunk


def delete_all(principal: Principal, document_id: UUID) -> int:
    """Deletes all passages of a document; returns how many there were."""
    return _set_all(principal, document_id, deleted=True)


def restore_all(principal: Principal, document_id: UUID) -> int:
    """Brings all deleted passages of a document back; returns how many there were."""
    return _set_all(principal, document_id, deleted=False)


def _set_all(principal: Principal, document_id: UUID, *, deleted: bool) -> int:
    document = _lock(principal.company(), document_id)
    changed = chunks.set_all_deleted(
        company_id=document.company_id,
        document_id=document.id,
        generation=document.generation,
        at=now() if deleted else None,
        deletion_id=new_id() if deleted else None,
    )
    documents.count_chunks(
        company_id=document.company_id, document_id=document.id, more=-changed if deleted else changed
    )
    audit.record(
        Event.CHUNKS_DELETED if deleted else Event.CHUNKS_RESTORED,
        "document",
        document.id,
        company_id=document.company_id,
        by=principal,
        after={"chunks": changed},
        risk=RiskLevel.MEDIUM if deleted else RiskLevel.LOW,
    )
    return changed


def _get(principal: Principal, chunk_id: UUID) -> Chunk:
    chunk = chunks.get(company_id=principal.company(), chunk_id=chunk_id)
    if chunk is None:
        raise NotFound
    _lock(chunk.company_id, chunk.document_id)
    return chunk


def _lock(company_id: UUID, document_id: UUID) -> Document:
    # A worker that is switching to newly made passages, or another caller who counts them, goes first.
    document = documents.lock(company_id=company_id, document_id=document_id)
    if document is None or document.deleted_at is not None:
        raise NotFound
    return document


def _note(event: Event, principal: Principal, chunk: Chunk, risk: RiskLevel) -> None:
    place = {"document_id": chunk.document_id, "position": chunk.position, "page": chunk.page}
    audit.record(event, "chunk", chunk.id, company_id=chunk.company_id, by=principal, after=place, risk=risk)
