"""What is left of a document when a worker, a provider or the storage dies at it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.transaction import session
from app.extensions import redis_extension
from app.models.chunk import Chunk
from app.models.chunk_embedding import ChunkEmbedding
from app.models.document import Document, DocumentStage
from app.models.model_call import ModelCall
from app.repositories import chunks
from app.services import document_files, ingestion, passage_storage, signs_of_life, work_lease
from app.services.document_lease import DocumentLease
from app.services.work_lease import SILENCE, LeaseLost
from tests.ai.embedding_service import EmbeddingService
from tests.cast import Cast
from tests.document.conftest import Killed, Process, Upload
from tests.document.rows import add_document
from tests.rows import all_of, change, count, now_in

PAST = datetime(2026, 11, 1, tzinfo=UTC)
# 300 short sections: three batches for a provider.
LONG = "\n\n".join(f"# Part {number}\n\nAn answer to question {number}, in words." for number in range(300)).encode()

# Slow on purpose: each file is read in a process of its own.
pytestmark = pytest.mark.slow


@pytest.fixture
def killed_at(
    choose: Callable[..., UUID],
    at_request: Callable[..., None],
    die: Callable[[], None],
    upload: Upload,
    process: Process,
    database: Session,
) -> Callable[..., UUID]:
    """A long document whose worker was killed while it waited for its n-th batch: `killed_at(2)`. `values` are what
    its columns held before."""

    def run(batch: int, **values: Any) -> UUID:
        choose()
        document = upload(LONG, "long.md")
        if values:
            change(database, Document, document, **values)
        at_request(batch, die)
        with pytest.raises(Killed):
            process(document)
        return document

    return run


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_killed_worker_leaves_nothing_stuck_and_nothing_twice(
    database: Session,
    killed_at: Callable[..., UUID],
    process: Process,
    sweep: Callable[[], int],
    batch: int,
) -> None:
    document = killed_at(batch)
    row = now_in(database, Document, document)
    assert (row.status, row.stage, count(database, Chunk)) == ("processing", "embedding", (batch - 1) * 128)
    before = {chunk.id for chunk in all_of(database, Chunk)}
    assert process(document).attempt == 1  # a second message while the lease runs does nothing
    change(database, Document, document, due_at=PAST)
    redis_extension.client.flushdb()
    assert sweep() == 1
    assert redis_extension.client.llen("frontdesk:ingest") == 1
    assert (row := process(document)).status == "processed"
    assert (row.attempt, row.generation, row.chunk_count) == (2, 2, 300)
    assert (count(database, Chunk), count(database, ChunkEmbedding)) == (300, 300)
    # It went on where the other one had stopped.
    assert before <= {chunk.id for chunk in all_of(database, Chunk)}
    assert sum(call.outcome == "ok" for call in all_of(database, ModelCall)) == 3


def test_an_attempt_that_gets_on_is_not_held_against_the_document(
    database: Session,
    service: EmbeddingService,
    killed_at: Callable[..., UUID],
    process: Process,
) -> None:
    document = killed_at(2, tries=3)
    assert now_in(database, Document, document).tries == 1
    change(database, Document, document, due_at=PAST, tries=3)
    service.answers = [(401, {"error": {"message": "no"}})]
    row = process(document)  # stores nothing further
    assert (row.status, row.tries, count(database, Chunk)) == ("error", 4, 0)


def test_an_attempt_that_gets_on_is_tried_again_soon(
    database: Session,
    service: EmbeddingService,
    choose: Callable[..., UUID],
    at_request: Callable[..., None],
    upload: Upload,
    process: Process,
) -> None:
    choose()
    document = upload(LONG, "long.md")
    change(database, Document, document, tries=3)
    at_request(1, lambda: service.answers.append((401, {"error": {"message": "no"}})))
    row = process(document)
    assert (row.status, row.error_code, row.tries) == ("uploaded", "embedding_unavailable", 1)
    assert process(document).status == "processed"
    assert count(database, Chunk) == 300


def test_an_attempt_that_does_the_same_again_is_held_against_the_document(
    app: Flask,
    database: Session,
    service: EmbeddingService,
    choose: Callable[..., UUID],
    at_request: Callable[..., None],
    upload: Upload,
    process: Process,
    cast: Cast,
) -> None:
    choose()
    document = upload(LONG, "long.md")
    tries = []
    for attempt in range(1, 4):
        with app.app_context():  # as a page that is another at every look
            name = document_files.name_of(cast.acme, document)
            document_files.storage().put(name, LONG.replace(b"Part 0", b"Part %d" % (1000 + attempt)))
        at_request(2 * attempt - 1, lambda: service.answers.append((401, {"error": {"message": "no"}})))
        tries.append(process(document).tries)
    assert tries == [1, 2, 3]


def test_a_long_document_is_taken_over_bit_by_bit(
    database: Session,
    monkeypatch: pytest.MonkeyPatch,
    killed_at: Callable[..., UUID],
    process: Process,
) -> None:
    monkeypatch.setattr(passage_storage, "_TAKEN_OVER_AT_ONCE", 100)
    taken: list[int] = []
    take_over = chunks.take_over
    monkeypatch.setattr(chunks, "take_over", lambda **named: (taken.append(named["before"]), take_over(**named)))
    document = killed_at(3)
    before = {chunk.id for chunk in all_of(database, Chunk)}
    change(database, Document, document, due_at=PAST)
    assert process(document).status == "processed"
    assert taken == [100, 200, 256]
    assert (len(before), before <= {chunk.id for chunk in all_of(database, Chunk)}) == (256, True)
    assert count(database, Chunk) == 300


def test_what_has_changed_meanwhile_is_read_anew(
    app: Flask,
    database: Session,
    killed_at: Callable[..., UUID],
    process: Process,
    cast: Cast,
) -> None:
    document = killed_at(3)
    before = [chunk.id for chunk in sorted(all_of(database, Chunk), key=lambda chunk: chunk.position)]
    changed = LONG.replace(b"question 200, in words", b"question 200, in numbers")
    with app.app_context():
        document_files.storage().put(document_files.name_of(cast.acme, document), changed)
    change(database, Document, document, due_at=PAST)
    assert process(document).status == "processed"
    after = sorted(all_of(database, Chunk), key=lambda chunk: chunk.position)
    assert (len(before), len(after)) == (256, 300)
    same = [old == new.id for old, new in zip(before, after, strict=False)]
    assert all(same[:200])
    assert not any(same[200:])
    assert "in numbers" in after[200].text
    assert count(database, ChunkEmbedding) == 300


def test_vectors_of_another_model_are_not_taken_over(
    database: Session,
    choose: Callable[..., UUID],
    killed_at: Callable[..., UUID],
    process: Process,
) -> None:
    document = killed_at(3)
    before = {chunk.id for chunk in all_of(database, Chunk)}
    choose("embed-2")
    change(database, Document, document, due_at=PAST)
    assert process(document).status == "processed"
    assert not before & {chunk.id for chunk in all_of(database, Chunk)}
    assert (count(database, Chunk), count(database, ChunkEmbedding)) == (300, 300)


def test_goes_on_when_postgres_is_restarted_meanwhile(
    database: Session,
    service: EmbeddingService,
    choose: Callable[..., UUID],
    at_request: Callable[..., None],
    upload: Upload,
    process: Process,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choose()
    document = upload(LONG, "long.md")
    store = chunks.add_many

    def store_late(**values: Any) -> None:
        monkeypatch.setattr(chunks, "add_many", store)
        session().execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))  # as a restart does it
        raise AssertionError("goes on without a connection")

    at_request(2, lambda: monkeypatch.setattr(chunks, "add_many", store_late))
    row = process(document)
    assert (row.status, row.attempt, row.chunk_count, row.error) == ("processed", 1, 300, None)
    assert (len(service.requests), count(database, Chunk), count(database, ChunkEmbedding)) == (3, 300, 300)


def test_what_was_stored_when_the_connection_was_lost_is_not_stored_twice(
    database: Session,
    choose: Callable[..., UUID],
    upload: Upload,
    process: Process,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choose()
    store, lost = passage_storage._store_batch, iter([True])

    def store_unheard(*values: Any) -> None:
        store(*values)
        if next(lost, False):
            raise OperationalError("COMMIT", {}, Exception("server closed the connection"), connection_invalidated=True)

    monkeypatch.setattr(passage_storage, "_store_batch", store_unheard)
    row = process(upload(LONG, "long.md"))
    assert (row.status, row.attempt, row.chunk_count, row.error) == ("processed", 1, 300, None)
    assert (count(database, Chunk), count(database, ChunkEmbedding), count(database, ModelCall)) == (300, 300, 3)


def test_a_late_twin_stores_nothing(
    database: Session,
    choose: Callable[..., UUID],
    at_request: Callable[..., None],
    upload: Upload,
    process: Process,
    app: Flask,
    cast: Cast,
) -> None:
    choose()
    document = upload(LONG, "long.md")

    def take_over() -> None:
        change(database, Document, document, due_at=PAST)
        with app.app_context():
            ingestion.ingest(company_id=cast.acme, document_id=document)

    at_request(2, take_over)
    row = process(document)
    assert (row.status, row.attempt, row.generation, row.chunk_count) == ("processed", 2, 2, 300)
    assert (count(database, Chunk), count(database, ChunkEmbedding)) == (300, 300)


@pytest.mark.parametrize("restored", [False, True])
def test_stops_when_the_document_is_deleted(
    client: FlaskClient,
    database: Session,
    cast: Cast,
    service: EmbeddingService,
    choose: Callable[..., UUID],
    at_request: Callable[..., None],
    upload: Upload,
    process: Process,
    restored: bool,
) -> None:
    choose()
    document = upload(LONG, "long.md")

    def delete() -> None:
        client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
        if restored:
            client.patch(f"/v1/document/{document}/restore", headers=cast.alice.headers)

    at_request(2, delete)
    row = process(document)
    assert (row.generation, len(service.requests), count(database, Chunk)) == (0, 2, 128)
    if restored:
        assert row.status == "uploaded"
        assert process(document).chunk_count == count(database, Chunk) == 300


def test_a_long_step_keeps_its_document(
    database: Session,
    choose: Callable[..., UUID],
    at_request: Callable[..., None],
    upload: Upload,
    process: Process,
    sweep: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choose()
    monkeypatch.setattr(signs_of_life, "_SECONDS", 0.05)
    document = upload(LONG, "long.md")
    swept: list[int] = []

    def take_long() -> None:
        change(database, Document, document, due_at=PAST)
        changed_at = now_in(database, Document, document).updated_at
        until = time.monotonic() + 30
        while now_in(database, Document, document).due_at == PAST:
            assert time.monotonic() < until, "no sign of life"
            time.sleep(0.02)
        assert now_in(database, Document, document).updated_at == changed_at
        swept.append(sweep())

    at_request(2, take_long)
    row = process(document)
    assert (swept, row.status, row.attempt) == ([0], "processed", 1)


def test_what_takes_long_to_store_keeps_its_document(
    app: Flask,
    database: Session,
    cast: Cast,
    document: UUID,
    sweep: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Signs of life wait for the row meanwhile."""
    change(database, Document, document, status="processing", attempt=3, due_at=PAST)
    began = datetime.now(UTC) - timedelta(seconds=20)
    clock = chain([began], repeat(began + timedelta(seconds=20)))
    monkeypatch.setattr(work_lease, "now", lambda: next(clock))
    with app.app_context(), DocumentLease(cast.acme, document, 3).storing():
        pass
    assert sweep() == 0


