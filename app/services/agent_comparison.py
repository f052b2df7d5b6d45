"""An agent's performance against that of the company's agents and against its own before."""

from typing import Any
from uuid import UUID

from app.core.window import Window
from app.repositories import agent_figures
from app.security.principal import Principal
from app.services import agents, figures, rollups
from app.services.figures import Answers, Feedback

# What more of is better; of the others less is.
_MORE_IS_BETTER = {"conversations", "turns", "answer_rate", "satisfaction"}


def compare(principal: Principal, agent_id: UUID, window: Window) -> dict[str, Any]:
    """An agent of the caller's company, measure by measure: itself, the mean of the company's agents that answered
    anything (counts) or all of their turns together (rates and times), and itself in the window before."""
    agent = agents.get(principal, agent_id)
    current = rollups.refresh(agent.company_id, window.asked_at, patient=False)
    own = _measured(agent.company_id, window, agent_id)
    before = _measured(agent.company_id, window.before, agent_id)
    active = sum(row.turns > 0 or row.conversations > 0 for row in _each(agent.company_id, window))
    company = _measured(agent.company_id, window, None, shared_by=active)
    return {
        "agent_id": agent.id,
        "name": agent.name,
        "period": figures.period(window, current),
        "previous_period": figures.period(window.before, current),
        "active_agents": active,
        "measures": [
            {
                "measure": name,
                "agent": value,
                "company_average": company[name],
                "previous": before[name],
                "against_company": figures.change(value, company[name]),
                "against_previous": figures.change(value, before[name]),
                "more_is_better": name in _MORE_IS_BETTER,
            }
            for name, value in own.items()
        ],
    }


def _each(company_id: UUID, window: Window) -> list[Any]:
    return list(agent_figures.by_agent(company_id=company_id, window=window).values())


def _measured(
    company_id: UUID, window: Window, agent_id: UUID | None, *, shared_by: int = 1
) -> dict[str, float | None]:
    of: dict[str, Any] = {"company_id": company_id, "window": window, "agent_id": agent_id}
    did = agent_figures.totals(**of)
    answers: Answers = figures.answers(did, agent_figures.times(**of))
    opinion: Feedback = figures.feedback(did)
    ended = answers.answered + answers.refused + answers.small_talk + answers.failed
    agents_counted = max(shared_by, 1)
    return {
        "conversations": round(did.conversations / agents_counted, 2),
        "turns": round(answers.turns / agents_counted, 2),
        "answer_rate": figures.share(answers.answered, answers.answered + answers.refused),
        "refusal_rate": answers.refusal_rate,
        "failure_rate": figures.share(answers.failed, ended),
        "satisfaction": opinion.satisfaction,
        "response_ms_p50": answers.response_ms.p50,
        "response_ms_p95": answers.response_ms.p95,
        "first_token_ms_p50": answers.first_token_ms.p50,
        "first_token_ms_p95": answers.first_token_ms.p95,
    }
