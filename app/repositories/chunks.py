"""Passages of documents. Only those of a document's present generation exist for its users."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, func, select, text, update

from app.core.paging import Listing, Page, PageRequest, paginate
from app.core.transaction import session
from app.models.chunk import Chunk
from app.models.document import Document
from app.repositories.changes import changed_rows

# `configuration` and `words` make the text search vector; parsing one document of JSON is far quicker than thousands
# of parameters.
_ADD = text(
    """
    INSERT INTO chunks (id, company_id, document_id, agent_id, generation, position, text, heading_path, page, page_end,
        start, "end", tokens, language, search)
    SELECT r.id, :company, :document, :agent, :generation, r.position, r.text,
        ARRAY(SELECT jsonb_array_elements_text(r.heading_path)), r.page, r.page_end, r.start, r."end", r.tokens,
        r.language, to_tsvector(CAST(r.configuration AS regconfig), r.words)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, position int, text text, heading_path jsonb, page int,
        page_end int, start int, "end" int, tokens int, language text, configuration text, words text)
    ON CONFLICT (id) DO NOTHING
    """
)
_CARRY_DELETIONS = text(
    """
    UPDATE chunks new SET deleted_at = old.deleted_at, deletion_id = old.deletion_id
    FROM chunks old
    WHERE new.company_id = :company AND new.document_id = :document AND new.generation = :new
        AND old.company_id = :company AND old.document_id = :document AND old.generation = :old
        AND old.deleted_at IS NOT NULL AND old.text = new.text AND old.heading_path = new.heading_path
    """
)


# Of the last attempt that never came to an end, whatever has its vector already.
_LEFT_BEHIND = text(
    """
    SELECT c.generation, c.position, sha256(convert_to(c.text, 'UTF8')) AS digest, c.heading_path, c.page, c.page_end,
        c.start, c."end", c.language
    FROM chunks c JOIN chunk_embeddings e ON e.company_id = :company AND e.chunk_id = c.id AND e.space = :space
    WHERE c.company_id = :company AND c.document_id = :document AND c.generation = (
        SELECT max(generation) FROM chunks
        WHERE company_id = :company AND document_id = :document AND generation NOT IN (:present, :attempt)
    )
    ORDER BY c.position
    """
)


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A passage as an attempt left it; `digest` is the SHA-256 of its text."""

    generation: int
    position: int
    digest: bytes
    heading_path: list[str]
    page: int | None
    page_end: int | None
    start: int
    end: int
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChunk:
    """A passage to be stored. `words` is what full-text search finds it by, in the text search `configuration`."""

    id: UUID
    position: int
    text: str
    heading_path: Sequence[str]
    page: int | None
    page_end: int | None
    start: int
    end: int
    tokens: int
    language: str | None
    configuration: str
    words: str


def _present() -> Select[Chunk]:
    """Passages of live documents, in the generation that is searched."""
    return (
        select(Chunk)
        .join(Document, (Document.id == Chunk.document_id) & (Document.company_id == Chunk.company_id))
        .where(
            Chunk.company_id == bindparam("company"),
            Document.company_id == bindparam("company"),
            Document.deleted_at.is_(None),
            Document.generation == Chunk.generation,
        )
    )


_GET = _present().where(Chunk.id == bindparam("wanted"))
_OF_DOCUMENT = Listing(
    _present().where(Chunk.document_id == bindparam("document"), Chunk.deleted_at.is_(None)).order_by(Chunk.position)
)


def add_many(*, company_id: UUID, document_id: UUID, agent_id: UUID, generation: int, rows: str) -> None:
    """Stores passages; `rows` is the JSON list of `NewChunk`s. Those that are there already stay: whoever lost the
    connection at the commit stores them again."""
    parameters = {"company": company_id, "document": document_id, "agent": agent_id, "generation": generation}
    session().execute(_ADD, {**parameters, "rows": rows})


def find_left_behind(
    *, company_id: UUID, document_id: UUID, present: int, attempt: int, space: str
) -> list[StoredChunk]:
    """What the last attempt before this one stored and never switched to, with vectors in `space`, in reading order."""
    parameters = {"company": company_id, "document": document_id, "present": present, "attempt": attempt}
    rows = session().execute(_LEFT_BEHIND, {**parameters, "space": space})
    return [StoredChunk(row[0], row[1], bytes(row[2]), *row[3:]) for row in rows]


