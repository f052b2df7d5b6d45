"""Questions to customers' databases with the SQL that somebody approved for them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Timestamped


class DatabaseExample(Identified, CompanyOwned, Timestamped, Base):
    """Shown to models with questions that are like it. The guard has let the SQL through, and does so again whenever
    something like it is to be run."""

    __tablename__ = "database_examples"
    __table_args__ = (Index("ix_database_examples_connection_id", "connection_id"),)

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("database_connections.id", ondelete="CASCADE"))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    question: Mapped[str] = mapped_column(Text)
    sql: Mapped[str] = mapped_column(Text)
    # Names of the tables that it reads.
    tables: Mapped[list[Any]] = mapped_column(JSONB)
