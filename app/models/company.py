"""Companies: the tenants."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, Json, SoftDeleted, Timestamped, one_of


class CompanyStatus(StrEnum):
    """A suspended company's users, keys and visitors are turned away; its data stays."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class Company(Identified, Timestamped, SoftDeleted, Base):
    """A tenant. Row-level security compares its `id` (there is no company above it)."""

    __tablename__ = "companies"
    __table_args__ = (one_of("status", CompanyStatus),)

    name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str | None]
    logo: Mapped[str | None]
    address_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("addresses.id", ondelete="SET NULL", use_alter=True, name="fk_companies_address_id")
    )
    status: Mapped[str] = mapped_column(default=CompanyStatus.ACTIVE, server_default="active")
    # Calls a minute by category, where they differ from the installation's defaults: {"general": 500}.
    rate_limits: Mapped[Json] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
