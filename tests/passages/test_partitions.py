"""Vectors lie in partitions by company: each question touches its company's alone, and companies that share one stay
apart."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import tenancy
from app.core.transaction import transaction
from app.models.chunk import Chunk
from app.models.chunk_embedding import PARTITIONS, ChunkEmbedding
from app.models.company import Company
from app.models.document import Document
from app.repositories import chunk_embeddings, passages
from app.repositories.passages import Way
from tests.agent.rows import add_agent, stored
from tests.passages.conftest import SPACE, Shelf, towards
from tests.rows import count

LABEL = ("The parcel label is in the box.", towards(0, 2))
GIFTS = ("Gift cards are not refunded.", towards(5))
_TOUCHED = text("""
    SELECT DISTINCT relation::regclass::text FROM pg_locks
    WHERE pid = pg_backend_pid() AND relation = ANY (CAST(CAST(:partitions AS text[]) AS regclass[]))
""")
# A kept plan locks all partitions, whichever it reads. Counted since the backend last told the server, so it is the
# difference that counts.
_SCANS = text("""
    SELECT relid::regclass::text AS name, seq_scan + idx_scan AS scans FROM pg_stat_xact_user_tables
    WHERE relid = ANY (CAST(CAST(:partitions AS text[]) AS regclass[]))
""")
_NUMBER = text("SELECT satisfies_hash_partition('chunk_embeddings'::regclass, :all, :number, CAST(:company AS uuid))")


@contextmanager
def touched(shelf: Shelf) -> Iterator[set[str]]:
    """The partitions whose rows or plans the statements of the block came near, with the company entered. Postgres
    keeps its lock on each until the transaction ends."""
    found: set[str] = set()
    with shelf.app.app_context(), transaction() as session:
        tenancy.enter_company(shelf.company_id)
        yield found
        session.flush()
        found |= set(session.scalars(_TOUCHED, {"partitions": list(PARTITIONS)}))


def partition_of(database: Session, company_id: UUID) -> str:
    """Where a company's vectors lie."""
    chosen = {"all": len(PARTITIONS), "company": company_id}
    return next(
        each for number, each in enumerate(PARTITIONS) if database.scalar(_NUMBER, {**chosen, "number": number})
    )


def _search(shelf: Shelf, way: Way) -> None:
    owned: dict[str, Any] = {"company_id": shelf.company_id, "agent_id": shelf.agent_id}
    found = passages.search(**owned, space=SPACE, vector=towards(0), asked=["parcel"], most=8, way=way)
    assert [each.text for each in found] == [LABEL[0], GIFTS[0]]


def _count(shelf: Shelf) -> None:
    owned: dict[str, Any] = {"company_id": shelf.company_id, "agent_id": shelf.agent_id}
    assert passages.count_up_to(**owned, space=SPACE, most=9) == 2


def _look_for_missing(shelf: Shelf) -> None:
    owned: dict[str, Any] = {"company_id": shelf.company_id, "agent_id": shelf.agent_id}
    assert chunk_embeddings.find_missing_of_agent(**owned, space=SPACE, limit=9) == []


def _delete(shelf: Shelf) -> None:
    owned: dict[str, Any] = {"company_id": shelf.company_id, "agent_id": shelf.agent_id}
    assert chunk_embeddings.delete_spaces_but(**owned, kept="another/space/384", limit=9) == 2


@pytest.mark.parametrize(
    "ask",
    [partial(_search, way=Way.LIVE), partial(_search, way=Way.INDEX), _count, _look_for_missing, _delete],
    ids=[Way.LIVE, Way.INDEX, "count", "missing", "delete"],
)
def test_every_question_touches_its_companys_partition_alone(
    shelf: Shelf, database: Session, ask: Callable[[Shelf], None]
) -> None:
    shelf.add(LABEL, GIFTS)
    with touched(shelf) as found:
        ask(shelf)
    assert found == {partition_of(database, shelf.company_id)}


@pytest.mark.parametrize("way", Way)
def test_every_search_reads_its_companys_partition_alone(shelf: Shelf, database: Session, way: Way) -> None:
    shelf.add(LABEL, GIFTS)
    with shelf.app.app_context(), transaction() as session:
        tenancy.enter_company(shelf.company_id)
        before = _scans(session)
        _search(shelf, way)
        after = _scans(session)
    read = {each for each, number in after.items() if number > before.get(each, 0)}
    assert read == {partition_of(database, shelf.company_id)}


