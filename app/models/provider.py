"""Providers of models, as a company knows them: every company has its own rows, seeded or made."""

from enum import StrEnum

from sqlalchemy import Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Json, Timestamped, one_of


class ProviderType(StrEnum):
    """The protocol that a provider speaks."""

    OPENAI = "openai"
    # Any other server that speaks OpenAI's protocol.
    OPENAI_COMPATIBLE = "openai_compatible"
    ANTHROPIC = "anthropic"
    # Ours: local embeddings and answers made of the documents' own sentences.
    BUILTIN = "builtin"
    # Scripted answers, for development and tests.
    FAKE = "fake"


class ProviderStatus(StrEnum):
    """Inactive providers and models can't be chosen any more; settings that use them fall back."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class Provider(Identified, CompanyOwned, Timestamped, Base):
    """A service that answers chats or embeds texts."""

    __tablename__ = "providers"
    __table_args__ = (
        one_of("type", ProviderType),
        one_of("status", ProviderStatus),
        Index("uq_providers_company_id_name", "company_id", func.lower(text("name")), unique=True),
    )

    name: Mapped[str]
    type: Mapped[str]
    description: Mapped[str | None]
    api_base_url: Mapped[str | None]
    pricing: Mapped[Json] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    status: Mapped[str] = mapped_column(default=ProviderStatus.ACTIVE, server_default="active")
