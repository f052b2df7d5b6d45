"""What an agent has done so far, in numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.models.document import DocumentStatus
from app.models.turn import TurnOutcome, TurnStatus
from app.repositories import agent_stats
from app.security.principal import Principal
from app.services import agents


@dataclass(frozen=True)
class Turns:
    """Answers asked for. Times are means in milliseconds since the question came, of turns that were answered; None
    when there was none. `refusal_rate` is the share of questions, small talk aside, that the documents did not
    answer, 0 to 1."""

    by_status: Mapping[str, int]
    by_outcome: Mapping[str, int]
    refusal_rate: float | None
    response_ms: float | None
    first_delta_ms: float | None


@dataclass(frozen=True)
class Usage:
    """Calls to models in one currency."""

    currency: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost: float


@dataclass(frozen=True)
class AgentStats:
    """Everything there is to count about an agent."""

    agent_id: UUID
    conversations: int
    open_conversations: int
    messages: int
    visitor_messages: int
    agent_messages: int
    leads: int
    turns: Turns
    feedback_up: int
    feedback_down: int
    documents: Mapping[str, int]
    chunks: int
    unanswered_questions: int
    open_questions: int
    usage: Sequence[Usage]
    last_activity_at: datetime | None


def compute(principal: Principal, agent_id: UUID) -> AgentStats:
    """Counts, from the beginning, of an agent of the caller's company."""
    agent = agents.get(principal, agent_id)
    of = {"company_id": agent.company_id, "agent_id": agent.id}
    talks, said = agent_stats.count_conversations(**of), agent_stats.count_messages(**of)
    documents, unanswered = agent_stats.count_documents(**of), agent_stats.count_unanswered(**of)
    return AgentStats(
        agent_id=agent.id,
        conversations=talks.total,
        open_conversations=talks.open,
        messages=said.total,
        visitor_messages=said.visitors,
        agent_messages=said.agents,
        leads=agent_stats.count_leads(**of),
        turns=_turns(agent_stats.count_turns(**of)),
        feedback_up=said.up,
        feedback_down=said.down,
        documents=_by(documents, "status", DocumentStatus),
        chunks=sum(row.chunks for row in documents),
        unanswered_questions=unanswered.total,
        open_questions=unanswered.open,
        usage=[_usage(row) for row in agent_stats.sum_model_calls(**of)],
        last_activity_at=talks.last_message_at,
    )


def _turns(rows: Sequence[Any]) -> Turns:
    by_outcome = _by([row for row in rows if row.outcome], "outcome", TurnOutcome)
    refused = by_outcome[TurnOutcome.REFUSED]
    asked = refused + by_outcome[TurnOutcome.ANSWERED]
    completed = [row for row in rows if row.status == TurnStatus.COMPLETED]
    return Turns(
        by_status=_by(rows, "status", TurnStatus),
        by_outcome=by_outcome,
        refusal_rate=round(refused / asked, 4) if asked else None,
        response_ms=_mean(completed, "response_ms", "timed"),
        first_delta_ms=_mean(completed, "first_delta_ms", "streamed"),
    )


def _by(rows: Sequence[Any], column: str, values: Any) -> dict[str, int]:
    counts = dict.fromkeys(map(str, values), 0)
    for row in rows:
        counts[getattr(row, column)] += row.total
    return counts


def _mean(rows: Sequence[Any], total: str, number: str) -> float | None:
    count = sum(getattr(row, number) for row in rows)
    return round(float(sum(getattr(row, total) for row in rows)) / count, 1) if count else None


def _usage(row: Any) -> Usage:
    return Usage(row.currency, row.calls, row.input_tokens, row.output_tokens, float(row.cost))
