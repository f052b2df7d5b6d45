"""Connections to customers' databases, and the work of understanding what is in them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, EncryptedText, Identified, Json, SoftDeleted, Timestamped, one_of


class ConnectionStatus(StrEnum):
    """How the last attempt to connect ended."""

    CONNECTED = "connected"
    FAILED = "failed"


class AnalysisStatus(StrEnum):
    """`running` has a lease; when it runs out, another worker may try."""

    NONE = "none"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    ERROR = "error"


class AnalysisStage(StrEnum):
    """How far an analysis has come."""

    QUEUED = "queued"
    READING = "reading"
    SAMPLING = "sampling"
    DESCRIBING = "describing"
    EMBEDDING = "embedding"
    QUERYING = "querying"
    DONE = "done"


ANALYSIS_DUE = "analysis_status IN ('queued', 'running')"


class DatabaseConnection(Identified, CompanyOwned, Timestamped, SoftDeleted, Base):
    """A customer's database. The URL is encrypted and shown masked; what it may name is in `app.textsql.target`."""

    __tablename__ = "database_connections"
    __table_args__ = (
        one_of("status", ConnectionStatus),
        one_of("analysis_status", AnalysisStatus),
        one_of("analysis_stage", AnalysisStage),
        Index("ix_database_connections_company_id_created_at", "company_id", "created_at"),
        Index("ix_database_connections_agent_id", "agent_id"),
        Index("ix_database_connections_due", "due_at", postgresql_where=text(ANALYSIS_DUE)),
    )

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    name: Mapped[str]
    # `postgresql`, `mysql`, `mariadb`, `sqlite`, or another of SQLAlchemy's dialects.
    database_type: Mapped[str]
    url: Mapped[str] = mapped_column(EncryptedText)
    # {"tls": "verify", "ca_certificate": "-----BEGIN …", "schemas": ["public"]}
    connection_params: Mapped[Json] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    status: Mapped[str]
    server_version: Mapped[str | None]
    # What failed (`app.textsql.failures.Failure`), and the sentence for it; null while it works.
    error_code: Mapped[str | None]
    error: Mapped[str | None] = mapped_column(Text)
    tested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    analysis_status: Mapped[str] = mapped_column(default=AnalysisStatus.NONE, server_default="none")
    analysis_stage: Mapped[str] = mapped_column(default=AnalysisStage.QUEUED, server_default="queued")
    # Of the present stage, 0 to 100.
    analysis_progress: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    analysis_error_code: Mapped[str | None]
    analysis_error: Mapped[str | None] = mapped_column(Text)
    analyzed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # What the last analysis found changed since the one before (`app.services.database_drift`).
    drift: Mapped[Json] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    table_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    column_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # The space that its tables and columns are searched in; null: they have no vectors yet.
    embedding_space: Mapped[str | None]
    # Counts up for good: who holds a number that isn't the latest may not write any more.
    attempt: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # Attempts since somebody last asked for it.
    tries: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # While queued: from when the sweep may wake a worker for it; while running: when the lease runs out.
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
