"""Analytics of what a company uses: calls, answers, models and what they cost."""

from typing import Any

from app.core.window import Window
from app.repositories import agent_figures, call_figures, company_figures
from app.security.principal import Principal
from app.services import call_analytics, call_sums, figures, rollups

_COUNTS = ("requests", "client_errors", "server_errors", "rate_limited")
_DID = ("conversations", "visitor_messages", "agent_messages", "turns", "answered", "refused", "small_talk", "failed")


def compute(principal: Principal, window: Window) -> dict[str, Any]:
    """What the caller's company used in the window, by agent, model and day."""
    company_id = principal.company()
    current = rollups.refresh(company_id, window.asked_at, patient=False)
    of: dict[str, Any] = {"company_id": company_id, "window": window}
    callers, did = call_figures.by_caller(**of), agent_figures.totals(**of)
    calls, spent = call_sums.total(callers), agent_figures.costs_by_model(**of)
    stored = company_figures.documents(company_id=company_id)
    return {
        "period": figures.period(window, current),
        "api": {name: getattr(calls, name) for name in _COUNTS},
        "by_caller": call_analytics.by_caller(callers),
        **{name: getattr(did, name) for name in _DID},
        "models": figures.costs_by_currency(spent),
        "models_by_name": [{**row._mapping, "cost": float(row.cost)} for row in spent],
        "agents": agents(of),
        "storage": {
            "documents": sum(row.total for row in stored),
            "chunks": sum(row.chunks for row in stored),
            "bytes": sum(row.bytes for row in stored),
        },
        "daily": daily(of),
    }


def agents(of: dict[str, Any]) -> list[dict[str, Any]]:
    """What each agent did, those with most questions first; agents that did nothing and are deleted are left out."""
    did = agent_figures.by_agent(**of)
    costs: dict[Any, list[Any]] = {}
    for row in agent_figures.costs_by_agent(**of):
        costs.setdefault(row.agent_id, []).append(row)
    shown = [
        {
            "agent_id": agent.id,
            "name": agent.name,
            "deleted": agent.deleted_at is not None,
            **{name: getattr(did.get(agent.id), name, 0) for name in _DID},
            "models": figures.costs(costs.get(agent.id, ())),
        }
        for agent in company_figures.agents(company_id=of["company_id"])
        if agent.deleted_at is None or agent.id in did or agent.id in costs
    ]
    return sorted(shown, key=lambda each: (-each["turns"], each["name"]))


def daily(of: dict[str, Any]) -> list[dict[str, Any]]:
    """What was done, called and spent, day by day of the window's zone."""
    days = of["window"].days
    calls = {row.step: row for row in call_figures.series(**of, granularity="daily")}
    costs: dict[Any, list[Any]] = {}
    for row in agent_figures.costs_by_day(**of):
        costs.setdefault(row.day, []).append(row)
    did = figures.series(days, agent_figures.by_day(**of), _DID)
    called = figures.series(days, calls, _COUNTS)
    return [{**a, **b, "models": figures.costs(costs.get(a["date"], ()))} for a, b in zip(did, called, strict=True)]
