"""Vectors of passages. Those of several spaces live side by side."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt
import orjson
from sqlalchemy import bindparam, delete, exists, select, text, tuple_

from app.core.transaction import session
from app.models.chunk import Chunk
from app.models.chunk_embedding import ChunkEmbedding
from app.models.document import Document
from app.repositories.changes import changed_rows

_ADD = text(
    """
    INSERT INTO chunk_embeddings (chunk_id, space, company_id, agent_id, dimension, vector)
    SELECT r.chunk_id, :space, :company, :agent, :dimension, CAST(r.vector AS halfvec)
    FROM unnest(CAST(:chunk_ids AS uuid[]), CAST(:vectors AS text[])) AS r (chunk_id, vector)
    JOIN chunks c ON c.company_id = :company AND c.id = r.chunk_id
    ON CONFLICT DO NOTHING
    """
)


class Unembedded(NamedTuple):
    """A passage that has no vector in some space."""

    chunk_id: UUID
    text: str
    heading_path: Sequence[str]
    tokens: int


def add_many(
    *, company_id: UUID, agent_id: UUID, space: str, chunk_ids: Sequence[UUID], vectors: npt.NDArray[np.float32]
) -> None:
    """Stores the vectors (n, dimension), each of length 1, of n passages; passages that are gone are left out, vectors
    that are there already stay."""
    parameters = {
        "company": company_id,
        "agent": agent_id,
        "space": space,
        "dimension": vectors.shape[1],
        "chunk_ids": [str(each) for each in chunk_ids],
        "vectors": _literals(vectors),
    }
    session().execute(_ADD, parameters)


_HAS_VECTOR = exists().where(
    ChunkEmbedding.company_id == bindparam("company"),
    ChunkEmbedding.chunk_id == Chunk.id,
    ChunkEmbedding.space == bindparam("space"),
)
_MISSING = (
    select(Chunk.id, Chunk.text, Chunk.heading_path, Chunk.tokens)
    .join(Document, (Document.id == Chunk.document_id) & (Document.company_id == Chunk.company_id))
    .where(
        Chunk.company_id == bindparam("company"),
        Document.company_id == bindparam("company"),
        Document.deleted_at.is_(None),
        ~_HAS_VECTOR,
        Chunk.id > bindparam("after"),
    )
    .order_by(Chunk.id)
    .limit(bindparam("most"))
)
_MISSING_OF_AGENT = _MISSING.where(
    Document.generation == Chunk.generation,
    Chunk.agent_id == bindparam("agent"),
    Document.agent_id == bindparam("agent"),
)
_MISSING_OF_GENERATION = _MISSING.where(
    Chunk.document_id == bindparam("document"), Chunk.generation == bindparam("generation")
)
_FIRST = UUID(int=0)


def find_missing_of_agent(
    *, company_id: UUID, agent_id: UUID, space: str, limit: int, after: UUID = _FIRST
) -> list[Unembedded]:
    """Passages of the agent's live documents without a vector in the space, by id, those after `after`."""
    named = {"company": company_id, "agent": agent_id, "space": space, "after": after, "most": limit}
    return [Unembedded(*row) for row in session().execute(_MISSING_OF_AGENT, named)]


def find_missing_of_generation(
    *, company_id: UUID, document_id: UUID, generation: int, space: str, limit: int
) -> list[Unembedded]:
    """Passages of one generation of a document without a vector in the space, by id."""
    named = {"company": company_id, "document": document_id, "generation": generation, "space": space}
    return [
        Unembedded(*row) for row in session().execute(_MISSING_OF_GENERATION, {**named, "after": _FIRST, "most": limit})
    ]


def delete_spaces_but(*, company_id: UUID, agent_id: UUID, kept: str, limit: int) -> int:
    """Deletes an agent's vectors of other spaces than `kept`, `limit` at most; returns how many."""
    key = tuple_(ChunkEmbedding.chunk_id, ChunkEmbedding.space)
    doomed = select(ChunkEmbedding.chunk_id, ChunkEmbedding.space).where(
        ChunkEmbedding.company_id == company_id, ChunkEmbedding.agent_id == agent_id, ChunkEmbedding.space != kept
    )
    statement = delete(ChunkEmbedding).where(
        ChunkEmbedding.company_id == company_id, ChunkEmbedding.agent_id == agent_id, key.in_(doomed.limit(limit))
    )
    return changed_rows(statement)


def _literals(vectors: npt.NDArray[np.float32]) -> list[str]:
    """As Postgres reads them. Six decimals are more than half precision keeps; orjson writes them ten times as fast as
    Python formats numbers."""
    rounded = np.ascontiguousarray(np.round(vectors, 6))
    return [orjson.dumps(each, option=orjson.OPT_SERIALIZE_NUMPY).decode() for each in rounded]
