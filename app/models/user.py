"""Users: the people of a company's team, and the platform's super admins."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, Json, PlatformOrCompanyOwned, SoftDeleted, Timestamped, one_of


class Role(StrEnum):
    """From the most to the least powerful."""

    SUPER_ADMIN = "super_admin"
    ADMIN = "admin"
    SUPPORTER = "supporter"
    MEMBER = "member"


class UserStatus(StrEnum):
    """Only active users can sign in."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"
    PENDING = "pending"


class User(Identified, PlatformOrCompanyOwned, Timestamped, SoftDeleted, Base):
    """A person who signs in. The e-mail alone says who, so it is unique over all companies."""

    __tablename__ = "users"
    __table_args__ = (
        one_of("role", Role),
        one_of("status", UserStatus),
        CheckConstraint("(company_id IS NULL) = (role = 'super_admin')", name="only_super_admins_without_company"),
        Index("ix_users_company_id_created_at", "company_id", "created_at"),
        Index("uq_users_email_live", text("lower(email)"), unique=True, postgresql_where=text("deleted_at IS NULL")),
        Index(
            "uq_users_company_id_username_live",
            "company_id",
            text("lower(username)"),
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    email: Mapped[str]
    username: Mapped[str]
    password_hash: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    role: Mapped[str]
    status: Mapped[str] = mapped_column(default=UserStatus.ACTIVE, server_default="active")
    email_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    password_changed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_login_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    timezone: Mapped[str] = mapped_column(default="UTC", server_default="UTC")
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    preferences: Mapped[Json] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
