"""Vectors of chunks. Those of several models live side by side; an agent is searched in one space at a time."""

from uuid import UUID

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import ForeignKey, Index, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CompanyOwned

# Dimensions with an index for large sets; vectors of others are compared one by one.
INDEXED_DIMENSIONS = (384, 512, 768, 1024, 1536, 2048, 3072)
# Of a million vectors, pgvector's own 16 and 64 found 84 of 100 that they should (docs/measurements.md).
INDEX_OPTIONS = {"m": 24, "ef_construction": 128}
# A company's vectors lie in one of these, and an index has those of its partition alone. Only the owner of the tables
# may name them; everybody else asks the whole table, on which the wall stands.
PARTITIONS = tuple(f"chunk_embeddings_{number}" for number in range(16))


class ChunkEmbedding(CompanyOwned, Base):
    """A chunk's vector in a space, normalised: half precision loses nothing that retrieval notices."""

    __tablename__ = "chunk_embeddings"
    __table_args__ = (
        Index("ix_chunk_embeddings_agent_id_space", "agent_id", "space"),
        *(
            Index(
                f"ix_chunk_embeddings_hnsw_{dimension}",
                literal_column(f"(vector::halfvec({dimension}))").label("indexed"),
                postgresql_ops={"indexed": "halfvec_ip_ops"},
                postgresql_using="hnsw",
                postgresql_with=INDEX_OPTIONS,
                postgresql_where=text(f"dimension = {dimension}"),
            )
            for dimension in INDEXED_DIMENSIONS
        ),
        {"postgresql_partition_by": "HASH (company_id)"},
    )

    chunk_id: Mapped[UUID] = mapped_column(ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True)
    # "<provider>/<model>/<dimension>"
    space: Mapped[str] = mapped_column(primary_key=True)
    # Part of the key because it chooses the partition.
    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    dimension: Mapped[int]
    vector: Mapped[object] = mapped_column(HALFVEC)
