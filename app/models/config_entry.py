"""The configuration that is kept in the database: the platform's, and what companies keep for themselves."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, EncryptedText, Identified, PlatformOrCompanyOwned, Timestamped, one_of


class ConfigType(StrEnum):
    """What a value is."""

    STRING = "string"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    JSON = "json"


class ConfigEntry(Identified, PlatformOrCompanyOwned, Timestamped, Base):
    """One entry. A sensitive one has its value, as JSON, in `secret` alone."""

    __tablename__ = "config_entries"
    __table_args__ = (
        one_of("kind", ConfigType),
        Index("uq_config_entries_company_id_key", "company_id", "key", unique=True, postgresql_nulls_not_distinct=True),
    )

    key: Mapped[str]
    kind: Mapped[str]
    value: Mapped[Any | None] = mapped_column(JSONB)
    secret: Mapped[str | None] = mapped_column(EncryptedText)
    is_sensitive: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    description: Mapped[str | None]
    updated_by: Mapped[UUID | None]
