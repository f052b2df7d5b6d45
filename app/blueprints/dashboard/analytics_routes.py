"""Analytics for the team."""

from typing import Any
from uuid import UUID

from app.blueprints.dashboard.analytics_schemas import AgentAnalyticsResponse, DashboardResponse
from app.blueprints.dashboard.routes import blp
from app.http.periods import PeriodQuery
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, requires
from app.security.scopes import Resource, Scope
from app.services import analytics, periods
from app.services.analytics import AgentAnalytics, Dashboard

__all__ = ["blp"]

_BOTH = (Credential.API_KEY, Credential.JWT)
_ANALYTICS = Resource.ANALYTICS


@blp.get("/v1/analytic/dashboard")
@requires(*_BOTH, scope=Scope.READ, resource=_ANALYTICS, category=Category.ANALYTICS)
@blp.arguments(PeriodQuery, location="query")
@blp.response(200, DashboardResponse)
def get_dashboard(query: dict[str, Any]) -> Dashboard:
    """Fetch an overview: documents, conversations, leads, agents, answers, costs, day by day"""
    return analytics.dashboard(current_principal(), periods.between(current_principal(), **query))


@blp.get("/v1/analytic/agent/<uuid:agent_id>")
@requires(*_BOTH, scope=Scope.READ, resource=_ANALYTICS, category=Category.ANALYTICS)
@blp.arguments(PeriodQuery, location="query")
@blp.response(200, AgentAnalyticsResponse)
def get_agent_analytics(query: dict[str, Any], agent_id: UUID) -> AgentAnalytics:
    """Fetch what an agent did: volume, times, outcomes, feedback, costs, questions and cited documents"""
    return analytics.agent(current_principal(), agent_id, periods.between(current_principal(), **query))
