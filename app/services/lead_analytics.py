"""Analytics of a company's leads."""

from typing import Any

from app.core.window import Window
from app.models.lead import LeadStatus
from app.repositories import company_figures, lead_figures
from app.repositories.rollup_sources import NOBODY_ID
from app.security.principal import Principal
from app.services import figures, rollups

# How far each status has come: whoever is converted was qualified and contacted before.
_STEPS = (LeadStatus.CONTACTED, LeadStatus.QUALIFIED, LeadStatus.CONVERTED)


def compute(principal: Principal, window: Window) -> dict[str, Any]:
    """Funnel, sources and days of the leads that came in the window, as they are now."""
    company_id = principal.company()
    current = rollups.refresh(company_id, window.asked_at, patient=False)
    of: dict[str, Any] = {"company_id": company_id, "window": window}
    statuses = lead_figures.by_status(**of)
    by_status = {row.status: row.leads for row in statuses}
    came = sum(by_status.values())
    return {
        "period": figures.period(window, current),
        "total": company_figures.totals(company_id=company_id).leads,
        "new": came,
        "previous_new": sum(row.leads for row in lead_figures.by_status(company_id=company_id, window=window.before)),
        "conversion_rate": figures.share(by_status.get(LeadStatus.CONVERTED, 0), came),
        "by_status": {status.value: by_status.get(status, 0) for status in LeadStatus},
        "funnel": _funnel(by_status, came, sum(row.conversed for row in statuses)),
        "sources": [
            {
                "source": row.source,
                "leads": row.leads,
                "conversed": row.conversed,
                "converted": row.converted,
                "conversion_rate": figures.share(row.converted, row.leads),
            }
            for row in lead_figures.by_source(**of)
        ],
        "agents": _agents(of),
        "daily": figures.series(
            window.days, {row.day: row for row in lead_figures.by_day(**of)}, ("leads", "conversed", "converted")
        ),
    }


def _funnel(by_status: dict[str, int], came: int, conversed: int) -> list[dict[str, Any]]:
    steps = [("came", came), ("conversed", conversed)]
    for index, status in enumerate(_STEPS):
        steps.append((status.value, sum(by_status.get(later, 0) for later in _STEPS[index:])))
    return [{"step": name, "leads": number, "share": figures.share(number, came)} for name, number in steps]


def _agents(of: dict[str, Any]) -> list[dict[str, Any]]:
    names = {row.id: row.name for row in company_figures.agents(company_id=of["company_id"])}
    rows = sorted(lead_figures.by_agent(**of), key=lambda row: -row.leads)
    return [
        {
            "agent_id": None if row.agent_id == NOBODY_ID else row.agent_id,
            "name": names.get(row.agent_id),
            "leads": row.leads,
            "conversed": row.conversed,
        }
        for row in rows
    ]
