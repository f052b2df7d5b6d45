"""Documents as rows, as if a worker had processed them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from app.models.chunk import Chunk
from app.models.document import Document

TEXTS = ("Send it back within 30 days.", "The parcel label is in the box.", "Gift cards are not refunded.")


def add_document(database: Session, company_id: UUID, agent_id: UUID, **values: Any) -> UUID:
    """A processed document without passages."""
    given = {
        "source": "file",
        "title": "Returns",
        "filename": "returns.md",
        "kind": "markdown",
        "content_type": "text/markdown",
        "size_bytes": 90,
        "status": "processed",
        "stage": "done",
        "progress": 100,
        "generation": 1,
        "attempt": 1,
        "due_at": datetime.now(UTC),
    }
    document = Document(company_id=company_id, agent_id=agent_id, **{**given, **values})
    database.add(document)
    database.commit()
    return document.id


def add_chunks(database: Session, document_id: UUID, *texts: str, generation: int = 1, **values: Any) -> list[UUID]:
    """Passages of a document, in order."""
    document = database.get(Document, document_id)
    assert document is not None
    chunks = [
        Chunk(
            company_id=document.company_id,
            document_id=document_id,
            agent_id=document.agent_id,
            generation=generation,
            position=position,
            text=text,
            start=40 * position,
            end=40 * position + len(text),
            tokens=8,
            language="en",
            search=func.to_tsvector("english", text),
            **values,
        )
        for position, text in enumerate(texts)
    ]
    database.add_all(chunks)
    if generation == document.generation:
        document.chunk_count = len(texts)
    database.commit()
    return [chunk.id for chunk in chunks]
