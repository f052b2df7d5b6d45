"""Storing the passages of one attempt at a document, with their vectors, and switching to them at the end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import islice, takewhile
from uuid import UUID

import orjson

from app.ai import language
from app.core import tenancy
from app.core.clock import now
from app.core.ids import new_id
from app.core.transaction import transaction
from app.ingest.chunk import Chunk
from app.models.document import Document, DocumentStage, DocumentStatus
from app.models.webhook_event import WebhookEventType as Type
from app.repositories import agents, chunk_embeddings, chunks
from app.repositories import embedding_spaces as spaces
from app.repositories.chunks import NewChunk, StoredChunk
from app.services import document_events, embedding_spaces, passage_vectors
from app.services.database_patience import when_database_is_back
from app.services.document_lease import DocumentLease
from app.services.ingestion_stages import Read
from app.services.model_choice import EmbeddingChoice
from app.services.passage_languages import PassageLanguages
from app.services.passage_vectors import Made, Owner
from app.services.work_lease import percent

_DELETED_AT_ONCE = 5_000
# 20,000 took 6 s: all indexes are told. Postgres ends a statement after 15.
_TAKEN_OVER_AT_ONCE = 5_000


@dataclass(frozen=True)
class _Passage:
    chunk_id: UUID
    chunk: Chunk

    @property
    def text(self) -> str:
        return self.chunk.text

    @property
    def heading_path(self) -> Sequence[str]:
        return self.chunk.heading_path


def forget_attempts(document: Document, lease: DocumentLease) -> None:
    """Deletes what attempts have stored that never came to an end, this one's as well."""
    _forget_but([document.generation], lease)


def store(read: Read, document: Document, lease: DocumentLease) -> None:
    """Makes the vectors and stores everything, batch by batch; then the document is what was read. Goes on where the
    last attempt stopped, as far as what was read is the same."""
    languages = PassageLanguages([each.text for each in read.chunks])
    choice = _choice(document)
    left = when_database_is_back(partial(_find_left_behind, document, lease, choice.space))
    done = _take_over(left, read, lease, languages)
    _forget_but([document.generation, lease.attempt], lease)
    lease.report(DocumentStage.EMBEDDING, done, len(read.chunks))
    for batch in _batches(read.chunks[done:], passage_vectors.batch_size(choice)):
        passages = [_Passage(new_id(), each) for each in batch]
        made = passage_vectors.make(choice, passages, _owner(document))
        rows = _rows(passages, languages)
        done += len(batch)
        said = {"stage": DocumentStage.EMBEDDING, "progress": percent(done, len(read.chunks))}
        # An attempt that gets on is no failure of the document's, whatever ends it. One that only does again what the
        # last one did, since its page is another at every look, could go on for ever.
        gets_on = done > len(left)
        said |= {"tries": 1} if gets_on else {}
        # Postgres may be restarted now and then in the hour that a book takes.
        when_database_is_back(partial(_store_batch, document, lease, rows, made, said))
        lease.got_on = gets_on
    while not when_database_is_back(partial(_switch, read, document, lease, languages.of_document, choice.space)):
        choice = _choice(document)
        _embed_missing(document, lease, choice)


def _find_left_behind(document: Document, lease: DocumentLease, space: str) -> list[StoredChunk]:
    with lease.storing():
        return chunks.find_left_behind(
            company_id=document.company_id,
            document_id=document.id,
            present=document.generation,
            attempt=lease.attempt,
            space=space,
        )


def _take_over(left: Sequence[StoredChunk], read: Read, lease: DocumentLease, languages: PassageLanguages) -> int:
    """Makes passages of the last attempt this one's, from the first to the first that differs. Returns how many."""
    pairs = zip(left, read.chunks, strict=False)
    count = sum(1 for _ in takewhile(lambda pair: _is(pair[0], pair[1], languages), pairs))
    for first in range(0, count, _TAKEN_OVER_AT_ONCE):
        before = min(count, first + _TAKEN_OVER_AT_ONCE)
        when_database_is_back(partial(_take_over_some, left[0].generation, before, lease))
    return count


def _take_over_some(generation: int, before: int, lease: DocumentLease) -> None:
    with lease.storing():
        chunks.take_over(
            company_id=lease.company_id,
            document_id=lease.document_id,
            old=generation,
            new=lease.attempt,
            before=before,
        )


def _is(stored: StoredChunk, found: Chunk, languages: PassageLanguages) -> bool:
    place = (stored.position, stored.heading_path, stored.page, stored.page_end, stored.start, stored.end)
    return (
        place == (found.position, list(found.heading_path), found.page, found.page_end, found.start, found.end)
        and stored.language == languages.of(found.position)
        and stored.digest == sha256(found.text.encode()).digest()
    )