def test_who_hangs_or_has_lost_the_document_gives_no_sign(
    app: Flask, database: Session, cast: Cast, document: UUID
) -> None:
    change(database, Document, document, status="processing", attempt=3, due_at=PAST)
    working, hanging, late = (DocumentLease(cast.acme, document, attempt) for attempt in (3, 3, 2))
    hanging._told_at -= SILENCE.total_seconds()
    with app.app_context():
        assert hanging.renew()
        assert not late.renew()
        assert now_in(database, Document, document).due_at == PAST
        assert working.renew()
        assert now_in(database, Document, document).due_at > PAST


@pytest.mark.parametrize(("status", "found"), [("processing", 0), ("uploaded", 1)])
def test_nobody_is_dead_who_could_not_give_a_sign(
    database: Session,
    document: UUID,
    sweep: Callable[..., int],
    status: str,
    found: int,
) -> None:
    change(database, Document, document, status=status, due_at=PAST)
    assert sweep(could_tell_for=timedelta(days=3_650)) == found


def test_does_nothing_to_a_deleted_document(
    client: FlaskClient, cast: Cast, upload: Upload, process: Process, sweep: Callable[[], int], database: Session
) -> None:
    document = upload()
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    change(database, Document, document, due_at=PAST)
    assert sweep() == 0
    assert process(document).attempt == 0


