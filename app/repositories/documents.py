"""Documents, as people list, delete and restore them. Their work queue is `document_work`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, UnaryExpression, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.paging import Listing, Page, PageRequest, paginate
from app.core.transaction import session
from app.models.document import Document, DocumentSource, DocumentStatus
from app.repositories.changes import changed_rows
from app.repositories.folding import contains

SORTABLE = ("created_at", "updated_at", "processed_at", "title", "filename", "size_bytes", "chunk_count", "status")

_LIVE = Document.deleted_at.is_(None)
_GET_ANY = select(Document).where(Document.company_id == bindparam("company_id"), Document.id == bindparam("wanted"))
_GET = _GET_ANY.where(_LIVE)
_DELETED = Listing(
    select(Document)
    .where(Document.company_id == bindparam("company_id"), Document.deleted_at.is_not(None))
    .order_by(Document.deleted_at.desc(), Document.id.desc())
)


@dataclass(frozen=True, kw_only=True)
class DocumentFilter:
    """Which documents are wanted; None: any. `search` is a part of the title, the file's name or the address."""

    agent_id: UUID | None = None
    status: DocumentStatus | None = None
    source: DocumentSource | None = None
    kind: str | None = None
    search: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


def add_unless_known(*, company_id: UUID, values: dict[str, Any]) -> bool:
    """Stores a new document. False when the agent has one of the same content or address; waits for a transaction
    that is adding one."""
    statement = insert(Document).values(company_id=company_id, **values).on_conflict_do_nothing()
    return changed_rows(statement) == 1


def get(*, company_id: UUID, document_id: UUID, include_deleted: bool = False) -> Document | None:
    """A document by its id."""
    statement = _GET_ANY if include_deleted else _GET
    return session().scalars(statement, {"company_id": company_id, "wanted": document_id}).first()


def lock(*, company_id: UUID, document_id: UUID) -> Document | None:
    """A document, deleted or not, that nobody else changes until the transaction ends; as it is now."""
    statement = _GET_ANY.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session().scalars(statement, {"company_id": company_id, "wanted": document_id}).first()


def find_same(
    *, company_id: UUID, agent_id: UUID, content_hash: str | None = None, url: str | None = None
) -> Document | None:
    """The live document of an agent that has this content (a file) or this address."""
    same = (
        (Document.url == url, Document.source == DocumentSource.URL)
        if url is not None
        else (Document.content_hash == content_hash, Document.source == DocumentSource.FILE)
    )
    statement = select(Document).where(Document.company_id == company_id, Document.agent_id == agent_id, _LIVE, *same)
    return session().scalars(statement).first()


def are_on_their_way(*, company_id: UUID, agent_id: UUID) -> bool:
    """Whether documents of an agent are yet to be made searchable."""
    waiting = Document.status.in_((DocumentStatus.UPLOADED, DocumentStatus.PROCESSING))
    statement = select(Document.id).where(
        Document.company_id == company_id, Document.agent_id == agent_id, _LIVE, waiting
    )
    return session().scalars(statement.limit(1)).first() is not None


def find_ids_by_filenames(
    *, company_id: UUID, agent_id: UUID, source: DocumentSource, filenames: Sequence[str]
) -> list[UUID]:
    """The live documents of an agent that are called so."""
    statement = select(Document.id).where(
        Document.company_id == company_id,
        Document.agent_id == agent_id,
        Document.source == source,
        Document.filename.in_(filenames),
        _LIVE,
    )
    return list(session().scalars(statement.order_by(Document.id)))


def find_page(*, company_id: UUID, matching: DocumentFilter, sort: str, wanted: PageRequest) -> Page[Document]:
    """Live documents. `sort` is one of `SORTABLE`, after a minus for descending."""
    statement: Select[Document] = select(Document).where(Document.company_id == company_id, _LIVE)
    for name in ("agent_id", "status", "source", "kind"):
        value = getattr(matching, name)
        if value is not None:
            statement = statement.where(getattr(Document, name) == value)
    if matching.search:
        named = (contains(each, matching.search) for each in (Document.title, Document.filename, Document.url))
        statement = statement.where(or_(*named))
    if matching.created_after is not None:
        statement = statement.where(Document.created_at >= matching.created_after)
    if matching.created_before is not None:
        statement = statement.where(Document.created_at < matching.created_before)
    return paginate(statement.order_by(*_order(sort)), wanted)


def find_page_deleted(*, company_id: UUID, wanted: PageRequest) -> Page[Document]:
    """Deleted documents, the last deleted first."""
    return _DELETED.page(wanted, {"company_id": company_id})


def set_deleted(*, company_id: UUID, document_ids: Sequence[UUID], at: datetime, deletion_id: UUID) -> int:
    """Deletes those of the documents that live; returns how many. Waits for a worker that is storing something."""
    statement = (
        update(Document)
        .where(Document.company_id == company_id, Document.id.in_(document_ids), _LIVE)
        .values(deleted_at=at, deletion_id=deletion_id)
    )
    return changed_rows(statement)


def find_states(*, company_id: UUID, document_ids: Sequence[UUID]) -> dict[UUID, bool]:
    """Which of the ids are documents of the company, and whether each is deleted."""
    statement = select(Document.id, Document.deleted_at).where(
        Document.company_id == company_id, Document.id.in_(document_ids)
    )
    return {document_id: deleted_at is not None for document_id, deleted_at in session().execute(statement)}


def count_chunks(*, company_id: UUID, document_id: UUID, more: int) -> None:
    """Adds to a document's number of passages; `more` may be negative."""
    statement = update(Document).where(Document.company_id == company_id, Document.id == document_id)
    changed_rows(statement.values(chunk_count=Document.chunk_count + more))


def _order(sort: str) -> list[UnaryExpression[Any]]:
    column = getattr(Document, sort.removeprefix("-"))
    columns = (column, Document.id)
    return [each.desc().nulls_last() if sort.startswith("-") else each.asc().nulls_last() for each in columns]
