"""The search's plan is made once for all companies, and companies differ."""

from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import tenancy
from app.core.transaction import transaction
from app.db import db
from app.models.company import Company
from app.repositories import passages
from app.repositories.passages import Way
from tests.agent.rows import add_agent, stored
from tests.passages.conftest import SPACE, Shelf, towards

DOCUMENTS, OTHERS = 60, 60
DEPTH, MOST = 20, 8
_READ = text("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'documents'")


def _add_company(shelf: Shelf, number: int) -> None:
    database, company_id = shelf.database, uuid4()
    stored(database, Company(id=company_id, name="Other", email=f"hello@other{number}.example"))
    Shelf(shelf.app, database, company_id, add_agent(database, company_id).id).add(("One passage.", towards(0)))


def test_reads_no_more_documents_than_it_compares_and_finds(shelf: Shelf, database: Session) -> None:
    for number in range(OTHERS):
        _add_company(shelf, number)
    for number in range(DOCUMENTS):
        shelf.add(*[(f"Passage {each} of document {number}.", towards(number, each)) for each in range(100, 120)])
    database.execute(text("ANALYZE companies, agents, documents, chunks, chunk_embeddings"))
    database.commit()
    with shelf.app.app_context():
        db.engine.dispose()  # what a connection planned before, it planned for other companies
        with transaction() as session:
            tenancy.enter_company(shelf.company_id)
            before = session.scalar(_READ) or 0
            found = passages.search(
                company_id=shelf.company_id,
                agent_id=shelf.agent_id,
                space=SPACE,
                vector=towards(0),
                asked=[],
                most=MOST,
                way=Way.EVERY,
                depth=DEPTH,
            )
            read = (session.scalar(_READ) or 0) - before
    assert len(found) == MOST
    assert 0 < read <= DEPTH + MOST
