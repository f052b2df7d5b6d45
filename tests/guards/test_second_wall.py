"""The second wall alone: text that the first one doesn't read, through the application's own session.

Whatever a query forgets or is talked into, Postgres shows and changes the rows of the entered company only.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, event, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.config import Settings
from app.core import guard, tenancy
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.db import Base, db
from app.models.chunk_embedding import PARTITIONS
from app.models.user import User
from tests.guards import rows
from tests.guards.rows import OWNED, Rows

ACME, GLOBEX = uuid4(), uuid4()
# The column that says whose a row is, by table.
COMPANY = {"companies": "id", **dict.fromkeys(OWNED, "company_id")}
_INSUFFICIENT_PRIVILEGE = "42501"  # row-level security and missing rights alike

every_table = pytest.mark.parametrize("table", sorted(COMPANY))


@pytest.fixture(scope="module")
def stored(_owner: Engine) -> Iterator[dict[UUID, Rows]]:
    """One row of every table for both companies and, where there may be one, for the platform. What it gives are rows
    that new ones can refer to."""
    with _owner.begin() as connection:
        acme, globex = rows.fill(connection, ACME, "acme"), rows.fill(connection, GLOBEX, "globex")
        platform = rows.fill(connection, None, "platform")
        spare = {
            company: rows.with_spare_parents(connection, company, "spare", filled)
            for company, filled in ((ACME, acme), (GLOBEX, globex))
        }
    yield spare
    with _owner.begin() as connection:
        rows.remove(connection, acme, globex, platform)


@pytest.fixture
def session(app: Flask, stored: object) -> Iterator[Session]:
    """The application's session in a transaction that has entered no company yet."""
    with app.app_context(), transaction() as current:
        yield current
        current.rollback()


@pytest.fixture
def unguarded() -> Iterator[None]:
    """Without the first wall."""
    event.remove(Session, "do_orm_execute", guard._check_statement)
    yield
    guard.install()


def _seen(session: Session, table: str) -> set[UUID | None]:
    """Whose rows of the table a query without any condition finds."""
    return set(session.scalars(text(f"SELECT {COMPANY[table]} FROM {table}")))


def _changed(session: Session, statement: Any, **values: Any) -> int:
    """How many rows a statement changes: -1 when Postgres refuses it for want of rights, and for nothing else."""
    savepoint = session.begin_nested()
    try:
        # Not through the session, whose guard has no say here.
        return session.connection().execute(statement, values).rowcount
    except DBAPIError as error:
        assert getattr(error.orig, "pgcode", None) == _INSUFFICIENT_PRIVILEGE, error
        return -1
    finally:
        savepoint.rollback()


@every_table
def test_shows_the_rows_of_the_entered_company_only(session: Session, table: str) -> None:
    for company in (ACME, GLOBEX):
        tenancy.enter_company(company)
        assert _seen(session, table) == {company}


@every_table
def test_shows_the_platforms_rows_to_the_platform_only(session: Session, table: str) -> None:
    tenancy.enter_company(None)
    may_be_nobodys = Base.metadata.tables[table].c[COMPANY[table]].nullable
    assert _seen(session, table) == ({None} if may_be_nobodys else set())


@every_table
def test_shows_nothing_before_a_company_is_entered(session: Session, table: str) -> None:
    assert _seen(session, table) == set()


@every_table
def test_shows_nothing_of_a_company_that_does_not_exist(session: Session, table: str) -> None:
    tenancy.enter_company(uuid4())
    assert _seen(session, table) == set()


@every_table
def test_shows_everything_across_companies_and_nothing_afterwards(session: Session, table: str) -> None:
    with across_companies("the test of the opt-out"):
        assert {ACME, GLOBEX} <= _seen(session, table)
    assert _seen(session, table) == set()


