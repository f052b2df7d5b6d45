"""Questions in plain words, answered by a customer's database: tables are picked, a model writes SQL, the guard and the
database look at it, the model puts right what they say, and it is run if the caller wants so."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.settings import settings
from app.core.transaction import transaction
from app.errors import NotFound, Unavailable
from app.repositories import database_connections, database_examples, model_calls
from app.security.principal import Principal
from app.services import database_schema, database_search, database_statements, model_choice, sql_models
from app.services.call_costs import Call
from app.services.database_access import DatabaseUnavailable
from app.services.database_examples import nearest
from app.services.database_schema import StoredTable
from app.services.database_statements import NotAnalyzed, Place
from app.services.model_choice import ChatChoice
from app.textsql import generate, link
from app.textsql.failures import DatabaseFailed, StatementFailed
from app.textsql.generate import Example, Shown
from app.textsql.guard import Checked, Refused
from app.textsql.link import Candidate
from app.textsql.run import Result
from app.textsql.watch import CallerLeft

_ATTEMPTS = 3
_SHOWN_VALUES = 5


class NoModel(Unavailable):
    """Writing SQL takes a language model; the builtin agent can't."""

    code = "ai_service_unavailable"
    detail = "Questions to a database take a language model. Choose one in the settings of the agent or the company."


class CallerGone(Unavailable):
    """Whoever asked has hung up, so that nobody reads this."""

    code = "caller_left"
    detail = "The caller has left."


class Status(StrEnum):
    """How a question went. `refused`: the model says that these tables can't answer it; `failed`: what it wrote could
    not be run, see the attempts."""

    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True)
class Attempt:
    """A statement that a model wrote, and what was wrong with it; null: nothing."""

    sql: str | None
    error_code: str | None = None
    error: str | None = None


@dataclass(kw_only=True)
class Answer:
    """What a question came to. Rows are as JSON has them; `cut`: there are more than these."""

    question: str
    status: Status = Status.FAILED
    sql: str | None = None
    explanation: str | None = None
    refusal: str | None = None
    tables: list[str] = field(default_factory=list)
    shown_tables: list[str] = field(default_factory=list)
    executed: bool = False
    columns: list[dict[str, str]] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    row_count: int = 0
    cut: bool = False
    ran_at: datetime | None = None
    duration_ms: int | None = None
    attempts: list[Attempt] = field(default_factory=list)
    provider: str | None = None
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal = Decimal(0)
    currency: str = "USD"


@dataclass(frozen=True)
class Subject:
    """A database with what is known of it, and the models to ask."""

    place: Place
    tables: Sequence[StoredTable]
    line: tuple[ChatChoice, ...]
    examples: Sequence[Example] = ()


def ask(
    principal: Principal,
    connection_id: UUID,
    *,
    question: str,
    execute: bool,
    result_limit: int,
    gone: Callable[[], bool] | None = None,
) -> Answer:
    """Answers a question. Waits for models and the customer's server, so it opens its own transactions.

    Raises `NotFound`, `NotAnalyzed`, `NoModel`, `AllModelsFailed`, `DatabaseUnavailable`, and `CallerGone` when `gone`
    says so.
    """
    company_id = principal.company()
    subject = _load(company_id, connection_id, question)
    near = database_search.rank_tables(company_id=company_id, connection_id=connection_id, question=question)
    calls: list[Call] = []
    row_limit = min(result_limit, settings().database_most_rows)
    deadline = time.monotonic() + settings().turn_seconds
    try:
        answer = answer_from(
            subject, question, near, calls, row_limit=row_limit, execute=execute, deadline=deadline, gone=gone
        )
    except DatabaseFailed as error:
        raise DatabaseUnavailable(error) from None
    except CallerLeft:
        raise CallerGone from None
    finally:
        _store(company_id, subject.place.agent_id, calls)
    return _billed(answer, calls, subject.place)


def answer_from(
    subject: Subject,
    question: str,
    near: dict[UUID, float],
    calls: list[Call],
    *,
    row_limit: int,
    execute: bool,
    deadline: float,
    attempts: int = _ATTEMPTS,
    gone: Callable[[], bool] | None = None,
) -> Answer:
    """The same for what has been loaded already; `calls` gets a record of each call to a model. Raises `DatabaseFailed`
    for what is no fault of a statement."""
    picked = pick(subject.tables, question, near)
    answer = Answer(question=question, shown_tables=[_name(each) for each in picked])
    messages = generate.messages(
        question,
        [_shown(each) for each in picked],
        subject.place.dialect,
        examples=subject.examples,
        today=now().date().isoformat(),
    )
    for _attempt in range(attempts):
        asked = sql_models.ask(subject.line, messages, calls, deadline=deadline, gone=gone)
        written = asked.written
        if written.refusal is not None:
            answer.status, answer.refusal = Status.REFUSED, written.refusal
            return answer
        wrong = _try(answer, subject, written.sql, row_limit, execute=execute, gone=gone)
        if wrong is None:
            answer.status, answer.explanation = Status.ANSWERED, written.explanation or None
            return answer
        messages = generate.repair(messages, asked.answer, wrong)
    return answer


