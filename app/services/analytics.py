"""Analytics of a company and of its agents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.window import Window
from app.models.document import DocumentStatus
from app.models.lead import LeadStatus
from app.repositories import agent_figures, call_figures, company_figures, lead_figures
from app.security.principal import Principal
from app.services import agents, figures, rollups
from app.services.figures import Answers, Cost, Feedback, Period

_MOST = 10
_DAILY = ("conversations", "visitor_messages", "agent_messages", "turns", "answered", "refused", "failed")


@dataclass(frozen=True)
class Documents:
    """Live documents, now."""

    total: int
    by_status: Mapping[str, int]
    chunks: int
    bytes: int


@dataclass(frozen=True)
class Dashboard:
    """A company at a glance: what there is now, and what happened in the period."""

    period: Period
    agents: Mapping[str, int]
    documents: Documents
    conversations: Mapping[str, int]
    messages: Mapping[str, int]
    leads: Mapping[str, Any]
    answers: Answers
    feedback: Feedback
    unanswered_questions: Mapping[str, int]
    models: Sequence[Cost]
    api: Mapping[str, int]
    users: int
    api_keys: int
    daily: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class AgentAnalytics:
    """What an agent did in the period, and the documents that it has now."""

    agent_id: UUID
    name: str
    period: Period
    conversations: int
    messages: Mapping[str, int]
    answers: Answers
    feedback: Feedback
    unanswered_questions: Mapping[str, Any]
    models: Sequence[Cost]
    models_by_name: Sequence[Mapping[str, Any]]
    documents: Documents
    top_questions: Sequence[Mapping[str, Any]]
    cited_documents: Sequence[Mapping[str, Any]]
    daily: Sequence[Mapping[str, Any]]


def dashboard(principal: Principal, window: Window) -> Dashboard:
    """The caller's company at a glance."""
    company_id = principal.company()
    current = rollups.refresh(company_id, window.asked_at, patient=False)
    of: dict[str, Any] = {"company_id": company_id, "window": window}
    now, did = company_figures.totals(company_id=company_id), agent_figures.totals(**of)
    by_status = {row.status: row.leads for row in lead_figures.by_status(**of)}
    new_leads = {row.day: row.leads for row in lead_figures.by_day(**of)}
    daily = figures.series(window.days, agent_figures.by_day(**of), _DAILY)
    return Dashboard(
        period=figures.period(window, current),
        agents={"total": now.agents, "active": now.active_agents},
        documents=_documents(company_id, None),
        conversations={"total": now.conversations, "new": did.conversations},
        messages=_messages(did),
        leads={
            "total": now.leads,
            "new": sum(by_status.values()),
            "by_status": {status.value: by_status.get(status, 0) for status in LeadStatus},
        },
        answers=figures.answers(did, agent_figures.times(**of)),
        feedback=figures.feedback(did),
        unanswered_questions={"asked": did.unanswered, "open": did.unanswered_open},
        models=figures.costs(agent_figures.costs(**of)),
        api=dict(call_figures.totals(**of)._mapping),
        users=now.users,
        api_keys=now.api_keys,
        daily=[{**each, "leads": new_leads.get(each["date"], 0)} for each in daily],
    )


def agent(principal: Principal, agent_id: UUID, window: Window) -> AgentAnalytics:
    """What an agent of the caller's company did."""
    found = agents.get(principal, agent_id)
    current = rollups.refresh(found.company_id, window.asked_at, patient=False)
    of: dict[str, Any] = {"company_id": found.company_id, "window": window, "agent_id": agent_id}
    did, spent = agent_figures.totals(**of), agent_figures.costs_by_model(**of)
    return AgentAnalytics(
        agent_id=agent_id,
        name=found.name,
        period=figures.period(window, current),
        conversations=did.conversations,
        messages=_messages(did),
        answers=figures.answers(did, agent_figures.times(**of)),
        feedback=figures.feedback(did),
        unanswered_questions={
            "asked": did.unanswered,
            "open": did.unanswered_open,
            "newest": agent_figures.unanswered_questions(**of, most=_MOST),
        },
        models=figures.costs_by_currency(spent),
        models_by_name=[{**row._mapping, "cost": float(row.cost)} for row in spent],
        documents=_documents(found.company_id, agent_id),
        top_questions=[
            {"question": question, "times": times} for question, times in agent_figures.top_questions(**of, most=_MOST)
        ],
        cited_documents=[
            {"document_id": document, "title": title, "deleted": deleted, "answers": answers}
            for document, title, deleted, answers in agent_figures.cited_documents(**of, most=_MOST)
        ],
        daily=figures.series(window.days, agent_figures.by_day(**of), (*_DAILY, "feedback_up", "feedback_down")),
    )


def _messages(did: Any) -> dict[str, int]:
    return {
        "total": did.visitor_messages + did.agent_messages,
        "visitor": did.visitor_messages,
        "agent": did.agent_messages,
    }


def _documents(company_id: UUID, agent_id: UUID | None) -> Documents:
    rows = company_figures.documents(company_id=company_id, agent_id=agent_id)
    by_status = {row.status: row.total for row in rows}
    return Documents(
        total=sum(by_status.values()),
        by_status={status.value: by_status.get(status, 0) for status in DocumentStatus},
        chunks=sum(row.chunks for row in rows),
        bytes=sum(row.bytes for row in rows),
    )