def test_gives_up_after_too_many_dead_workers(
    database: Session, upload: Upload, process: Process, sweep: Callable[[], int]
) -> None:
    document = upload()
    change(database, Document, document, status="processing", attempt=4, tries=4, due_at=PAST)
    row = process(document)
    assert (row.status, row.error_code, row.attempt) == ("error", "gave_up", 5)
    assert "4 times" in (row.error or "")
    assert sweep() == 0


def test_sends_a_lost_message_again_and_not_at_every_sweep(
    database: Session, upload: Upload, sweep: Callable[[], int]
) -> None:
    document = upload()
    assert sweep() == 0
    change(database, Document, document, due_at=PAST)
    assert (sweep(), sweep()) == (1, 0)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"%PDF-1.7\nnot really", "a.pdf", "broken"),
        (b"PK\x03\x04" + b"\0" * 40, "a.docx", "broken"),
        (b"<html><body><img src=x></body></html>", "a.html", "no_text"),
    ],
)
def test_says_what_is_wrong_with_a_file(
    database: Session, cast: Cast, agent: UUID, process: Process, content: bytes, name: str, code: str
) -> None:
    document = add_document(database, cast.acme, agent, filename=name, status="uploaded", storage_name=name)
    document_files.storage().put(name, content)
    row = process(document)
    assert (row.status, row.error_code, row.tries) == ("error", code, 1)
    assert row.error
    assert "/" not in row.error


