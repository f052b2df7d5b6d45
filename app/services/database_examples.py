"""Approved questions with their SQL: saved after the guard has looked at them, shown to models with questions like
them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.core.settings import settings
from app.errors import Conflict, Invalid, NotFound
from app.models.database_connection import DatabaseConnection
from app.models.database_example import DatabaseExample
from app.repositories import database_connections, database_examples
from app.security.principal import Principal
from app.services import audit, database_schema, database_statements
from app.services.audit import Event
from app.services.database_statements import NotAnalyzed
from app.textsql.generate import Example
from app.textsql.guard import Refused
from app.textsql.names import singular, words_of

_MOST = 500
_MOST_SHOWN = 4


class TooManyExamples(Conflict):
    """A connection has as many as are looked through for each question."""

    code = "too_many_examples"
    detail = f"A connection can have {_MOST} examples. Delete one first."


def add(principal: Principal, connection_id: UUID, *, question: str, sql: str) -> DatabaseExample:
    """Saves a question with its SQL. Raises `NotFound`, `NotAnalyzed`, and `Invalid` for SQL that may not be run."""
    connection = _connection(principal, connection_id)
    company_id = connection.company_id
    if database_examples.count(company_id=company_id, connection_id=connection_id) >= _MOST:
        raise TooManyExamples
    tables = database_schema.load(company_id=company_id, connection_id=connection_id)
    if not tables:
        raise NotAnalyzed
    place = database_statements.place_of(connection)
    try:
        checked = database_statements.check(place, sql, tables, row_limit=settings().database_most_rows)
    except Refused as error:
        raise Invalid(errors={"sql": [str(error)]}) from None
    example = DatabaseExample(
        id=new_id(),
        company_id=company_id,
        connection_id=connection_id,
        created_by=principal.user_id,
        question=question,
        sql=sql,
        tables=database_statements.names_of(checked),
    )
    database_examples.add(example)
    _record(principal, Event.DATABASE_EXAMPLE_ADDED, connection, question)
    return example


def find_all(principal: Principal, connection_id: UUID, wanted: PageRequest) -> Page[DatabaseExample]:
    """Those of a connection, the newest first. Raises `NotFound`."""
    connection = _connection(principal, connection_id)
    return database_examples.find_page(company_id=connection.company_id, connection_id=connection_id, wanted=wanted)


def remove(principal: Principal, connection_id: UUID, example_id: UUID) -> None:
    """Deletes one for good. Raises `NotFound`."""
    connection = _connection(principal, connection_id)
    if not database_examples.remove(
        company_id=connection.company_id, connection_id=connection_id, example_id=example_id
    ):
        raise NotFound
    _record(principal, Event.DATABASE_EXAMPLE_REMOVED, connection, str(example_id))


def nearest(question: str, examples: Sequence[DatabaseExample]) -> list[Example]:
    """The few that share the most words with a question, the likest first."""
    asked = _words(question)
    scored = [(len(asked & words) / len(asked | words), each) for each in examples if (words := _words(each.question))]
    best = sorted((each for each in scored if each[0] > 0), key=lambda each: -each[0])[:_MOST_SHOWN]
    return [Example(each.question, each.sql) for _score, each in best]


def _words(text: str) -> set[str]:
    return {singular(word) for word in words_of(text)}


def _connection(principal: Principal, connection_id: UUID) -> DatabaseConnection:
    connection = database_connections.get(company_id=principal.company(), connection_id=connection_id)
    if connection is None:
        raise NotFound
    return connection


def _record(principal: Principal, event: Event, connection: DatabaseConnection, what: str) -> None:
    audit.record(
        event,
        "database_connection",
        connection.id,
        company_id=connection.company_id,
        by=principal,
        after={"example": what},
    )