def pick(tables: Sequence[StoredTable], question: str, near: dict[UUID, float]) -> list[StoredTable]:
    """The tables that a model is shown for a question."""
    candidates = {id(each.table): each for each in tables}
    found = link.pick(question, [candidate_of(each, near.get(each.id, 0.0)) for each in tables])
    return [candidates[id(each.table)] for each in found]


def candidate_of(stored: StoredTable, nearness: float = 0.0) -> Candidate:
    """A table as it is compared with questions."""
    values = [str(value) for column in stored.columns.values() for value in column.distinct_values or ()]
    return Candidate(stored.table, stored.description or "", values[:200], nearness)


def _load(company_id: UUID, connection_id: UUID, question: str) -> Subject:
    with transaction():
        tenancy.enter_company(company_id)
        connection = database_connections.get(company_id=company_id, connection_id=connection_id)
        if connection is None:
            raise NotFound
        place = database_statements.place_of(connection)
        line = model_choice.find(company_id=company_id, agent_id=connection.agent_id).chat
        if not line:
            raise NoModel
        tables = database_schema.load(company_id=company_id, connection_id=connection_id)
        if not tables:
            raise NotAnalyzed
        examples = database_examples.find_all(company_id=company_id, connection_id=connection_id)
        return Subject(place, tables, line, nearest(question, examples))


def _try(
    answer: Answer,
    subject: Subject,
    sql: str | None,
    row_limit: int,
    *,
    execute: bool,
    gone: Callable[[], bool] | None,
) -> str | None:
    """Looks at a statement and runs it; what is wrong with it, None: nothing."""
    if sql is None:
        wrong = "The answer is no JSON object with “sql” or “refusal”."
        answer.attempts.append(Attempt(None, "not_understood", wrong))
        return wrong
    place = subject.place
    try:
        checked = database_statements.check(place, sql, subject.tables, row_limit=row_limit)
        database_statements.try_out(place, checked)
        answer.ran_at = now() if execute else None
        result = database_statements.execute(place, checked, gone=gone) if execute else None
    except Refused as error:
        answer.attempts.append(Attempt(sql, error.reason, str(error)))
        return str(error)
    except StatementFailed as error:
        answer.attempts.append(Attempt(sql, "statement_failed", error.detail))
        return error.detail
    answer.attempts.append(Attempt(sql))
    _note(answer, checked, result)
    return None


def _note(answer: Answer, checked: Checked, result: Result | None) -> None:
    answer.sql, answer.tables = checked.sql, database_statements.names_of(checked)
    if result is None:
        answer.columns = [{"name": name, "type": "unknown"} for name in checked.columns]
        return
    answer.executed, answer.rows, answer.cut = True, result.rows, result.cut
    answer.columns, answer.row_count = database_statements.shown(result.columns), len(result.rows)
    answer.duration_ms = result.milliseconds


def _shown(stored: StoredTable) -> Shown:
    values = {
        name: [str(value) for value in (column.distinct_values or column.samples or [])[:_SHOWN_VALUES]]
        for name, column in stored.columns.items()
        if not column.personal
    }
    return Shown(stored.table, stored.description or "", values)


def _name(stored: StoredTable) -> str:
    table = stored.table
    return f"{table.schema}.{table.name}" if table.schema else table.name


def _store(company_id: UUID, agent_id: UUID, calls: Sequence[Call]) -> None:
    if calls:
        with transaction():
            tenancy.enter_company(company_id)
            model_calls.add_all([call.row_of(company_id, agent_id) for call in calls])


def _billed(answer: Answer, calls: Sequence[Call], place: Place) -> Answer:
    rows = [call.row_of(place.company_id, place.agent_id) for call in calls]
    if rows:
        answer.provider, answer.model, answer.currency = rows[-1].provider, rows[-1].model, rows[-1].currency
    answer.input_tokens = sum(row.input_tokens for row in rows)
    answer.output_tokens = sum(row.output_tokens for row in rows)
    answer.cost = sum((row.cost for row in rows), Decimal(0))
    return answer
