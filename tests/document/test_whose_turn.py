"""Companies take turns at the workers that make documents searchable."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core.tenancy import across_companies
from app.core.transaction import session, transaction
from app.models.agent import Agent
from app.models.database_connection import DatabaseConnection
from app.models.document import Document
from app.repositories import document_work
from app.repositories.document_work import DueDocument
from app.services import ingestion_turns
from tests.cast import Cast
from tests.document.conftest import GUIDE, Upload, form
from tests.document.rows import add_document
from tests.rows import change, now_in

# Slow on purpose: each file is read in a process of its own.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("model")]

PAST = datetime(2026, 11, 1, tzinfo=UTC)
WAITS = {"status": "uploaded", "stage": "queued", "progress": 0, "attempt": 0, "generation": 0}


@pytest.fixture
def theirs(client: FlaskClient, cast: Cast, other_agent: UUID) -> UUID:
    """A document that globex has just uploaded."""
    sent = form(other_agent, ("theirs.md", GUIDE))
    answer = client.post("/v1/document/upload", data=sent, headers=cast.charlie.headers)
    return UUID(answer.json["documents"][0]["id"])


@pytest.fixture(autouse=True)
def _threads(app: Flask) -> None:
    ingestion_turns.bind(app.app_context)


def add_connection(database: Session, company_id: UUID, agent_id: UUID, **values: Any) -> UUID:
    """A database that waits to be analysed."""
    connection = DatabaseConnection(
        company_id=company_id,
        agent_id=agent_id,
        name="Shop",
        database_type="postgresql",
        url="postgresql://nobody@127.0.0.1:9/shop",
        status="connected",
        tested_at=PAST,
        analysis_status="queued",
        **values,
    )
    database.add(connection)
    database.commit()
    return connection.id


def take(app: Flask, database: Session, document_id: UUID) -> None:
    """What a worker does that is woken for a document."""
    company_id = now_in(database, Document, document_id).company_id
    with app.app_context():
        ingestion_turns.take(company_id=company_id, document_id=document_id)


def status(database: Session, document_id: UUID) -> str:
    """How far a document is."""
    return now_in(database, Document, document_id).status


def test_a_company_that_nothing_is_done_for_comes_first(
    app: Flask, database: Session, upload: Upload, theirs: UUID
) -> None:
    ours, our_next = upload(), upload(b"# Hours\n\nWe open at nine.", "hours.md")
    take(app, database, ours)
    assert [status(database, each) for each in (theirs, ours, our_next)] == ["processed", "processed", "uploaded"]
    first, second = now_in(database, Document, theirs), now_in(database, Document, ours)
    assert first.processed_at and second.processed_at and first.processed_at < second.processed_at


def test_other_companies_documents_come_in_beside_what_takes_long(
    app: Flask, database: Session, monkeypatch: pytest.MonkeyPatch, upload: Upload, theirs: UUID
) -> None:
    monkeypatch.setattr(ingestion_turns, "_LOOK_SECONDS", 0.05)
    ours = upload()
    change(database, Document, ours, status="processing", due_at=datetime.now(UTC) + timedelta(minutes=1))
    until = time.monotonic() + 30
    with app.app_context(), ingestion_turns.others_beside():
        while status(database, theirs) != "processed":
            assert time.monotonic() < until, "nobody came in"
            time.sleep(0.02)
        assert status(database, ours) == "processing"


def test_databases_and_vectors_come_in_beside_what_takes_long(
    app: Flask, database: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch, agent: UUID, other_agent: UUID
) -> None:
    monkeypatch.setattr(ingestion_turns, "_LOOK_SECONDS", 0.05)
    soon = datetime.now(UTC) + timedelta(minutes=1)
    change(database, Agent, agent, embedding_due_at=soon)  # somebody is at it
    connections = [add_connection(database, cast.globex, other_agent, tries=tries, due_at=soon) for tries in (0, 1)]
    change(database, Agent, other_agent, embedding_due_at=PAST)
    until = time.monotonic() + 30
    with app.app_context(), ingestion_turns.others_beside():
        while now_in(database, Agent, other_agent).embedding_due_at is not None:
            assert time.monotonic() < until, "nobody came in"
            time.sleep(0.02)
    rows = [now_in(database, DatabaseConnection, each) for each in connections]
    # The first one, whose server nobody knows, was looked at; the second one isn't due yet.
    assert [(row.attempt, row.analysis_error_code is None) for row in rows] == [(1, False), (0, True)]
    assert now_in(database, Agent, agent).embedding_due_at == soon


@pytest.mark.parametrize(
    ("why", "waiting"),
    [
        ("the company has one in work", {}),
        ("it failed a moment ago", {"tries": 1, "due_at": datetime(2036, 1, 1, tzinfo=UTC)}),
        ("it is deleted", {"deleted_at": datetime(2026, 11, 1, tzinfo=UTC)}),
    ],
)
def test_who_may_not_come_in(
    app: Flask,
    database: Session,
    cast: Cast,
    upload: Upload,
    other_agent: UUID,
    why: str,
    waiting: dict[str, object],
) -> None:
    theirs = add_document(database, cast.globex, other_agent, **{**WAITS, "storage_name": "gone", **waiting})
    if not waiting:
        soon = datetime.now(UTC) + timedelta(minutes=1)
        add_document(database, cast.globex, other_agent, title="Another", status="processing", due_at=soon)
    ours = upload()
    take(app, database, ours)
    assert status(database, ours) == "processed"
    row = now_in(database, Document, theirs)
    assert (row.status, row.attempt) == ("uploaded", 0), why


def test_one_that_is_due_again_comes_in(
    app: Flask, database: Session, cast: Cast, upload: Upload, other_agent: UUID
) -> None:
    failed = {**WAITS, "tries": 1, "due_at": datetime(2026, 11, 1, tzinfo=UTC), "storage_name": "gone"}
    theirs = add_document(database, cast.globex, other_agent, **failed)
    # Its worker is dead: it is in nobody's hands.
    past = datetime(2026, 11, 1, tzinfo=UTC)
    add_document(database, cast.globex, other_agent, title="Left", status="processing", due_at=past)
    take(app, database, upload())
    row = now_in(database, Document, theirs)
    assert (row.status, row.error_code) == ("error", "file_missing")


def test_a_restart_of_postgres_costs_nobody_their_turn(
    app: Flask, database: Session, monkeypatch: pytest.MonkeyPatch, upload: Upload, theirs: UUID
) -> None:
    look = document_work.find_waiting_across_companies

    def look_late(at: datetime) -> DueDocument | None:
        monkeypatch.setattr(document_work, "find_waiting_across_companies", look)
        session().execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))  # as a restart does it
        raise AssertionError("goes on without a connection")

    monkeypatch.setattr(document_work, "find_waiting_across_companies", look_late)
    ours = upload()
    take(app, database, ours)
    assert [status(database, each) for each in (theirs, ours)] == ["processed", "processed"]


def test_only_documents_in_work_are_looked_at(app: Flask, database: Session, cast: Cast, agent: UUID) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=1)
    add_document(database, cast.acme, agent, status="processing", due_at=soon)
    database.execute(
        sa.text("""
            WITH others AS (
                INSERT INTO companies (id, name, email)
                SELECT gen_random_uuid(), 'Initech', n || '@initech.example' FROM generate_series(1, 200) n RETURNING id
            )
            INSERT INTO documents SELECT (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(),
                'company_id', CASE WHEN n < 10 THEN others.id ELSE d.company_id END,
                'status', CASE WHEN n < 10 THEN 'processed' ELSE 'uploaded' END))).*
            FROM documents d, others, generate_series(1, 15) n
        """)
    )
    database.execute(sa.text("ANALYZE documents"))
    database.commit()
    used = sa.text("SELECT pg_stat_get_xact_numscans('pk_documents'::regclass)")
    with app.app_context(), transaction(), across_companies("as a worker does"):
        before = session().scalar(used)
        assert document_work.find_waiting_across_companies(datetime.now(UTC)) is None
        assert session().scalar(used) == before
