"""Calls to models: what they took and what they cost."""

from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Timestamped, one_of
from app.models.provider_model import ModelType


class CallOutcome(StrEnum):
    """How a call ended."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class ModelCall(Identified, CompanyOwned, Timestamped, Base):
    """One call, with the prices of that moment. Stored with the turn that it belongs to, so that it is billed once."""

    __tablename__ = "model_calls"
    __table_args__ = (
        one_of("kind", ModelType),
        one_of("outcome", CallOutcome),
        Index("ix_model_calls_company_id_created_at", "company_id", "created_at"),
        Index("ix_model_calls_agent_id_created_at", "agent_id", "created_at"),
        Index("ix_model_calls_turn_id", "turn_id", postgresql_where=text("turn_id IS NOT NULL")),
    )

    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    turn_id: Mapped[UUID | None] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"))
    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"))
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    provider: Mapped[str]
    model: Mapped[str]
    kind: Mapped[str]
    outcome: Mapped[str]
    error_code: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    input_tokens: Mapped[int]
    output_tokens: Mapped[int]
    # Whether the provider said nothing about tokens and we counted.
    estimated: Mapped[bool]
    input_price: Mapped[Decimal | None] = mapped_column(Numeric(14, 6))
    output_price: Mapped[Decimal | None] = mapped_column(Numeric(14, 6))
    currency: Mapped[str] = mapped_column(default="USD", server_default="USD")
    cost: Mapped[Decimal] = mapped_column(Numeric(16, 8))
    first_token_ms: Mapped[int | None]
    total_ms: Mapped[int]
