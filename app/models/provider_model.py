"""Models of providers, with their prices."""

from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Timestamped, one_of
from app.models.provider import ProviderStatus


class ModelType(StrEnum):
    """What a model does."""

    CHAT = "chat"
    EMBEDDING = "embedding"


class ProviderModel(Identified, CompanyOwned, Timestamped, Base):
    """A model. Prices are per million tokens, in `currency`."""

    __tablename__ = "provider_models"
    __table_args__ = (
        one_of("type", ModelType),
        one_of("status", ProviderStatus),
        Index("uq_provider_models_provider_id_model", "provider_id", "provider_model_id", "type", unique=True),
        Index("ix_provider_models_company_id", "company_id"),
    )

    provider_id: Mapped[UUID] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"))
    name: Mapped[str]
    # What the provider's API calls it.
    provider_model_id: Mapped[str]
    type: Mapped[str]
    context_window: Mapped[int | None]
    input_price: Mapped[Decimal | None] = mapped_column(Numeric(14, 6))
    output_price: Mapped[Decimal | None] = mapped_column(Numeric(14, 6))
    currency: Mapped[str] = mapped_column(default="USD", server_default="USD")
    embedding_dimension: Mapped[int | None]
    status: Mapped[str] = mapped_column(default=ProviderStatus.ACTIVE, server_default="active")
