"""Columns of customers' tables, as the last analysis found them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Timestamped


class DatabaseColumn(Identified, CompanyOwned, Timestamped, Base):
    """What is known of a column. Values are masked before they come here: of a column with personal data none is
    kept."""

    __tablename__ = "database_columns"
    __table_args__ = (
        Index("uq_database_columns_name", "table_id", "name", unique=True),
        Index("ix_database_columns_embedding_key", "connection_id", "embedding_key"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("database_connections.id", ondelete="CASCADE"))
    table_id: Mapped[UUID] = mapped_column(ForeignKey("database_tables.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str]
    # As the database writes it.
    type: Mapped[str] = mapped_column(Text)
    nullable: Mapped[bool]
    comment: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    # A few values, as texts.
    samples: Mapped[list[Any]] = mapped_column(JSONB, default=list, server_default=sql("'[]'"))
    # All values, where they are few; null: they aren't.
    distinct_values: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    # What kind of personal data is in it (`email`, `phone`, `name`, …); null: none that was recognised.
    personal: Mapped[str | None]
    embedding_key: Mapped[str | None]
    search: Mapped[str] = deferred(mapped_column(TSVECTOR))