def test_the_kept_plan_is_never_compiled(database: Session) -> None:
    # Where Postgres can: as dear as all partitions look to it, that would take longer than the search, at each.
    configured = text("SELECT proconfig FROM pg_proc WHERE proname = 'frontdesk_search_every'")
    assert "jit=off" in database.scalars(configured).one()


def _scans(session: Session) -> dict[str, int]:
    rows = session.execute(_SCANS, {"partitions": list(PARTITIONS)})
    return {row.name: row.scans for row in rows}


def test_finds_a_question_that_touches_every_partition(shelf: Shelf) -> None:
    with touched(shelf) as found, transaction() as session:
        session.scalar(text("SELECT count(*) FROM chunk_embeddings"))
    assert found == set(PARTITIONS)


def test_vectors_are_stored_in_their_companys_partition_and_once(shelf: Shelf, database: Session) -> None:
    _, ids = shelf.add(LABEL, GIFTS)
    for _ in range(2):
        with touched(shelf) as found:
            chunk_embeddings.add_many(
                company_id=shelf.company_id,
                agent_id=shelf.agent_id,
                space="another/space/384",
                chunk_ids=[*ids, uuid4()],
                vectors=np.array([towards(1), towards(2), towards(3)], dtype=np.float32),
            )
    own = partition_of(database, shelf.company_id)
    assert found == {own}
    places = text("SELECT tableoid::regclass::text FROM chunk_embeddings WHERE space = 'another/space/384'")
    assert database.scalars(places).all() == [own, own]


@pytest.fixture
def sharing(app: Flask, database: Session, shelf: Shelf) -> Shelf:
    """Passages of a company whose vectors lie where acme's do."""
    wanted, company_id = partition_of(database, shelf.company_id), uuid4()
    while partition_of(database, company_id) != wanted:
        company_id = uuid4()
    stored(database, Company(id=company_id, name="Initech", email="hello@initech.example"))
    return Shelf(app, database, company_id, add_agent(database, company_id).id)


@pytest.mark.parametrize("way", list(Way))
def test_companies_in_one_partition_stay_apart(shelf: Shelf, sharing: Shelf, way: Way) -> None:
    shelf.add(LABEL)
    sharing.add(GIFTS, *[(f"Filler {each}.", towards(0, 2, each)) for each in range(10, 70)])
    assert [each.text for each in shelf.search(towards(0, 2), way=way)] == [LABEL[0]]
    assert shelf.search(towards(0, 2), way=way, entered=sharing.company_id) == []
    posing = Shelf(shelf.app, shelf.database, sharing.company_id, shelf.agent_id)
    assert posing.search(towards(0, 2), "parcel", way=way) == []


def test_the_wall_stands_within_a_partition(shelf: Shelf, sharing: Shelf) -> None:
    shelf.add(LABEL)
    sharing.add(GIFTS)
    seen = text("SELECT company_id FROM chunk_embeddings WHERE company_id = :theirs OR true")
    changed = text("DELETE FROM chunk_embeddings WHERE company_id = :theirs RETURNING 1")
    with shelf.app.app_context(), transaction() as session:
        tenancy.enter_company(shelf.company_id)
        assert session.scalars(seen, {"theirs": sharing.company_id}).all() == [shelf.company_id]
        assert session.scalars(changed, {"theirs": sharing.company_id}).all() == []


@pytest.mark.parametrize("gone", ["passages", "document", "company"])
def test_vectors_go_with_what_they_are_of(shelf: Shelf, globex: Shelf, database: Session, gone: str) -> None:
    document, ids = shelf.add(LABEL, GIFTS)
    globex.add(LABEL)
    statements: dict[str, tuple[type[Any], Sequence[UUID]]] = {
        "passages": (Chunk, ids),
        "document": (Document, [document]),
        "company": (Company, [shelf.company_id]),
    }
    model, doomed = statements[gone]
    if gone == "document":
        database.query(Chunk).filter(Chunk.document_id == document).delete()
    database.query(model).filter(model.id.in_(doomed)).delete()
    database.commit()
    assert (
        count(database, ChunkEmbedding)
        == count(database, ChunkEmbedding, ChunkEmbedding.company_id == globex.company_id)
        == 1
    )
