"""What a worker makes of a document."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.chunk import Chunk
from app.models.chunk_embedding import ChunkEmbedding
from app.models.document import Document
from app.models.model_call import ModelCall
from tests.ai.embedding_service import EmbeddingService
from tests.cast import Cast
from tests.document.conftest import GUIDE, Process, Upload
from tests.rows import all_of, count, now_in

PAST = datetime(2026, 11, 1, tzinfo=UTC)
# 300 short sections: three batches for a provider.
LONG = "\n\n".join(f"# Part {number}\n\nAn answer to question {number}, in words." for number in range(300)).encode()

# Slow on purpose: each file is read in a process of its own.
pytestmark = pytest.mark.slow


def texts(database: Session, document_id: UUID) -> list[str]:
    """The passages that are searched, in order."""
    document = now_in(database, Document, document_id)
    fitting = (Chunk.document_id == document_id, Chunk.generation == document.generation)
    return [chunk.text for chunk in sorted(all_of(database, Chunk, *fitting), key=lambda chunk: chunk.position)]


def test_makes_a_document_searchable(database: Session, agent: UUID, upload: Upload, process: Process) -> None:
    document = process(upload())
    assert (document.status, document.stage, document.progress, document.error) == ("processed", "done", 100, None)
    assert (document.title, document.language, document.chunk_count) == ("Returns", "en", 2)
    assert document.processed_at is not None
    first, second = all_of(database, Chunk)
    assert second.heading_path == ["Returns", "Refunds"]
    whole = GUIDE.decode().replace("## ", "").replace("# ", "")
    assert [whole[chunk.start : chunk.end] for chunk in (first, second)] == [first.text, second.text]
    assert (first.agent_id, first.language, first.generation) == (agent, "en", document.generation)
    row = now_in(database, Agent, agent)
    assert (row.embedding_space, row.document_languages) == ("builtin/multilingual-e5-small-use/512", ["en"])
    vectors = database.query(ChunkEmbedding).all()
    assert {(each.chunk_id, each.space, each.dimension) for each in vectors} == {
        (chunk.id, row.embedding_space, 512) for chunk in (first, second)
    }
    assert all(abs(sum(value * value for value in each.vector) - 1) < 0.01 for each in vectors)


def test_finds_words_of_headings_and_of_unspaced_scripts(database: Session, upload: Upload, process: Process) -> None:
    document = process(upload("# 退货政策\n\n您可以在三十天内退货。\n\n## 退款\n\n五个工作日内退款。".encode(), "a.md"))
    searched = [
        row.search for row in database.query(Chunk.search).filter_by(document_id=document.id).order_by("position")
    ]
    assert document.language == "zh"
    assert "'退货'" in searched[1]
    assert "'三十'" in searched[0]


def test_is_done_once(upload: Upload, process: Process, database: Session) -> None:
    document = upload()
    first, second = process(document), process(document)
    assert (first.attempt, second.attempt, count(database, Chunk)) == (1, 1, 2)


def test_records_what_a_provider_is_paid(
    database: Session, cast: Cast, choose: Callable[..., UUID], upload: Upload, process: Process
) -> None:
    choose()
    document = process(upload())
    (call,) = all_of(database, ModelCall)
    assert (call.kind, call.outcome, call.document_id, call.model) == ("embedding", "ok", document.id, "embed-1")
    assert call.input_tokens > 40
    assert call.cost == call.input_tokens * 2 / call.cost.__class__(1_000_000)


def test_keeps_the_old_passages_until_the_new_ones_are_there(
    client: FlaskClient,
    database: Session,
    cast: Cast,
    choose: Callable[..., UUID],
    at_request: Callable[..., None],
    service: EmbeddingService,
    upload: Upload,
    process: Process,
) -> None:
    choose()
    document = upload(LONG, "long.md")
    process(document)
    before = texts(database, document)
    client.post(f"/v1/document/{document}/process", json={"chunk_tokens": 64}, headers=cast.alice.headers)
    seen: list[list[str]] = []
    at_request(len(service.requests) + 2, lambda: seen.append(texts(database, document)))
    row = process(document)
    assert seen == [before]
    assert (row.generation, row.chunk_count) == (2, count(database, Chunk))
    assert count(database, ChunkEmbedding) == row.chunk_count


def test_passages_that_were_deleted_stay_deleted_when_they_come_again(
    client: FlaskClient, database: Session, cast: Cast, upload: Upload, process: Process
) -> None:
    document = process(upload()).id
    first, _ = all_of(database, Chunk)
    client.delete(f"/v1/document/chunk/{first.id}", headers=cast.alice.headers)
    client.post(f"/v1/document/{document}/process", headers=cast.alice.headers)
    assert process(document).chunk_count == 1
    assert [chunk.deleted_at is None for chunk in all_of(database, Chunk)] == [False, True]


def test_takes_the_tokens_that_were_asked_for(
    client: FlaskClient, database: Session, cast: Cast, upload: Upload, process: Process
) -> None:
    document = process(upload(b"Every word of this text counts for something. " * 60, "a.txt")).id
    client.post(f"/v1/document/{document}/process", json={"chunk_tokens": 64}, headers=cast.alice.headers)
    assert process(document).chunk_count > 6
    assert max(chunk.tokens for chunk in all_of(database, Chunk)) <= 64


def test_languages_of_an_agent_are_those_of_its_passages(
    database: Session, agent: UUID, upload: Upload, process: Process
) -> None:
    spanish = "Puede devolver cualquier artículo en treinta días si conserva el recibo de compra. " * 3
    process(upload("\n\n".join(f"# Capítulo {each}\n\n{spanish}" for each in range(4)).encode(), "es.md"))
    process(upload())
    assert now_in(database, Agent, agent).document_languages == ["es", "en"]
