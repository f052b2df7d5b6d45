"""Agents: who answers a company's visitors."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, EncryptedText, Identified, Json, SoftDeleted, Timestamped, one_of


class AgentStatus(StrEnum):
    """An inactive agent takes no new visitors and no new messages."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class Agent(Identified, CompanyOwned, Timestamped, SoftDeleted, Base):
    """An AI persona with documents of its own."""

    __tablename__ = "agents"
    __table_args__ = (
        one_of("status", AgentStatus),
        Index("ix_agents_company_id_created_at", "company_id", "created_at"),
    )

    name: Mapped[str]
    description: Mapped[str | None]
    avatar_url: Mapped[str | None]
    greeting: Mapped[str | None]
    # What its company tells it, beside the rules that every agent has.
    instructions: Mapped[str | None]
    llm_settings_id: Mapped[UUID | None] = mapped_column(ForeignKey("llm_settings.id", ondelete="SET NULL"))
    personality_traits: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default=text("'{}'"))
    capabilities: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default=text("'{}'"))
    # {"timezone": "Europe/Madrid", "days": {"mon": [["09:00", "18:00"]], …}}; empty: always open.
    operating_hours: Mapped[Json] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    languages: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default=text("'{}'"))
    status: Mapped[str] = mapped_column(default=AgentStatus.ACTIVE, server_default="active")
    # How its widget looks, where that differs from its settings' widget_config (app.services.widget_config).
    widget_config: Mapped[Json] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    # What its company signs visitors' identities with. Deferred: whoever loads an agent needn't decrypt it.
    identity_secret: Mapped[str | None] = mapped_column(EncryptedText, deferred=True)
    # When that secret was made; null: there is none.
    identity_secret_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # The space its documents' vectors are searched in; while another one is being built, the name of that.
    embedding_space: Mapped[str | None]
    next_embedding_space: Mapped[str | None]
    # When the lease of the worker that builds that space runs out; null: nobody has begun.
    embedding_due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Languages of its documents, most chunks first: which configurations a question is searched with.
    document_languages: Mapped[list[Any]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))

    @property
    def has_identity_secret(self) -> bool:
        """Whether its company can sign who visitors are."""
        return self.identity_secret_at is not None
