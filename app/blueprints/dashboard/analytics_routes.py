"""Analytics for the team."""

from typing import Any
from uuid import UUID

from flask import Response, stream_with_context

from app.blueprints.dashboard.analytics_schemas import AgentAnalyticsResponse, DashboardResponse
from app.blueprints.dashboard.report_schemas import (
    ComparisonResponse,
    ConversationAnalyticsResponse,
    ExportAnalyticsRequest,
    LeadAnalyticsResponse,
    QueuedMetricsResponse,
    UsageAnalyticsResponse,
)
from app.blueprints.dashboard.routes import blp
from app.http.periods import CompanyQuery, PeriodQuery
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, requires
from app.security.scopes import Resource, Scope
from app.services import (
    agent_comparison,
    analytics,
    analytics_export,
    conversation_analytics,
    lead_analytics,
    periods,
    system_metrics,
    usage_analytics,
)
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


@blp.get("/v1/analytic/agent/<uuid:agent_id>/performance-comparison")
@requires(*_BOTH, scope=Scope.READ, resource=_ANALYTICS, category=Category.ANALYTICS)
@blp.arguments(PeriodQuery, location="query")
@blp.response(200, ComparisonResponse)
def compare_agent(query: dict[str, Any], agent_id: UUID) -> dict[str, Any]:
    """Compare an agent with the company's average and with its own previous period"""
    return agent_comparison.compare(current_principal(), agent_id, periods.between(current_principal(), **query))


@blp.get("/v1/analytic/conversation/<uuid:conversation_id>")
@requires(*_BOTH, scope=Scope.READ, resource=_ANALYTICS, category=Category.ANALYTICS)
@blp.response(200, ConversationAnalyticsResponse)
def get_conversation_analytics(conversation_id: UUID) -> dict[str, Any]:
    """Fetch a conversation's timeline, what every turn took by stage, tokens and costs"""
    return conversation_analytics.compute(current_principal(), conversation_id)


@blp.get("/v1/analytic/leads")
@requires(*_BOTH, scope=Scope.READ, resource=_ANALYTICS, category=Category.ANALYTICS)
@blp.arguments(PeriodQuery, location="query")
@blp.response(200, LeadAnalyticsResponse)
def get_lead_analytics(query: dict[str, Any]) -> dict[str, Any]:
    """Fetch funnel, sources and days of the leads"""
    return lead_analytics.compute(current_principal(), periods.between(current_principal(), **query))


@blp.get("/v1/analytic/usage")
@requires(*_BOTH, scope=Scope.READ, resource=_ANALYTICS, category=Category.ANALYTICS)
@blp.arguments(PeriodQuery, location="query")
@blp.response(200, UsageAnalyticsResponse)
def get_usage_analytics(query: dict[str, Any]) -> dict[str, Any]:
    """Fetch what the company uses: calls, agents, models and their costs, storage, day by day"""
    return usage_analytics.compute(current_principal(), periods.between(current_principal(), **query))


@blp.post("/v1/analytic/export")
@requires(*_BOTH, scope=Scope.READ, resource=_ANALYTICS, category=Category.ANALYTICS, waits=True)
@blp.arguments(ExportAnalyticsRequest)
@blp.response(200, {"type": "string", "format": "binary"}, content_type="*/*", description="The export, as it is read.")
def export_analytics(body: dict[str, Any]) -> Response:
    """Export conversations, leads, agents or usage as JSON or CSV, at any size"""
    export = analytics_export.start(current_principal(), **body)
    response = Response(stream_with_context(export.pieces), content_type=export.content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{export.name}"'
    return response


@blp.post("/v1/system-metric")
@requires(*_BOTH, scope=Scope.WRITE, resource=_ANALYTICS, category=Category.ANALYTICS)
@blp.arguments(CompanyQuery, location="query")
@blp.response(202, QueuedMetricsResponse)
def collect_system_metrics(_query: dict[str, object]) -> dict[str, str]:
    """Have the system metrics of the company collected in the background"""
    system_metrics.ask(current_principal())
    return {"status": "queued", "poll_url": "/v1/admin/system-metric"}