def _store_batch(document: Document, lease: DocumentLease, rows: str, made: Made, said: dict[str, object]) -> None:
    with lease.storing(**said):
        chunks.add_many(
            company_id=document.company_id,
            document_id=document.id,
            agent_id=document.agent_id,
            generation=lease.attempt,
            rows=rows,
        )
        passage_vectors.store(made, _owner(document))


def _choice(document: Document) -> EmbeddingChoice:
    """The embedding model of the space that the agent is searched in now."""
    return when_database_is_back(lambda: _find_choice(document))


def _find_choice(document: Document) -> EmbeddingChoice:
    with transaction():
        tenancy.enter_company(document.company_id)
        agent = agents.get(company_id=document.company_id, agent_id=document.agent_id, include_deleted=True)
        space = agent.embedding_space if agent else None
        return embedding_spaces.choice_for(company_id=document.company_id, agent_id=document.agent_id, space=space)


def _owner(document: Document) -> Owner:
    return Owner(document.company_id, document.agent_id, document.id)


def _rows(passages: Sequence[_Passage], languages: PassageLanguages) -> str:
    return orjson.dumps([_row(each, languages.of(each.chunk.position)) for each in passages]).decode()


def _row(passage: _Passage, spoken: str) -> NewChunk:
    found = passage.chunk
    return NewChunk(
        id=passage.chunk_id,
        position=found.position,
        text=found.text,
        heading_path=found.heading_path,
        page=found.page,
        page_end=found.page_end,
        start=found.start,
        end=found.end,
        tokens=found.tokens,
        language=spoken,
        configuration=language.text_search_config(spoken),
        words=language.index_text(passage_vectors.words_of(found.text, found.heading_path)),
    )


def _switch(read: Read, document: Document, lease: DocumentLease, spoken: str, space: str) -> bool:
    """From now on the new passages are found, and the old ones are gone. False when the agent's vectors have moved to
    another space meanwhile: these passages lack theirs."""
    company_id, document_id, agent_id = document.company_id, document.id, document.agent_id
    with lease.storing():
        # Whoever moves the agent's vectors locks it, too: one of us is first and the other one sees it.
        agent = spaces.lock_agent(company_id=company_id, agent_id=agent_id)
        if agent is not None and agent.embedding_space not in {None, space}:
            return False
        old, new = document.generation, lease.attempt
        chunks.carry_deletions(company_id=company_id, document_id=document_id, old=old, new=new)
        lease.change(**_result(read, document, spoken), **_numbers(lease))
        while _delete_generations_but(lease, [new]):
            pass
        values = {
            "embedding_space": space,
            "document_languages": embedding_spaces.languages_of(company_id=company_id, agent_id=agent_id),
        }
        spaces.set_spaces(company_id=company_id, agent_id=agent_id, values=values)
        document_events.tell(Type.DOCUMENT_PROCESSED, company_id, document_id)
    return True


def _result(read: Read, document: Document, spoken: str) -> dict[str, object]:
    return {
        "title": read.title or document.title,
        "language": None if spoken == language.UNDETERMINED else spoken,
        "page_count": read.extracted.pages,
        "character_count": len(read.extracted.full_text),
    }


def _numbers(lease: DocumentLease) -> dict[str, object]:
    live = chunks.count_live(company_id=lease.company_id, document_id=lease.document_id, generation=lease.attempt)
    return {
        "generation": lease.attempt,
        "chunk_count": live,
        "status": DocumentStatus.PROCESSED,
        "stage": DocumentStage.DONE,
        "progress": 100,
        "processed_at": now(),
    }


def _forget_but(kept: Sequence[int], lease: DocumentLease) -> None:
    while when_database_is_back(lambda: _forget_some_but(kept, lease)):
        pass


def _forget_some_but(kept: Sequence[int], lease: DocumentLease) -> int:
    with lease.storing():
        return _delete_generations_but(lease, kept)


def _delete_generations_but(lease: DocumentLease, kept: Sequence[int]) -> int:
    return chunks.delete_generations_but(
        company_id=lease.company_id, document_id=lease.document_id, kept=kept, limit=_DELETED_AT_ONCE
    )


def _embed_missing(document: Document, lease: DocumentLease, choice: EmbeddingChoice) -> None:
    while True:
        with lease.storing():
            missing = chunk_embeddings.find_missing_of_generation(
                company_id=document.company_id,
                document_id=document.id,
                generation=lease.attempt,
                space=choice.space,
                limit=passage_vectors.batch_size(choice),
            )
        if not missing:
            return
        made = passage_vectors.make(choice, missing, _owner(document))
        with lease.storing():
            passage_vectors.store(made, _owner(document))


def _batches(items: Sequence[Chunk], size: int) -> Iterator[list[Chunk]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
