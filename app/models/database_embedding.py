"""Vectors of what customers' tables and columns are called and are about."""

from uuid import UUID

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned


class DatabaseEmbedding(CompanyOwned, Base):
    """The vector of a text in a space, normalised. By text and not by column: of thirty thousand columns most are
    called like another one, and a connection's few thousand vectors are compared one by one, without an index."""

    __tablename__ = "database_embeddings"

    connection_id: Mapped[UUID] = mapped_column(
        ForeignKey("database_connections.id", ondelete="CASCADE"), primary_key=True
    )
    # "<provider>/<model>/<dimension>"
    space: Mapped[str] = mapped_column(primary_key=True)
    # Hash of the text: `embedding_key` of the tables and columns that it is of.
    key: Mapped[str] = mapped_column(primary_key=True)
    vector: Mapped[object] = mapped_column(HALFVEC)
