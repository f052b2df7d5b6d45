"""What a company's databases say to a visitor's question: one query over the tables that their owner allows, whose rows
the answer may cite as they came."""

from __future__ import annotations

import logging
import time
from typing import Any
from uuid import UUID

from app.ai.resilience import AllModelsFailed
from app.core import tenancy
from app.core.transaction import transaction
from app.errors import AppError
from app.repositories import database_connections, database_examples
from app.services import database_questions, database_schema, database_search, database_statements
from app.services.call_costs import Call
from app.services.database_examples import nearest
from app.services.database_questions import Answer, Status, Subject
from app.services.database_schema import StoredTable
from app.services.query_results import QueryResult
from app.services.questions import Question
from app.textsql import link
from app.textsql.failures import DatabaseFailed

log = logging.getLogger(__name__)

_MOST_CONNECTIONS = 5
_MOST_ROWS = 50
_MOST_CHARACTERS = 6_000
# A visitor waits: one statement and one correction, and half of the time is left for the answer itself.
_ATTEMPTS = 2
_SHARE_OF_TIME = 0.5


def find(question: Question, calls: list[Call]) -> QueryResult | None:
    """The rows that answer a question, when it is about tables that visitors may be answered from. A database or model
    that fails is no reason not to answer from documents, so None then, too."""
    try:
        found = _subject(question)
        if found is None:
            return None
        subject, near = found
        answer = database_questions.answer_from(
            subject,
            question.text,
            near,
            calls,
            row_limit=_MOST_ROWS,
            execute=True,
            deadline=time.monotonic() + (question.deadline - time.monotonic()) * _SHARE_OF_TIME,
            attempts=_ATTEMPTS,
        )
    except DatabaseFailed as error:
        log.warning("a customer's database could not be asked", extra={"failure": error.failure})
        return None
    except (AllModelsFailed, AppError) as error:
        log.warning("no query was written for a visitor", extra={"reason": type(error).__name__})
        return None
    return _result(subject, answer) if answer.status is Status.ANSWERED else None


def _subject(question: Question) -> tuple[Subject, dict[UUID, float]] | None:
    """The connection whose tables fit the question best, with those tables alone that visitors may be answered from."""
    company_id = question.company_id
    fitting: list[tuple[float, Subject]] = []
    with transaction():
        tenancy.enter_company(company_id)
        connections = database_connections.find_of_agent(company_id=company_id, agent_id=question.agent_id)
        for connection in connections[:_MOST_CONNECTIONS]:
            tables = database_schema.load(company_id=company_id, connection_id=connection.id, for_visitors=True)
            fit = _fit(question.text, tables)
            if fit >= link.FITS:
                place = database_statements.place_of(connection)
                examples = database_examples.find_all(company_id=company_id, connection_id=connection.id)
                chosen = Subject(place, tables, question.choice.chat, nearest(question.text, examples))
                fitting.append((fit, chosen))
    if not fitting:
        return None
    subject = max(fitting, key=lambda each: each[0])[1]
    near = database_search.rank_tables(
        company_id=company_id, connection_id=subject.place.connection_id, question=question.text
    )
    return subject, near


def _fit(question: str, tables: list[StoredTable]) -> float:
    return link.fit(question, [database_questions.candidate_of(each) for each in tables])


def _result(subject: Subject, answer: Answer) -> QueryResult | None:
    if answer.sql is None or answer.ran_at is None:
        return None
    text, whole = _as_text(answer)
    return QueryResult(
        connection_id=subject.place.connection_id,
        title=subject.place.name,
        sql=answer.sql,
        ran_at=answer.ran_at,
        text=text,
        columns=answer.columns,
        row_count=answer.row_count,
        cut=answer.cut or not whole,
    )


def _as_text(answer: Answer) -> tuple[str, bool]:
    """The rows as lines, and whether all of them fit."""
    lines = [" | ".join(each["name"] for each in answer.columns)]
    used = len(lines[0])
    for row in answer.rows:
        line = " | ".join(_said(value) for value in row)
        used += len(line) + 1
        if used > _MOST_CHARACTERS:
            return "\n".join([*lines, "…"]), False
        lines.append(line)
    if not answer.rows:
        lines.append("(no rows)")
    elif answer.cut:
        lines.append("… (there is more)")
    return "\n".join(lines), True


def _said(value: Any) -> str:
    return "—" if value is None else " ".join(str(value).split())