def test_says_so_when_the_file_is_gone(database: Session, upload: Upload, process: Process) -> None:
    document = upload()
    document_files.storage().delete(now_in(database, Document, document).storage_name or "")
    assert process(document).error_code == "file_missing"


def test_tries_again_later_when_the_provider_is_down(
    database: Session,
    service: EmbeddingService,
    choose: Callable[..., UUID],
    upload: Upload,
    process: Process,
    with_settings: Callable[..., None],
) -> None:
    choose()
    document = upload()
    pauses = []
    for attempt in range(1, 5):
        service.answers = [(401, {"error": {"message": "no"}})]
        row = process(document)
        assert (row.attempt, row.error_code) == (attempt, "embedding_unavailable")
        assert "status 401" in (row.error or "")
        pauses.append((row.due_at - datetime.now(UTC)).total_seconds())
    assert [round(pause, -1) for pause in pauses[:3]] == [30, 120, 480]
    assert row.status == "error"
    assert [call.outcome for call in all_of(database, ModelCall)] == ["error"] * 4


def test_works_again_when_the_provider_is_back(
    service: EmbeddingService, choose: Callable[..., UUID], upload: Upload, process: Process
) -> None:
    choose()
    document = upload()
    service.answers = [(401, {"error": {"message": "no"}})]
    assert process(document).status == "uploaded"
    row = process(document)
    assert (row.status, row.error_code, row.error, row.attempt) == ("processed", None, None, 2)


def test_a_lease_tells_how_far_it_is_now_and_then(
    app: Flask, database: Session, cast: Cast, document: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(database, Document, document, status="processing", attempt=3, due_at=PAST)
    lease = DocumentLease(cast.acme, document, 3)
    with app.app_context():
        lease.beat(DocumentStage.EXTRACTING, 1, 4)
        assert now_in(database, Document, document).due_at == PAST
        monkeypatch.setattr("app.services.document_lease.DocumentLease.beat_seconds", 0.0)
        lease.beat(DocumentStage.EXTRACTING, 1, 4)
        row = now_in(database, Document, document)
        assert (row.stage, row.progress) == ("extracting", 25)
        assert row.due_at > datetime.now(UTC) + timedelta(seconds=10)
        change(database, Document, document, attempt=4)
        with pytest.raises(LeaseLost):
            lease.beat(DocumentStage.EXTRACTING, 2, 4)


def test_storage_that_is_away_is_waited_for(
    database: Session, cast: Cast, agent: UUID, process: Process, with_settings: Callable[..., None]
) -> None:
    document = add_document(database, cast.acme, agent, status="uploaded", storage_name="a")
    with_settings(storage_url="s3://key:secret@bucket?endpoint=http://127.0.0.1:9")
    row = process(document)
    assert (row.status, row.error_code) == ("uploaded", "storage_unavailable")
    assert row.due_at > datetime.now(UTC) + timedelta(seconds=20)