@pytest.mark.parametrize("table", OWNED)
def test_refuses_new_rows_of_another_company(session: Session, stored: dict[UUID, Rows], table: str) -> None:
    its = Base.metadata.tables[table]
    # Where Acme can't have a second row, it is a new company's first one.
    own = uuid4() if rows.has_one_row(its) else ACME
    tenancy.enter_company(own)
    added = {
        company: _changed(session, insert(its).values(rows.make_row(its, company, "new", stored.get(company, {}))))
        for company in (own, GLOBEX)
    }
    assert added == {own: 1, GLOBEX: -1}


def test_refuses_a_new_company_that_was_not_entered(session: Session) -> None:
    companies = Base.metadata.tables["companies"]
    entered, other = uuid4(), uuid4()
    tenancy.enter_company(entered)
    assert _changed(session, insert(companies).values(rows.make_row(companies, entered, "new", {}))) == 1
    assert _changed(session, insert(companies).values(rows.make_row(companies, other, "new", {}))) == -1


@pytest.mark.parametrize("table", OWNED)
def test_refuses_new_rows_of_the_platform(session: Session, stored: dict[UUID, Rows], table: str) -> None:
    its = Base.metadata.tables[table]
    if its.c.company_id.nullable:
        tenancy.enter_company(ACME)
        row = {**rows.make_row(its, ACME, "new", stored[ACME]), "company_id": None}
        assert _changed(session, insert(its).values(row)) == -1


@every_table
def test_changes_no_row_of_another_company(session: Session, table: str) -> None:
    tenancy.enter_company(ACME)
    column = COMPANY[table]
    # -1: the runtime role may not do this to any row of the table (the audit log, say).
    assert _changed(session, text(f"UPDATE {table} SET {column} = {column} WHERE {column} = :its"), its=GLOBEX) <= 0
    assert _changed(session, text(f"DELETE FROM {table} WHERE {column} = :its"), its=GLOBEX) <= 0


@every_table
def test_refuses_to_give_a_row_to_another_company(session: Session, table: str) -> None:
    tenancy.enter_company(ACME)
    assert _changed(session, text(f"UPDATE {table} SET {COMPANY[table]} = :its"), its=GLOBEX) == -1


@every_table
def test_locks_no_row_of_another_company(session: Session, table: str) -> None:
    tenancy.enter_company(ACME)
    if table != "audit_entries":  # a lock needs the right to change
        found = session.scalars(text(f"SELECT {COMPANY[table]} FROM {table} FOR UPDATE"))
        assert set(found) == {ACME}


@every_table
def test_hides_other_companies_from_every_kind_of_query(session: Session, table: str) -> None:
    tenancy.enter_company(ACME)
    column = COMPANY[table]
    for query in (
        f"SELECT {column} FROM {table} WHERE {column} = '{GLOBEX}' OR true",
        f"SELECT {column} FROM (SELECT * FROM {table}) AS inside",
        f"WITH all_of_them AS (SELECT * FROM {table}) SELECT {column} FROM all_of_them",
        f"SELECT {column} FROM {table} UNION SELECT {column} FROM {table}",
        f"SELECT a.{column} FROM {table} a FULL JOIN {table} b ON b.{column} = '{GLOBEX}' WHERE a.{column} IS NOT NULL",
    ):
        assert set(session.scalars(text(query))) == {ACME}, query
    is_partitioned = Base.metadata.tables[table].dialect_options["postgresql"]["partition_by"]
    alone = session.scalars(text(f"SELECT {column} FROM ONLY {table}"))
    assert set(alone) == (set() if is_partitioned else {ACME})


@pytest.mark.parametrize("partition", PARTITIONS)
def test_refuses_everything_that_names_a_partition(session: Session, stored: object, partition: str) -> None:
    tenancy.enter_company(ACME)
    for statement in (
        f"SELECT company_id FROM {partition}",
        f"UPDATE {partition} SET dimension = dimension",
        f"DELETE FROM {partition}",
        f"INSERT INTO {partition} SELECT * FROM chunk_embeddings",
        f"TRUNCATE {partition}",
    ):
        assert _changed(session, text(statement)) == -1, statement