def take_over(*, company_id: UUID, document_id: UUID, old: int, new: int, before: int) -> None:
    """Makes the passages of the generation `old` that stand before the position `before` ones of `new`."""
    statement = update(Chunk).where(
        Chunk.company_id == company_id,
        Chunk.document_id == document_id,
        Chunk.generation == old,
        Chunk.position < before,
    )
    changed_rows(statement.values(generation=new))


def delete_generations_but(*, company_id: UUID, document_id: UUID, kept: Sequence[int], limit: int) -> int:
    """Deletes passages of other generations than `kept`, `limit` at most; returns how many."""
    doomed = select(Chunk.id).where(
        Chunk.company_id == company_id, Chunk.document_id == document_id, Chunk.generation.not_in(kept)
    )
    return changed_rows(delete(Chunk).where(Chunk.company_id == company_id, Chunk.id.in_(doomed.limit(limit))))


def carry_deletions(*, company_id: UUID, document_id: UUID, old: int, new: int) -> None:
    """Deletes those passages of the generation `new` that are deleted, word for word, in `old`."""
    session().execute(_CARRY_DELETIONS, {"company": company_id, "document": document_id, "old": old, "new": new})


def count_live(*, company_id: UUID, document_id: UUID, generation: int) -> int:
    """How many passages of a generation are not deleted."""
    statement = select(func.count()).where(
        Chunk.company_id == company_id,
        Chunk.document_id == document_id,
        Chunk.generation == generation,
        Chunk.deleted_at.is_(None),
    )
    return session().scalar(statement) or 0


def get(*, company_id: UUID, chunk_id: UUID) -> Chunk | None:
    """A passage, deleted or not, of a live document."""
    return session().scalars(_GET, {"company": company_id, "wanted": chunk_id}).first()


def find_page_of_document(*, company_id: UUID, document_id: UUID, wanted: PageRequest) -> Page[Chunk]:
    """A live document's live passages, in reading order."""
    return _OF_DOCUMENT.page(wanted, {"company": company_id, "document": document_id})


def find_page_deleted(
    *, company_id: UUID, document_id: UUID | None, agent_id: UUID | None, wanted: PageRequest
) -> Page[Chunk]:
    """Deleted passages of live documents, the last deleted first."""
    statement = _present().where(Chunk.deleted_at.is_not(None)).params(company=company_id)
    if document_id is not None:
        statement = statement.where(Chunk.document_id == document_id)
    if agent_id is not None:
        statement = statement.where(Chunk.agent_id == agent_id)
    return paginate(statement.order_by(Chunk.deleted_at.desc(), Chunk.position, Chunk.id), wanted)


def set_deleted(*, company_id: UUID, chunk_id: UUID, at: datetime | None, deletion_id: UUID | None) -> bool:
    """Deletes a live passage (`at` given) or restores a deleted one. False when there was none such."""
    state = Chunk.deleted_at.is_(None) if at else Chunk.deleted_at.is_not(None)
    statement = update(Chunk).where(Chunk.company_id == company_id, Chunk.id == chunk_id, state)
    return changed_rows(statement.values(deleted_at=at, deletion_id=deletion_id)) == 1


def set_all_deleted(
    *, company_id: UUID, document_id: UUID, generation: int, at: datetime | None, deletion_id: UUID | None
) -> int:
    """Deletes a document's live passages (`at` given) or restores its deleted ones; returns how many."""
    state = Chunk.deleted_at.is_(None) if at else Chunk.deleted_at.is_not(None)
    statement = update(Chunk).where(
        Chunk.company_id == company_id, Chunk.document_id == document_id, Chunk.generation == generation, state
    )
    return changed_rows(statement.values(deleted_at=at, deletion_id=deletion_id))


def count_languages(*, company_id: UUID, agent_id: UUID) -> list[tuple[str, int]]:
    """Languages of an agent's live passages with their number, the most frequent first."""
    number = func.count()
    statement = (
        _present()
        .with_only_columns(Chunk.language, number)
        .where(Chunk.agent_id == agent_id, Chunk.deleted_at.is_(None), Chunk.language.is_not(None))
        .where(Document.agent_id == agent_id)
        .group_by(Chunk.language)
        .order_by(number.desc(), Chunk.language)
    )
    rows = session().execute(statement, {"company": company_id})
    return [(language, count) for language, count in rows if language is not None]


def exist_for_agent(*, company_id: UUID, agent_id: UUID) -> bool:
    """Whether an agent has any passage at all."""
    statement = select(Chunk.id).where(Chunk.company_id == company_id, Chunk.agent_id == agent_id).limit(1)
    return session().scalar(statement) is not None
