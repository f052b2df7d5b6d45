"""The second wall alone: text that the first one doesn't read, through the application's own session.

Whatever a query forgets or is talked into, Postgres shows and changes the rows of the entered company only.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, Integer, MetaData, Table, event, insert, select, text
from sqlalchemy import Column as SqlColumn
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.config import Settings
from app.core import guard, tenancy
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.db import Base
from tests.guards import rows
from tests.guards.rows import OWNED

# The company of a row, by table.
COMPANY = {**dict.fromkeys(OWNED, "company_id"), "companies": "id"}
ACME, GLOBEX = uuid4(), uuid4()
_INSUFFICIENT_PRIVILEGE = "42501"  # what row-level security raises, and missing rights as well


@pytest.fixture(scope="module")
def stored(_owner: Engine) -> Iterator[dict[str, dict[str, Any]]]:
    """One row of every table for both companies and, where there may be one, for the platform. Those of globex."""
    with _owner.begin() as connection:
        rows.fill(connection, ACME, "acme")
        mine = rows.fill(connection, GLOBEX, "globex")
        _give_to_the_platform(connection)
    yield mine
    with _owner.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != "signing_keys":
                connection.execute(table.delete())


def _give_to_the_platform(connection: Connection) -> None:
    for name in OWNED:
        table = Base.metadata.tables[name]
        if table.c.company_id.nullable and name != "users":  # a check has the last word on users
            connection.execute(insert(table).values({**rows.make_row(table, ACME, "platform", {}), **_nobody(table)}))


def _nobody(table: Table) -> dict[str, Any]:
    return {"company_id": None}


@pytest.fixture
def session(app: Flask, stored: object) -> Iterator[Session]:
    with app.app_context(), transaction() as current:
        yield current
        current.rollback()


def _companies_seen(session: Session, table: str) -> set[UUID | None]:
    return set(session.scalars(text(f"SELECT {COMPANY[table]} FROM {table}")))


def _refused(session: Session, statement: Any, values: dict[str, Any] | None = None) -> bool:
    """Whether Postgres refuses a statement for want of rights, and for nothing else."""
    try:
        with session.begin_nested():
            session.execute(statement, values or {})
    except DBAPIError as error:
        assert getattr(error.orig, "pgcode", None) == _INSUFFICIENT_PRIVILEGE, error
        return True
    return False
