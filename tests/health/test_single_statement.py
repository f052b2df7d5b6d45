"""A transaction of one statement: one turn to Postgres, and nothing of it left in the connection."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from app.core.tenancy import enter_company, entering
from app.core.transaction import after_commit, session, single_statement, transaction
from app.db import db
from app.models.company import Company
from tests.cast import Cast
from tests.rows import now_in

_ENTERED = "SELECT nullif(current_setting('app.company_id', true), '') AS entered, txid_current() AS number"


@pytest.fixture
def company(app: Flask) -> Iterator[UUID]:
    """A company, in an application that is entered."""
    with app.app_context():
        yield uuid4()


def _entered(company: UUID) -> tuple[str | None, int]:
    row = session().execute(text(entering() + _ENTERED), {"company": company}).one()
    return row.entered, row.number


def test_each_statement_is_a_transaction_that_has_entered_its_company(company: UUID) -> None:
    other = uuid4()
    with single_statement():
        first = _entered(company)
        second = _entered(other)
        left = session().execute(text(_ENTERED)).one()
    assert (first[0], second[0]) == (str(company), str(other))
    assert first[1] != second[1]
    assert left.entered is None


def test_what_is_written_stays_whatever_comes_after(company: UUID, database: Session, cast: Cast) -> None:
    with pytest.raises(ZeroDivisionError), single_statement():
        session().execute(
            text(entering() + "UPDATE companies SET name = 'Written' WHERE id = :company"), {"company": cast.acme}
        )
        raise ZeroDivisionError
    assert now_in(database, Company, cast.acme).name == "Written"


def test_leaves_the_connection_as_it_was(company: UUID) -> None:
    pool = db.engine.pool
    assert isinstance(pool, QueuePool)
    for _ in range(pool.size() + 1):
        with single_statement():
            _entered(company)
    with transaction() as current:
        numbers = {current.execute(text("SELECT txid_current()")).scalar() for _ in range(2)}
        assert len(numbers) == 1
        assert current.execute(text(_ENTERED)).one().entered is None


def test_joins_a_running_transaction(company: UUID) -> None:
    with transaction() as current:
        enter_company(company)
        with single_statement() as joined:
            assert joined is current
            assert entering() == ""
            assert _entered(uuid4())[0] == str(company)


def test_notes_nothing_for_after_a_commit(company: UUID) -> None:
    with single_statement(), pytest.raises(RuntimeError):
        after_commit(lambda: None)


def test_a_broken_connection_is_none_for_the_next(company: UUID) -> None:
    with pytest.raises(DBAPIError), single_statement():
        session().execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with single_statement():
        assert _entered(company)[0] == str(company)


def test_a_failed_statement_fails_alone(company: UUID) -> None:
    with single_statement():
        with pytest.raises(DBAPIError) as raised:
            session().execute(text("SELECT 1 / 0"))
        assert isinstance(raised.value.orig, psycopg2.errors.DivisionByZero)
        assert _entered(company)[0] == str(company)
