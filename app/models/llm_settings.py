"""Which models a company or one of its agents uses, and with which keys."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, EncryptedText, Identified, Json, Timestamped


class LlmSettings(Identified, CompanyOwned, Timestamped, Base):
    """A choice of models. Without an agent it is the company's; the default one serves agents that have none."""

    __tablename__ = "llm_settings"
    __table_args__ = (
        Index("ix_llm_settings_company_id_agent_id", "company_id", "agent_id"),
        Index(
            "uq_llm_settings_default",
            "company_id",
            text("coalesce(agent_id, '00000000-0000-0000-0000-000000000000'::uuid)"),
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )

    agent_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("agents.id", ondelete="CASCADE", use_alter=True, name="fk_llm_settings_agent_id_agents")
    )
    llm_provider_id: Mapped[UUID] = mapped_column(ForeignKey("providers.id"))
    llm_model_id: Mapped[UUID] = mapped_column(ForeignKey("provider_models.id"))
    embedding_provider_id: Mapped[UUID] = mapped_column(ForeignKey("providers.id"))
    embedding_model_id: Mapped[UUID] = mapped_column(ForeignKey("provider_models.id"))
    llm_api_key: Mapped[str | None] = mapped_column(EncryptedText)
    llm_api_base_url: Mapped[str | None]
    llm_temperature: Mapped[float | None]
    llm_max_tokens: Mapped[int | None]
    llm_additional_params: Mapped[Json] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    embedding_api_key: Mapped[str | None] = mapped_column(EncryptedText)
    embedding_api_base_url: Mapped[str | None]
    embedding_dimension: Mapped[int | None]
    embedding_additional_params: Mapped[Json] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    # Asked when this one's model is down; and then that one's own fallback.
    fallback_settings_id: Mapped[UUID | None] = mapped_column(ForeignKey("llm_settings.id", ondelete="SET NULL"))
    widget_script_url: Mapped[str | None]
    widget_config: Mapped[Json] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    is_default: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
