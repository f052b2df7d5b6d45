"""Documents: what agents answer from."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Response

from app.blueprints.document.schemas import (
    UPLOAD_FORM,
    ChunkPage,
    ChunkResponse,
    DeletedChunkQuery,
    DocumentIdsRequest,
    DocumentIdsResponse,
    DocumentPage,
    DocumentQuery,
    DocumentResponse,
    ProcessRequest,
    RestoredChunksResponse,
    UploadRequest,
    UploadResponse,
)
from app.core.paging import Page, PageRequest
from app.http.api import Blueprint
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, requires, staged_files
from app.http.schemas import PageQuery
from app.models.chunk import Chunk
from app.models.document import Document
from app.repositories.documents import DocumentFilter
from app.security.scopes import Resource, Scope
from app.services import document_chunks, document_uploads, documents
from app.services.document_uploads import Taken

blp = Blueprint("document", __name__, description="Documents and their passages: what agents answer from.")

_BOTH = (Credential.API_KEY, Credential.JWT)
_DOCUMENTS = Resource.DOCUMENTS
_FORM = "multipart/form-data"
# A foreign file on our own address: whatever it is, it runs nothing.
_SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


@blp.post("/v1/document/upload")
@requires(
    *_BOTH,
    scope=Scope.WRITE,
    resource=_DOCUMENTS,
    category=Category.UPLOAD,
    accepts=("application/json", _FORM),
    stage=document_uploads.stage,
)
@blp.arguments(UploadRequest, location="json_or_form")
@blp.response(202, UploadResponse, description="They wait for a worker; `GET /v1/document/<id>` tells how far each is.")
@blp.doc(requestBody=UPLOAD_FORM)
def upload_documents(body: dict[str, Any]) -> dict[str, Any]:
    """Upload files or name addresses, and have them processed"""
    urls = [*([body["url"]] if "url" in body else []), *body["urls"]]
    taken = document_uploads.take(current_principal(), agent_id=body["agent_id"], files=staged_files(), urls=urls)
    return {"documents": [_show(each) for each in taken]}


@blp.get("/v1/document")
@requires(*_BOTH, scope=Scope.READ, resource=_DOCUMENTS)
@blp.arguments(DocumentQuery, location="query")
@blp.response(200, DocumentPage)
def find_documents(query: dict[str, Any]) -> Page[Document]:
    """List documents"""
    wanted, sort = PageRequest(query.pop("page"), query.pop("per_page")), query.pop("sort")
    return documents.find_all(current_principal(), DocumentFilter(**query), sort=sort, wanted=wanted)


@blp.get("/v1/document/<uuid:document_id>")
@requires(*_BOTH, scope=Scope.READ, resource=_DOCUMENTS)
@blp.response(200, DocumentResponse)
def get_document(document_id: UUID) -> Document:
    """Fetch a document: how far it is, what was found in it, or what is wrong with it"""
    return documents.get(current_principal(), document_id)


@blp.get("/v1/document/<uuid:document_id>/download")
@requires(*_BOTH, scope=Scope.READ, resource=_DOCUMENTS, waits=True)
@blp.response(200, {"type": "string", "format": "binary"}, content_type="*/*", description="The file as it came.")
def download_document(document_id: UUID) -> Response:
    """Download the file of a document; of a web page, as it was last fetched"""
    stored = documents.open_file(current_principal(), document_id)
    response = Response(stored.pieces(), content_type=stored.document.content_type or "application/octet-stream")
    response.headers["Content-Disposition"] = _attachment(stored.name)
    response.headers["Content-Security-Policy"] = _SANDBOX
    if stored.document.size_bytes is not None:
        response.content_length = stored.document.size_bytes
    response.call_on_close(stored.content.close)
    return response


@blp.post("/v1/document/<uuid:document_id>/process")
@requires(*_BOTH, scope=Scope.WRITE, resource=_DOCUMENTS, category=Category.UPLOAD)
@blp.arguments(ProcessRequest, required=False)
@blp.response(202, DocumentResponse)
def process_document(body: dict[str, Any], document_id: UUID) -> Document:
    """Process a document again, a web page as it is now; what is found of it stays until that is done"""
    return documents.process_again(current_principal(), document_id, **body)


@blp.delete("/v1/document/<uuid:document_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_DOCUMENTS)
@blp.response(204)
def delete_document(document_id: UUID) -> None:
    """Delete a document softly: nothing of it is found or cited any more"""
    documents.delete(current_principal(), document_id)


@blp.patch("/v1/document/<uuid:document_id>/restore")
@requires(*_BOTH, scope=Scope.WRITE, resource=_DOCUMENTS)
@blp.response(200, DocumentResponse)
def restore_document(document_id: UUID) -> Document:
    """Restore a deleted document; passages that were deleted on their own stay deleted"""
    return documents.restore(current_principal(), document_id)


@blp.get("/v1/document/deleted")
@requires(*_BOTH, scope=Scope.READ, resource=_DOCUMENTS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, DocumentPage)
def find_deleted_documents(query: dict[str, int]) -> Page[Document]:
    """List deleted documents"""
    return documents.find_deleted(current_principal(), PageRequest(**query))


@blp.delete("/v1/document/bulk-delete")
@requires(*_BOTH, scope=Scope.WRITE, resource=_DOCUMENTS)
@blp.arguments(DocumentIdsRequest)
@blp.response(200, DocumentIdsResponse)
def delete_documents(body: dict[str, list[UUID]]) -> dict[str, list[UUID]]:
    """Delete several documents softly, all or none"""
    return {"document_ids": documents.delete_many(current_principal(), body["document_ids"])}


@blp.post("/v1/document/bulk-delete")
@requires(*_BOTH, scope=Scope.WRITE, resource=_DOCUMENTS)
@blp.arguments(DocumentIdsRequest)
@blp.response(200, DocumentIdsResponse)
def delete_documents_by_post(body: dict[str, list[UUID]]) -> dict[str, list[UUID]]:
    """Delete several documents softly, for clients whose proxies drop the body of a DELETE"""
    return {"document_ids": documents.delete_many(current_principal(), body["document_ids"])}


@blp.get("/v1/document/<uuid:document_id>/chunk")
@requires(*_BOTH, scope=Scope.READ, resource=_DOCUMENTS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ChunkPage)
def find_chunks(query: dict[str, int], document_id: UUID) -> Page[Chunk]:
    """List the passages of a document, in reading order"""
    return document_chunks.find_all(current_principal(), document_id, PageRequest(**query))


@blp.delete("/v1/document/<uuid:document_id>/chunk")
@requires(*_BOTH, scope=Scope.WRITE, resource=_DOCUMENTS)
@blp.response(204)
def delete_chunks(document_id: UUID) -> None:
    """Delete all passages of a document softly"""
    document_chunks.delete_all(current_principal(), document_id)


@blp.patch("/v1/document/<uuid:document_id>/chunk/restore-all")
@requires(*_BOTH, scope=Scope.WRITE, resource=_DOCUMENTS)
@blp.response(200, RestoredChunksResponse)
def restore_chunks(document_id: UUID) -> dict[str, Any]:
    """Restore all deleted passages of a document"""
    return {"document_id": document_id, "restored": document_chunks.restore_all(current_principal(), document_id)}


@blp.get("/v1/document/chunk/deleted")
@requires(*_BOTH, scope=Scope.READ, resource=_DOCUMENTS)
@blp.arguments(DeletedChunkQuery, location="query")
@blp.response(200, ChunkPage)
def find_deleted_chunks(query: dict[str, Any]) -> Page[Chunk]:
    """List deleted passages of documents that live"""
    wanted = PageRequest(query.pop("page"), query.pop("per_page"))
    return document_chunks.find_deleted(current_principal(), **query, wanted=wanted)


@blp.delete("/v1/document/chunk/<uuid:chunk_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_DOCUMENTS)
@blp.response(204)
def delete_chunk(chunk_id: UUID) -> None:
    """Delete one passage softly: it is not found or cited any more"""
    document_chunks.delete(current_principal(), chunk_id)


@blp.patch("/v1/document/chunk/<uuid:chunk_id>/restore")
@requires(*_BOTH, scope=Scope.WRITE, resource=_DOCUMENTS)
@blp.response(200, ChunkResponse)
def restore_chunk(chunk_id: UUID) -> Chunk:
    """Restore a deleted passage"""
    return document_chunks.restore(current_principal(), chunk_id)


def _show(taken: Taken) -> dict[str, Any]:
    document, refusal = taken.document, taken.refusal
    return {
        "id": document.id if document else None,
        "filename": taken.filename,
        "url": taken.url,
        "status": document.status if document else "refused",
        "duplicate": taken.duplicate,
        "error_code": refusal.code if refusal else None,
        "error": refusal.detail if refusal else None,
    }


def _attachment(name: str) -> str:
    """A Content-Disposition for any name, RFC 6266 with RFC 8187's encoding beside a plain one for old clients."""
    plain = "".join(each if each.isascii() and each.isprintable() and each not in '"\\' else "_" for each in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
