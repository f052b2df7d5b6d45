"""The first wall (app/core/guard.py): which statements it refuses, and which it lets through."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import (
    Connection,
    Engine,
    and_,
    bindparam,
    case,
    column,
    delete,
    exists,
    false,
    func,
    insert,
    intersect,
    lateral,
    literal,
    not_,
    or_,
    select,
    table,
    text,
    true,
    tuple_,
    type_coerce,
    union,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, load_only, undefer

from app.core import guard, tenancy
from app.core.guard import CompanyNotNamed
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.db import Base, db
from app.models.api_key import ApiKey
from app.models.company import Company
from app.models.lead import Lead
from app.models.login_throttle import LoginThrottle
from app.models.user import User
from tests.cast import Cast
from tests.guards import rows

ACME, GLOBEX = UUID(int=1), UUID(int=2)

users, api_keys = User.__table__, ApiKey.__table__
Other = aliased(User, name="other")
OWN = User.company_id == ACME
OWN_KEYS = ApiKey.company_id == ACME
_named = select(User.id, User.company_id).where(OWN)
_all = select(User.id, User.company_id)
_row = {"id": UUID(int=3), "name": "key", "key": "fdk", "secret_hash": "x", "scopes": [], "created_by": UUID(int=4)}

REFUSED: dict[str, Any] = {
    # One table.
    "everything": select(User),
    "one row by its id": select(User).where(User.id == ACME),
    "columns": select(User.email),
    "an expression": select(func.lower(User.email)),
    "a count": select(func.count(User.id)),
    "a count with select_from": select(func.count()).select_from(User),
    "a count of a subquery": select(func.count()).select_from(select(User).subquery()),
    "the table without its model": select(users),
    "its columns without its model": select(users.c.email),
    "a constant that is read from it": select(literal(1)).select_from(users),
    "a lock": select(User).where(User.id == ACME).with_for_update(),
    "some of the columns": select(User).options(load_only(User.email), undefer(User.email)),
    "ordered by company": select(User).order_by(User.company_id),
    "grouped by company": select(User.company_id, func.count()).group_by(User.company_id),
    "the company as a column": select(User.company_id == ACME),
    "the company after grouping": select(User.company_id).group_by(User.company_id).having(User.company_id == ACME),
    "any row": select(exists().where(User.email == "a@b.c")),
    "columns of text": text("SELECT id FROM users").columns(User.id),
    "rows of text": select(User).from_statement(text("SELECT * FROM users")),
    "distinct": select(User.email).distinct(),
    "distinct on": select(User.email).ext(distinct_on(User.email)),
    # A criterion that does not hold for every row.
    "or": select(User).where(or_(OWN, User.role == "admin")),
    "or true": select(User).where(or_(OWN, true())),
    "or not false": select(User).where(or_(OWN, not_(false()))),
    "or one is one": select(User).where(or_(OWN, literal(1) == 1)),
    "or inside and": select(User).where(and_(User.role == "admin", or_(OWN, User.email == "a"))),
    "and inside or": select(User).where(or_(and_(OWN, User.role == "admin"), User.email == "a")),
    "not": select(User).where(not_(OWN)),
    "another one": select(User).where(User.company_id != ACME),
    "none of these": select(User).where(User.company_id.not_in([ACME])),
    "any company": select(User).where(User.company_id.is_not(None)),
    "greater than": select(User).where(User.company_id > ACME),
    "itself": select(User).where(User.company_id == User.company_id),
    "itself or nothing": select(User).where(User.company_id == func.coalesce(bindparam("at", ACME), User.company_id)),
    "a case": select(User).where(case((OWN, True), else_=True)),
    "a comparison of the comparison": select(User).where(OWN.is_not(None)),
    "as text": select(User).where(text("company_id = '00000000-0000-0000-0000-000000000001'")),
    "of another type": select(User).where(type_coerce(User.company_id, users.c.email.type) == "x"),
    "in a tuple": select(User).where(tuple_(User.company_id, User.id).in_([(ACME, ACME)])),
    "in any list": select(User).where(User.company_id.in_(select(Company.id))),
    "the same name in a table that is not owned": select(User).where(Company.id == ACME),
    "joined with the companies": select(User).join(Company, Company.id == User.company_id),
    # Several tables.
    "only one of two": select(User, ApiKey).where(OWN),
    "a join that names only one": select(ApiKey).join(User, User.id == ApiKey.created_by).where(OWN_KEYS),
    "a join of equal companies": select(ApiKey).join(User, User.company_id == ApiKey.company_id),
    "a join without a condition": select(ApiKey).join(User).where(OWN_KEYS),
    "a join in the from": select(ApiKey.id).select_from(api_keys.join(users)).where(OWN_KEYS),
    "an alias": select(Other),
    "an alias beside its table": select(User, Other).where(OWN),
    "an alias of a table": select(users.alias("u")),
    "a sample of a table": select(users.tablesample(10).c.id),
    "the left side of an outer join": select(User.id, ApiKey.id).outerjoin(ApiKey, and_(OWN, OWN_KEYS)),
    "the left side of an outer join in the from": select(User.id).select_from(
        users.outerjoin(api_keys, and_(users.c.company_id == ACME, api_keys.c.company_id == ACME))
    ),
    "both sides of a full join": select(User.id, ApiKey.id).join(ApiKey, and_(OWN, OWN_KEYS), full=True),
    "named through one that is not named": select(ApiKey, User, Lead).where(
        ApiKey.company_id == User.company_id, User.company_id == Lead.company_id
    ),
    # Statements inside statements.
    "a union of which one is not named": union(_named, _all),
    "a union that is selected from": select(union_all(_named, _all).subquery().c.id),
    "an intersection": intersect(_all, _named),
    "a subquery": select(_all.subquery()),
    "a subquery that is filtered from outside": select(sub := _all.subquery()).where(sub.c.company_id == ACME),
    "an alias of a subquery": select(_all.subquery().alias("again")),
    "a cte": select(_all.cte()),
    "a cte that nobody reads": _named.add_cte(_all.cte("unread")),
    "a cte that deletes": select(delete(User).returning(User.id).cte("gone").c.id),
    "an entity of a subquery": select(aliased(User, select(User).subquery())),
    "a subquery in the where": select(User).where(OWN, User.id.in_(select(ApiKey.created_by))),
    "the same table in the where": select(User).where(OWN, User.id.in_(select(User.id))),
    "the same table in the where, uncorrelated": select(User).where(
        OWN, exists(select(User.id).where(User.id == ApiKey.created_by, OWN_KEYS).correlate(None))
    ),
    "the same table two statements further in": select(User.id).where(
        OWN,
        exists(
            select(Lead.id).where(
                Lead.company_id == ACME,
                exists(select(User.id, ApiKey.id).where(ApiKey.created_by == User.id, OWN_KEYS)),
            )
        ),
    ),
    "one of two in a union in the where": select(User.id).where(
        OWN, User.id.in_(union(select(ApiKey.created_by).where(OWN_KEYS), select(ApiKey.created_by)))
    ),
    "a scalar subquery": select(User.id, select(func.count(ApiKey.id)).scalar_subquery()).where(OWN),
    "an exists": select(User).where(OWN, exists().where(ApiKey.created_by == User.id)),
    "not exists": select(User).where(OWN, ~exists().where(ApiKey.created_by == User.id)),
    "a subquery in the order": select(User).where(OWN).order_by(select(func.max(ApiKey.name)).scalar_subquery()),
    "a lateral": select(User.id, lateral(select(ApiKey.id).where(ApiKey.created_by == User.id)).c.id).where(OWN),
    "a subquery of a table that is not owned": select(LoginThrottle).where(LoginThrottle.email.in_(select(User.email))),
    # Changes.
    "update": update(User).values(role="admin"),
    "update by id": update(User).where(User.id == ACME).values(role="admin"),
    "update of the company": update(User).where(User.id == ACME).values(company_id=ACME),
    "update or": update(User).where(or_(OWN, true())).values(role="admin"),
    "update by another table": update(User).where(User.id == ApiKey.created_by, OWN_KEYS).values(role="admin"),
    "update from another table": update(User).where(OWN, User.id == ApiKey.created_by).values(role="admin"),
    "update with a subquery": update(User).where(OWN).values(role=select(ApiKey.name).limit(1).scalar_subquery()),
    "update of the table": update(users).values(role="admin"),
    "delete": delete(User),
    "delete by id": delete(User).where(User.id == ACME).returning(User.id),
    "delete of the table": delete(users).where(users.c.id == ACME),
    "delete with a subquery": delete(User).where(OWN, User.id.in_(select(ApiKey.created_by))),
    "insert": insert(ApiKey).values(_row),
    "insert of several": insert(ApiKey).values([{**_row, "company_id": ACME}, _row]),
    "insert from a select": insert(ApiKey).from_select(["company_id", "id"], select(User.company_id, User.id)),
    "insert from a select of one company, for nobody": insert(ApiKey).from_select(["id"], select(User.id).where(OWN)),
    "insert or update": pg_insert(ApiKey)
    .values(_row)
    .on_conflict_do_update(index_elements=["key"], set_={"name": "x"}),
}

PASSED: dict[str, Any] = {
    "one company": select(User).where(OWN),
    "the platform": select(User).where(User.company_id.is_(None)),
    "several companies": select(User).where(User.company_id.in_([ACME, GLOBEX])),
    "the value first": select(User).where(literal(ACME, User.company_id.type) == User.company_id),
    "a parameter": select(User).where(User.company_id == bindparam("company", ACME)),
    "among other criteria": select(User.email).where(User.role == "admin", OWN).order_by(User.email).limit(1),
    "in an and": select(User).where(and_(User.role == "admin", and_(OWN, User.email == "a"))),
    "in every branch of an or": select(User).where(or_(OWN, User.company_id.is_(None))),
    "in every branch of an or, deeper": select(User).where(
        or_(and_(OWN, User.role == "admin"), and_(User.company_id.is_(None), User.role == "super_admin"))
    ),
    "a count": select(func.count()).select_from(User).where(OWN),
    "a count of a subquery": select(func.count()).select_from(select(User).where(OWN).subquery()),
    "any row": select(exists().where(OWN)),
    "the table without its model": select(users).where(users.c.company_id == ACME),
    "an alias": select(Other).where(Other.company_id == ACME),
    "an alias beside its table": select(User, Other).where(OWN, Other.company_id == ACME, Other.id == User.id),
    "a join that names both": select(ApiKey).join(User, and_(User.id == ApiKey.created_by, OWN)).where(OWN_KEYS),
    "a join of equal companies": select(ApiKey)
    .join(User, and_(User.id == ApiKey.created_by, User.company_id == ApiKey.company_id))
    .where(OWN_KEYS),
    "three of equal companies": select(ApiKey.id).where(
        ApiKey.company_id == User.company_id, User.company_id == Lead.company_id, Lead.company_id == ACME
    ),
    "an inner join that names both": select(ApiKey).join(User, and_(OWN, OWN_KEYS)),
    "the right side of an outer join": select(User.id, ApiKey.id).outerjoin(ApiKey, OWN_KEYS).where(OWN),
    "a join in the from": select(ApiKey.id)
    .select_from(api_keys.join(users, users.c.company_id == api_keys.c.company_id))
    .where(OWN_KEYS),
    "a union": union(_named, select(ApiKey.id, ApiKey.company_id).where(OWN_KEYS)),
    "an ordered union": union(_named, _named).order_by("id"),
    "a subquery": select(_named.subquery()),
    "a cte": select(_named.cte().c.id),
    "a cte that deletes": select(delete(User).where(OWN, User.id == ACME).returning(User.id).cte("gone").c.id),
    "an entity of a subquery": select(aliased(User, select(User).where(OWN).subquery())),
    "a subquery in the where": select(User).where(OWN, User.id.in_(select(ApiKey.created_by).where(OWN_KEYS))),
    "an exists": select(User).where(OWN, exists().where(ApiKey.created_by == User.id, OWN_KEYS)),
    "an exists of equal companies": select(User).where(
        OWN, exists().where(ApiKey.created_by == User.id, ApiKey.company_id == User.company_id)
    ),
    "a table of the statement around the one around": select(User.id).where(
        OWN,
        exists(
            select(Lead.id).where(
                Lead.company_id == ACME,
                exists(select(ApiKey.id).where(ApiKey.created_by == User.id, OWN_KEYS).correlate(User)),
            )
        ),
    ),
    "a union in the where": select(User.id).where(
        OWN,
        User.id.in_(
            union(
                select(ApiKey.created_by).where(ApiKey.created_by == User.id, ApiKey.company_id == User.company_id),
                select(Lead.id).where(Lead.company_id == ACME),
            )
        ),
    ),
    "a lateral": select(User.id, lateral(select(ApiKey.id).where(ApiKey.created_by == User.id, OWN_KEYS)).c.id).where(
        OWN
    ),
    "update": update(User).where(OWN).values(role="admin"),
    "update of the platform": update(User).where(User.company_id.is_(None)).values(email="x"),
    "update with returning": update(User).where(OWN, User.id == ACME).values(role="admin").returning(User),
    "update by another table": update(User).where(OWN, User.id == ApiKey.created_by, OWN_KEYS).values(role="admin"),
    "delete": delete(User).where(OWN, User.id == ACME),
    "insert from a select": insert(Lead).from_select(
        ["company_id", "id", "first_name", "last_name", "email"],
        select(User.company_id, User.id, User.first_name, User.last_name, User.email).where(OWN),
    ),
    # No company-owned table in them.
    "a table of the platform": select(LoginThrottle),
    "companies": select(Company).where(Company.id == ACME),
    "nothing": select(literal(1)),
    "a function": select(func.now()),
    # Not read at all: the second wall alone guards it (test_second_wall.py).
    "text": text("SELECT * FROM users"),
    "a table that is only named": select(table("users", column("email")).c.email),
}


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    with app.app_context(), transaction() as current:
        tenancy.enter_company(ACME)
        yield current
        current.rollback()


@pytest.mark.parametrize("statement", REFUSED.values(), ids=list(REFUSED))
def test_refuses_a_statement_without_a_company(session: Session, statement: Any) -> None:
    with pytest.raises(CompanyNotNamed):
        session.execute(statement)


@pytest.mark.parametrize("statement", PASSED.values(), ids=list(PASSED))
def test_passes_a_statement_with_a_company(session: Session, statement: Any) -> None:
    session.execute(statement)


@pytest.fixture(scope="module")
def neighbours(_owner: Engine) -> Iterator[Connection]:
    """A connection that no wall binds, to rows of both companies that nobody else sees."""
    with _owner.connect() as connection:
        for company, tag in ((ACME, "acme"), (GLOBEX, "globex")):
            rows.fill(connection, company, tag)
        yield connection
        connection.rollback()


# They name the other company, or are not read.
_ABOUT_BOTH = {"several companies", "text", "a table that is only named"}


@pytest.mark.parametrize("name", [name for name in PASSED if name not in _ABOUT_BOTH])
def test_what_passes_has_nothing_to_do_with_another_company(neighbours: Connection, name: str) -> None:
    def result() -> Any:
        with neighbours.begin_nested() as savepoint:
            found = neighbours.execute(PASSED[name])
            told = sorted(map(repr, found)) if found.returns_rows else found.rowcount
            savepoint.rollback()
            return told

    with_both = result()
    with neighbours.begin_nested() as savepoint:
        neighbours.execute(delete(Company).where(Company.id == GLOBEX))
        alone = result()
        savepoint.rollback()
    assert with_both == alone


@pytest.mark.parametrize(
    "call",
    [
        lambda current: current.get(User, ACME),
        lambda current: current.get_one(User, ACME),
        lambda current: current.query(User).all(),
        lambda current: current.query(User).filter(User.id == ACME).count(),
        lambda current: current.query(User).filter(User.id == ACME).update({"role": "admin"}),
        lambda current: current.query(User).filter(User.id == ACME).delete(),
        lambda current: current.scalars(select(User)).all(),
        lambda current: current.scalar(select(func.count(User.id))),
        lambda current: current.execute(insert(ApiKey), [{**_row, "company_id": ACME}, _row]),
        lambda current: current.merge(User(id=ACME, company_id=ACME)),
    ],
    ids=["get", "get_one", "query", "count", "update", "delete", "scalars", "scalar", "insert many", "merge"],
)
def test_refuses_every_way_to_ask(session: Session, call: Callable[[Session], Any]) -> None:
    with pytest.raises(CompanyNotNamed):
        call(session)


def test_looks_at_what_a_passed_statement_was_made_into(session: Session) -> None:
    passed = select(User.id).where(OWN)
    for _ in range(2):
        session.execute(passed)
    for other in (
        passed.add_columns(ApiKey.id),
        passed.join(ApiKey),
        passed.union(_all),
        select(passed.subquery(), _all.subquery()),
    ):
        with pytest.raises(CompanyNotNamed):
            session.execute(other)


def test_looks_at_the_values_of_every_insert(session: Session) -> None:
    statement = insert(Lead)
    row = {"first_name": "A", "last_name": "B", "email": "a@b.example"}
    with pytest.raises(IntegrityError, match="fk_leads_company_id"), session.begin_nested():
        session.execute(statement, [{**row, "company_id": ACME}])
    with pytest.raises(CompanyNotNamed):
        session.execute(statement, [row])


def test_passes_many_inserted_rows_that_name_it(session: Session) -> None:
    row = {"first_name": "A", "last_name": "B", "email": "a@b.example", "company_id": ACME}
    # It came as far as Postgres, where there is no such company.
    with pytest.raises(IntegrityError, match="fk_leads_company_id"):
        session.execute(insert(Lead), [row, row])


def test_refuses_to_read_a_known_row_again(session: Session, cast: Cast) -> None:
    tenancy.enter_company(cast.acme)
    alice = session.scalars(select(User).where(User.company_id == cast.acme, User.id == cast.alice.id)).one()
    with pytest.raises(CompanyNotNamed):
        session.refresh(alice)


def test_across_companies_opens_the_guard_while_it_lasts(session: Session) -> None:
    with across_companies("the test of the opt-out"):
        session.execute(select(User))
        with across_companies("inside another one"):
            session.execute(select(User))
        session.execute(select(User))
    with pytest.raises(CompanyNotNamed):
        session.execute(select(User))


def test_across_companies_ends_with_an_error(session: Session) -> None:
    with pytest.raises(ZeroDivisionError), across_companies("the test of the opt-out"):
        raise ZeroDivisionError
    with pytest.raises(CompanyNotNamed):
        session.execute(select(User))


def test_the_opt_out_ends_with_the_transaction(app: Flask) -> None:
    with app.app_context():
        with transaction() as current, pytest.raises(ZeroDivisionError), across_companies("the test of the opt-out"):
            current.rollback()
            raise ZeroDivisionError
        with transaction() as current, pytest.raises(CompanyNotNamed):
            current.execute(select(User))


@pytest.mark.parametrize("company_id", [GLOBEX, None])
def test_refuses_to_flush_a_row_of_another_company(session: Session, company_id: UUID | None) -> None:
    session.add(ApiKey(**_row, company_id=company_id))
    with pytest.raises(CompanyNotNamed):
        session.flush()


def test_refuses_to_flush_a_row_without_any_company_entered(app: Flask) -> None:
    with app.app_context(), transaction() as current:
        current.add(ApiKey(**_row, company_id=ACME))
        with pytest.raises(CompanyNotNamed):
            current.flush()
        current.expunge_all()


def test_refuses_to_give_a_row_away(session: Session, cast: Cast) -> None:
    tenancy.enter_company(cast.acme)
    alice = session.scalars(select(User).where(User.company_id == cast.acme, User.id == cast.alice.id)).one()
    alice.company_id = cast.globex
    with pytest.raises(CompanyNotNamed):
        session.flush()


def test_refuses_to_delete_a_row_of_another_company(session: Session, cast: Cast) -> None:
    with across_companies("the test finds a row of another company"):
        charlie = session.scalars(select(User).where(User.id == cast.charlie.id)).one()
    session.delete(charlie)
    with pytest.raises(CompanyNotNamed):
        session.flush()


def test_is_on_for_every_session_of_the_process(app: Flask) -> None:
    guard.install()  # again: changes nothing
    with app.app_context(), pytest.raises(CompanyNotNamed):
        Session(db.engine).execute(select(User))


def test_needs_models_without_relationships_to_owned_rows() -> None:
    """What a relationship loads is not part of the statement that the guard reads, so it would pass."""
    reached = [each for mapper in Base.registry.mappers for each in mapper.relationships]
    assert [str(each) for each in reached if "company_id" in each.mapper.local_table.c] == []
