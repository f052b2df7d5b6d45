"""Documents: what an agent answers from."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Json, SoftDeleted, Timestamped, one_of


class DocumentSource(StrEnum):
    """Where a document comes from."""

    FILE = "file"
    URL = "url"


class DocumentStatus(StrEnum):
    """`processing` has a lease; when it runs out, another worker may try."""

    UPLOADED = "uploaded"
    PROCESSING = "processing"
    PROCESSED = "processed"
    ERROR = "error"


class DocumentStage(StrEnum):
    """How far a document has come."""

    QUEUED = "queued"
    FETCHING = "fetching"
    EXTRACTING = "extracting"
    EMBEDDING = "embedding"
    DONE = "done"


DUE = "status IN ('uploaded', 'processing')"


class Document(Identified, CompanyOwned, Timestamped, SoftDeleted, Base):
    """A file or a web page, and the work of making it searchable."""

    __tablename__ = "documents"
    __table_args__ = (
        one_of("source", DocumentSource),
        one_of("status", DocumentStatus),
        one_of("stage", DocumentStage),
        Index("ix_documents_company_id_created_at", "company_id", "created_at"),
        Index("ix_documents_live", "company_id", "created_at", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_documents_agent_id", "agent_id"),
        # The same content, or the same page, is one document of an agent.
        Index(
            "uq_documents_agent_id_content_hash",
            "agent_id",
            "content_hash",
            unique=True,
            postgresql_where=text("deleted_at IS NULL AND content_hash IS NOT NULL AND source = 'file'"),
        ),
        Index(
            "uq_documents_agent_id_url",
            "agent_id",
            "url",
            unique=True,
            postgresql_where=text("deleted_at IS NULL AND source = 'url'"),
        ),
        Index("ix_documents_due", "due_at", postgresql_where=text(DUE)),
    )

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    uploaded_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    source: Mapped[str]
    title: Mapped[str]
    filename: Mapped[str | None]
    url: Mapped[str | None] = mapped_column(Text)
    # What it was found to be, not what its name says: `pdf`, `docx`, …
    kind: Mapped[str | None]
    content_type: Mapped[str | None]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    # SHA-256 of the content, hexadecimal.
    content_hash: Mapped[str | None]
    storage_name: Mapped[str | None]
    language: Mapped[str | None]
    status: Mapped[str] = mapped_column(default=DocumentStatus.UPLOADED, server_default="uploaded")
    stage: Mapped[str] = mapped_column(default=DocumentStage.QUEUED, server_default="queued")
    # Of the present stage, 0 to 100.
    progress: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    page_count: Mapped[int | None]
    character_count: Mapped[int | None]
    chunk_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # How it is processed: {"chunk_tokens": 300}.
    options: Mapped[Json] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    # Counts up for good: who holds a number that isn't the latest may not write any more.
    attempt: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # Attempts since somebody last asked for it.
    tries: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # While uploaded: from when the sweep may wake a worker for it; while processing: when the lease runs out.
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # The generation of chunks that is searched; 0: none. A worker writes those of its attempt, numbered like it, beside
    # them and switches at the end.
    generation: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    processed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def retry_at(self) -> datetime | None:
        """When a worker tries again after an error that may pass by itself; None when nothing of the kind is due."""
        waits = self.status == DocumentStatus.UPLOADED and self.error_code is not None and self.deleted_at is None
        return self.due_at if waits else None
