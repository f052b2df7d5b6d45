"""How customers' tables refer to one another: as they declare it, and as names and values let infer it."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned, Identified, Timestamped


class DatabaseRelation(Identified, CompanyOwned, Timestamped, Base):
    """The n-th of `columns` refers to the n-th of `target_columns`."""

    __tablename__ = "database_relations"
    __table_args__ = (
        Index("ix_database_relations_connection_id", "connection_id"),
        Index("ix_database_relations_table_id", "table_id"),
        Index("ix_database_relations_target_table_id", "target_table_id"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("database_connections.id", ondelete="CASCADE"))
    table_id: Mapped[UUID] = mapped_column(ForeignKey("database_tables.id", ondelete="CASCADE"))
    columns: Mapped[list[Any]] = mapped_column(JSONB)
    target_table_id: Mapped[UUID] = mapped_column(ForeignKey("database_tables.id", ondelete="CASCADE"))
    target_columns: Mapped[list[Any]] = mapped_column(JSONB)
    # 1.0 where the database declares it.
    confidence: Mapped[float]
    # `declared`, or what it was inferred from: `names`, `names and values`.
    evidence: Mapped[str]
