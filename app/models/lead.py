"""Leads: the visitors of a company's site."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, SoftDeleted, Timestamped, one_of


class LeadStatus(StrEnum):
    """How far a lead has come."""

    NEW = "new"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    LOST = "lost"


class Lead(Identified, CompanyOwned, Timestamped, SoftDeleted, Base):
    """A visitor who said who they are."""

    __tablename__ = "leads"
    __table_args__ = (
        one_of("status", LeadStatus),
        Index("ix_leads_company_id_created_at", "company_id", "created_at"),
        Index("ix_leads_live", "company_id", "created_at", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_leads_agent_id_created_at", "agent_id", "created_at"),
        Index(
            "uq_leads_company_id_agent_id_external_id",
            "company_id",
            "agent_id",
            "external_id",
            unique=True,
            postgresql_where=text("deleted_at IS NULL AND external_id IS NOT NULL"),
        ),
    )

    # The agent whose widget they met; null for leads that the team or an integrator added.
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"))
    first_name: Mapped[str]
    last_name: Mapped[str]
    # Null only for those whom their company identified without one.
    email: Mapped[str | None]
    phone: Mapped[str | None]
    source: Mapped[str | None]
    notes: Mapped[str | None]
    status: Mapped[str] = mapped_column(default=LeadStatus.NEW, server_default="new")
    consent_marketing: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    consent_data_processing: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # What they were asked and what they said: [{"kind", "granted", "version", "language", "at"}], oldest first.
    consents: Mapped[list[Any]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    # Who they are to the company, by a token that it signed; null: they said themselves who they are.
    external_id: Mapped[str | None]
    # The language that the widget spoke with them (BCP 47), and the page that it was on, without its query.
    language: Mapped[str | None]
    page: Mapped[str | None]
