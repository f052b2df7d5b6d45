"""Chunks: passages of documents, as they are searched and cited."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.models.base import Base, CompanyOwned, Identified, SoftDeleted, Timestamped


class Chunk(Identified, CompanyOwned, Timestamped, SoftDeleted, Base):
    """A passage with its place in the document: `start` and `end` are characters of the document's whole text."""

    __tablename__ = "chunks"
    __table_args__ = (
        Index("uq_chunks_document_id_generation_position", "document_id", "generation", "position", unique=True),
        Index("ix_chunks_search", "company_id", "agent_id", "search", postgresql_using="gin"),
        Index("ix_chunks_deleted", "company_id", "deleted_at", postgresql_where=sql("deleted_at IS NOT NULL")),
    )

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    generation: Mapped[int]
    position: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    heading_path: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default=sql("'{}'"))
    page: Mapped[int | None]
    page_end: Mapped[int | None]
    start: Mapped[int]
    end: Mapped[int]
    tokens: Mapped[int]
    language: Mapped[str | None]
    search: Mapped[str] = deferred(mapped_column(TSVECTOR))
