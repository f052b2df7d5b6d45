"""What tables have in common."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Text, TypeDecorator, func
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.core.clock import now
from app.core.crypto import keyring
from app.core.ids import new_id
from app.db import Base

__all__ = [
    "DERIVED",
    "Base",
    "CompanyOwned",
    "EncryptedText",
    "Identified",
    "Json",
    "PlatformOrCompanyOwned",
    "SoftDeleted",
    "Timestamped",
    "one_of",
]


# Last of `__table_args__`: the table is counted from others, so its rows are nobody's data.
DERIVED: dict[str, Any] = {"info": {"derived": True}}


class EncryptedText(TypeDecorator[str]):
    """Text that is encrypted in the database and clear in Python."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Encrypts on the way in."""
        return None if value is None else keyring().encrypt(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Decrypts on the way out."""
        return None if value is None else keyring().decrypt(value)


class Identified:
    """A UUIDv7 made by us, so that it is known before the row is written."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class Timestamped:
    """When the row was made and last changed, aware, UTC."""

    # Set here and not by Postgres: reading a value back would be one more statement for every row.
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), default=now, onupdate=now, server_default=func.now()
    )


class CompanyOwned:
    """A row of exactly one company. The migration puts row-level security on the table; each table chooses its
    indexes."""

    @declared_attr
    def company_id(cls) -> Mapped[UUID]:
        """The company that owns the row."""
        return mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))


class PlatformOrCompanyOwned:
    """A row of one company or, where null, of the platform (super admins and what is theirs)."""

    @declared_attr
    def company_id(cls) -> Mapped[UUID | None]:
        """The company that owns the row; null for the platform."""
        return mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))


class SoftDeleted:
    """Deleted rows stay and can be restored. Rows deleted together share a `deletion_id` and come back together."""

    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deletion_id: Mapped[UUID | None] = mapped_column()


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """A check that `column` holds a value of the enum, which is stored by value."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=f"{column}_known")


Json = dict[str, Any]
