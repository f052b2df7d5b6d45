"""Figures about answers: of one agent, or (without one) of all agents of a company."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.core.transaction import session
from app.core.window import Window
from app.repositories import facts
from app.repositories.rollup_sources import AGENTS, ANSWER_TIMINGS, CITATIONS, COSTS, QUESTIONS

_OF_AGENT = "AND (CAST(:agent AS uuid) IS NULL OR agent_id = :agent)"
_SUMS = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in AGENTS.measures)
_DAY = "(at AT TIME ZONE :zone)::date"
_TOTALS = facts.statement(AGENTS, _SUMS, _OF_AGENT)
_BY_DAY = facts.statement(AGENTS, f"{_DAY} AS day, {_SUMS}", f"{_OF_AGENT} GROUP BY 1 ORDER BY 1")
_BY_AGENT = facts.statement(AGENTS, f"agent_id, {_SUMS}", "GROUP BY 1")
_COST_SUMS = "sum(calls)::bigint AS calls, sum(failed)::bigint AS failed, sum(input_tokens)::bigint AS input_tokens, \
sum(output_tokens)::bigint AS output_tokens, sum(cost) AS cost"
_COSTS = facts.statement(COSTS, f"currency, {_COST_SUMS}", f"{_OF_AGENT} GROUP BY 1 ORDER BY 1")
_COSTS_BY_MODEL = facts.statement(
    COSTS,
    f"provider, model, kind, currency, {_COST_SUMS}",
    f"{_OF_AGENT} GROUP BY 1, 2, 3, 4 ORDER BY cost DESC, calls DESC, 1, 2, 3, 4",
)
_COSTS_BY_DAY = facts.statement(
    COSTS, f"{_DAY} AS day, currency, {_COST_SUMS}", f"{_OF_AGENT} GROUP BY 1, 2 ORDER BY 1, 2"
)
_COSTS_BY_AGENT = facts.statement(COSTS, f"agent_id, currency, {_COST_SUMS}", "GROUP BY 1, 2 ORDER BY 1, 2")
_TIMES = facts.statement(
    ANSWER_TIMINGS, "measure, bin, sum(times)::bigint AS times", f"{_OF_AGENT} GROUP BY 1, 2 ORDER BY 1, 2"
)
_TIMES_BY_AGENT = facts.statement(
    ANSWER_TIMINGS, "agent_id, measure, bin, sum(times)::bigint AS times", "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
_QUESTIONS = facts.statement(
    QUESTIONS,
    "hash, sum(times)::bigint AS times, min(example_id::text)::uuid AS example_id",
    "AND agent_id = :agent GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :most",
)
_TEXTS = text("SELECT id, content FROM messages WHERE company_id = :company AND id = ANY(CAST(:ids AS uuid[]))")
_CITED = facts.statement(
    CITATIONS,
    "document_id, sum(answers)::bigint AS answers",
    "AND agent_id = :agent GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :most",
)
_TITLES = text(
    "SELECT id, title, deleted_at IS NOT NULL AS deleted FROM documents "
    "WHERE company_id = :company AND id = ANY(CAST(:ids AS uuid[]))"
)
_UNANSWERED = text(
    """
    SELECT id, question, language, confidence, created_at, resolved_at FROM unanswered_questions
    WHERE company_id = :company AND agent_id = :agent AND created_at >= :start AND created_at < :end
    ORDER BY created_at DESC, id DESC LIMIT :most
    """
)


def totals(*, company_id: UUID, window: Window, agent_id: UUID | None = None) -> Row[Any]:
    """The sum of every measure of `agent_rollups`."""
    return facts.read(_TOTALS, company_id, window, agent=agent_id)[0]


def by_day(*, company_id: UUID, window: Window, agent_id: UUID | None = None) -> Mapping[date, Row[Any]]:
    """The same by day of the window's zone; days without anything are left out."""
    return {row.day: row for row in facts.read(_BY_DAY, company_id, window, agent=agent_id)}


def by_agent(*, company_id: UUID, window: Window) -> Mapping[UUID, Row[Any]]:
    """The same by agent."""
    return {row.agent_id: row for row in facts.read(_BY_AGENT, company_id, window)}


def costs(*, company_id: UUID, window: Window, agent_id: UUID | None = None) -> Sequence[Row[Any]]:
    """Calls to models by currency: (currency, calls, failed, input_tokens, output_tokens, cost)."""
    return facts.read(_COSTS, company_id, window, agent=agent_id)


def costs_by_model(*, company_id: UUID, window: Window, agent_id: UUID | None = None) -> Sequence[Row[Any]]:
    """The same by (provider, model, kind, currency), the dearest first."""
    return facts.read(_COSTS_BY_MODEL, company_id, window, agent=agent_id)


def costs_by_day(*, company_id: UUID, window: Window, agent_id: UUID | None = None) -> Sequence[Row[Any]]:
    """The same by (day, currency), in order."""
    return facts.read(_COSTS_BY_DAY, company_id, window, agent=agent_id)


def costs_by_agent(*, company_id: UUID, window: Window) -> Sequence[Row[Any]]:
    """The same by (agent_id, currency)."""
    return facts.read(_COSTS_BY_AGENT, company_id, window)


def times(*, company_id: UUID, window: Window, agent_id: UUID | None = None) -> Sequence[Row[Any]]:
    """Histograms of what turns took: (measure, bin, times)."""
    return facts.read(_TIMES, company_id, window, agent=agent_id)


def times_by_agent(*, company_id: UUID, window: Window) -> Sequence[Row[Any]]:
    """The same by agent: (agent_id, measure, bin, times)."""
    return facts.read(_TIMES_BY_AGENT, company_id, window)


def top_questions(*, company_id: UUID, window: Window, agent_id: UUID, most: int) -> Sequence[tuple[str, int]]:
    """What an agent was asked most often, as it was first put, and how often."""
    rows = facts.read(_QUESTIONS, company_id, window, agent=agent_id, most=most)
    ids = [str(row.example_id) for row in rows]
    texts = {row.id: row.content for row in session().execute(_TEXTS, {"company": company_id, "ids": ids})}
    return [(texts[row.example_id], row.times) for row in rows if row.example_id in texts]


def cited_documents(
    *, company_id: UUID, window: Window, agent_id: UUID, most: int
) -> Sequence[tuple[UUID, str | None, bool, int]]:
    """The documents that most answers cite: (id, title, whether it is deleted, answers). Without a title: gone."""
    rows = facts.read(_CITED, company_id, window, agent=agent_id, most=most)
    ids = [str(row.document_id) for row in rows]
    known = {row.id: row for row in session().execute(_TITLES, {"company": company_id, "ids": ids})}
    found = []
    for row in rows:
        document = known.get(row.document_id)
        title, deleted = (document.title, document.deleted) if document else (None, True)
        found.append((row.document_id, title, deleted, row.answers))
    return found


def unanswered_questions(*, company_id: UUID, window: Window, agent_id: UUID, most: int) -> Sequence[Row[Any]]:
    """The newest questions without an answer: (id, question, language, confidence, created_at, resolved_at)."""
    values = {"company": company_id, "agent": agent_id, "start": window.start, "end": window.end, "most": most}
    return session().execute(_UNANSWERED, values).all()
