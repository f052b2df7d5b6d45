"""Questions that a customer's database answers, with the SQL that was run for them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Timestamped


class DatabaseSampleQuery(Identified, CompanyOwned, Timestamped, Base):
    """A query that returned rows when it was made."""

    __tablename__ = "database_sample_queries"
    __table_args__ = (Index("ix_database_sample_queries_connection_id", "connection_id"),)

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("database_connections.id", ondelete="CASCADE"))
    question: Mapped[str] = mapped_column(Text)
    sql: Mapped[str] = mapped_column(Text)
    # Names of the tables that it reads.
    tables: Mapped[list[Any]] = mapped_column(JSONB)
    # Names of the columns that it returns.
    columns: Mapped[list[Any]] = mapped_column(JSONB)
    row_count: Mapped[int]
    ran_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