@pytest.mark.usefixtures("unguarded")
def test_holds_without_the_first_wall(session: Session) -> None:
    tenancy.enter_company(ACME)
    assert {user.company_id for user in session.scalars(select(User))} == {ACME}
    assert {user.company_id for user in session.scalars(update(User).values(role="member").returning(User))} == {ACME}


def test_the_application_connects_as_the_role_that_the_wall_binds(session: Session, settings: Settings) -> None:
    assert f"//{session.scalar(text('SELECT current_user'))}:" in settings.runtime_url


@every_table
def test_the_probes_see_what_no_wall_holds_back(_owner: Engine, stored: dict[UUID, Rows], table: str) -> None:
    """The same questions as the owner, whom no wall binds: they would find a hole."""
    with Session(_owner, info={tenancy.ACROSS: "the owner sees everything"}) as owner:
        owner.execute(text("SELECT set_config('app.company_id', :it, true)"), {"it": str(ACME)})
        assert {ACME, GLOBEX} <= _seen(owner, table)
        its = Base.metadata.tables[table]
        company = uuid4() if table == "companies" or rows.has_one_row(its) else GLOBEX
        assert _changed(owner, insert(its).values(rows.make_row(its, company, "new", stored[GLOBEX]))) == 1
        column = COMPANY[table]
        assert _changed(owner, text(f"UPDATE {table} SET {column} = {column} WHERE {column} = :its"), its=GLOBEX)


def _commits() -> None:
    with transaction():
        tenancy.enter_company(GLOBEX)


def _rolls_back() -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        tenancy.enter_company(GLOBEX)
        raise ZeroDivisionError


def _fails_in_the_database() -> None:
    with pytest.raises(DBAPIError), transaction() as current:
        tenancy.enter_company(GLOBEX)
        current.execute(text("SELECT 1 / 0"))


def _sees_all() -> None:
    with transaction(), across_companies("the test of what stays behind"):
        tenancy.enter_company(GLOBEX)


def _fails_seeing_all() -> None:
    with pytest.raises(DBAPIError), transaction() as current, across_companies("the test of what stays behind"):
        tenancy.enter_company(GLOBEX)
        current.execute(text("SELECT 1 / 0"))


@pytest.mark.parametrize("earlier", [_commits, _rolls_back, _fails_in_the_database, _sees_all, _fails_seeing_all])
def test_nothing_stays_behind_on_a_pooled_connection(app: Flask, stored: object, earlier: Callable[[], None]) -> None:
    with app.app_context():
        assert _left_behind(earlier) == ("", "", 0)


def test_finds_what_stays_behind(app: Flask, stored: object) -> None:
    with app.app_context():
        assert _left_behind(_sets_it_for_good) == (str(GLOBEX), "", 1)
        db.engine.dispose()


def _sets_it_for_good() -> None:
    with transaction() as current:
        current.execute(text("SELECT set_config('app.company_id', :it, false)"), {"it": str(GLOBEX)})


def _left_behind(earlier: Callable[[], None]) -> tuple[str, str, int]:
    """What the next transaction on the connection that `earlier` used finds: both settings and how many users."""
    used = _connection_of(earlier)
    # The pool hands its connections out in turn, so the used one comes again.
    seen = dict(_look() for _ in range(10))
    return seen[used]


def _connection_of(earlier: Callable[[], None]) -> int:
    pids: list[int] = []

    def note(connection: Any, *_: Any) -> None:
        pids.append(connection.connection.dbapi_connection.info.backend_pid)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        earlier()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return pids[-1]


def _look() -> tuple[int, tuple[str, str, int]]:
    with transaction() as current:
        row = current.execute(
            text(
                "SELECT pg_backend_pid(), coalesce(current_setting('app.company_id', true), ''), "
                "coalesce(current_setting('app.across_companies', true), ''), (SELECT count(*) FROM users)"
            )
        ).one()
        return row[0], tuple(row[1:])
