"""Tables and views of customers' databases, as the last analysis found them."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.models.base import Base, CompanyOwned, Identified, SoftDeleted, Timestamped, one_of


class DatabaseTableKind(StrEnum):
    """What a table is."""

    TABLE = "table"
    VIEW = "view"


class DatabaseTable(Identified, CompanyOwned, Timestamped, SoftDeleted, Base):
    """What is known of a table. A deleted one is found by nothing, and stays deleted when its database is analysed
    again; one that is gone from the database is gone from here."""

    __tablename__ = "database_tables"
    __table_args__ = (
        one_of("kind", DatabaseTableKind),
        Index("uq_database_tables_name", "connection_id", "schema_name", "name", unique=True),
        Index("ix_database_tables_deleted", "company_id", "deleted_at", postgresql_where=sql("deleted_at IS NOT NULL")),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("database_connections.id", ondelete="CASCADE"))
    # Empty where the dialect knows no schemas.
    schema_name: Mapped[str] = mapped_column(default="", server_default="")
    name: Mapped[str]
    kind: Mapped[str]
    comment: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    # `comment`, `model` or `names`: where the description comes from.
    described_by: Mapped[str | None]
    row_estimate: Mapped[int | None] = mapped_column(BigInteger)
    primary_key: Mapped[list[Any]] = mapped_column(JSONB, default=list, server_default=sql("'[]'"))
    # Lists of columns.
    unique_keys: Mapped[list[Any]] = mapped_column(JSONB, default=list, server_default=sql("'[]'"))
    # Whether agents may answer visitors from it. Nobody but the owner switches it on.
    answers_visitors: Mapped[bool] = mapped_column(default=False, server_default=sql("false"))
    # Of everything that the catalogue says of it: the table is analysed again when that changes.
    fingerprint: Mapped[str]
    # The text that its vector was made of, hashed: see `DatabaseEmbedding`.
    embedding_key: Mapped[str | None]
    search: Mapped[str] = deferred(mapped_column(TSVECTOR))

    @property
    def schema(self) -> str | None:
        """The schema; None where the dialect knows none."""
        return self.schema_name or None
