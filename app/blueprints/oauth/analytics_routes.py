"""Analytics of the API and of its keys."""

from typing import Any
from uuid import UUID

from app.blueprints.oauth.analytics_schemas import (
    DetailedUsageResponse,
    ErrorAnalysisResponse,
    KeyAdviceResponse,
    KeysPerformanceResponse,
    OverviewResponse,
    RateLimitAnalysisResponse,
    TopEndpointsResponse,
    TrendsQuery,
    TrendsResponse,
)
from app.blueprints.oauth.routes import blp
from app.http.periods import DaysQuery
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, requires
from app.models.user import Role
from app.security.scopes import Resource, Scope
from app.services import call_analytics, key_advice, periods

__all__ = ["blp"]

_admins = requires(
    Credential.API_KEY,
    Credential.JWT,
    scope=Scope.ADMIN,
    resource=Resource.ANALYTICS,
    roles=(Role.ADMIN, Role.SUPER_ADMIN),
    category=Category.ANALYTICS,
)


@blp.get("/v1/overview")
@_admins
@blp.arguments(DaysQuery, location="query")
@blp.response(200, OverviewResponse)
def get_overview(query: dict[str, Any]) -> dict[str, Any]:
    """Fetch keys and calls at a glance"""
    return call_analytics.overview(current_principal(), periods.last_days(current_principal(), **query))


@blp.get("/v1/usage-trends")
@_admins
@blp.arguments(TrendsQuery, location="query")
@blp.response(200, TrendsResponse)
def get_usage_trends(query: dict[str, Any]) -> dict[str, Any]:
    """Fetch calls hour by hour or day by day"""
    granularity = query.pop("granularity")
    return call_analytics.usage_trends(
        current_principal(), periods.last_days(current_principal(), **query), granularity
    )


@blp.get("/v1/top-endpoints")
@_admins
@blp.arguments(DaysQuery, location="query")
@blp.response(200, TopEndpointsResponse)
def get_top_endpoints(query: dict[str, Any]) -> dict[str, Any]:
    """Fetch the endpoints that are called most"""
    return call_analytics.top_endpoints(current_principal(), periods.last_days(current_principal(), **query))


@blp.get("/v1/api-key-performance")
@_admins
@blp.arguments(DaysQuery, location="query")
@blp.response(200, KeysPerformanceResponse)
def get_key_performance(query: dict[str, Any]) -> dict[str, Any]:
    """Fetch calls, errors and times of every API key"""
    return call_analytics.key_performance(current_principal(), periods.last_days(current_principal(), **query))


@blp.get("/v1/error-analysis")
@_admins
@blp.arguments(DaysQuery, location="query")
@blp.response(200, ErrorAnalysisResponse)
def get_error_analysis(query: dict[str, Any]) -> dict[str, Any]:
    """Fetch what fails, where, and when"""
    return call_analytics.error_analysis(current_principal(), periods.last_days(current_principal(), **query))


@blp.get("/v1/rate-limit-analysis")
@_admins
@blp.arguments(DaysQuery, location="query")
@blp.response(200, RateLimitAnalysisResponse)
def get_rate_limit_analysis(query: dict[str, Any]) -> dict[str, Any]:
    """Fetch who was limited, and how near others come to their limits"""
    return call_analytics.rate_limit_analysis(current_principal(), periods.last_days(current_principal(), **query))


@blp.get("/v1/detailed-usage/<uuid:api_key_id>")
@_admins
@blp.arguments(DaysQuery, location="query")
@blp.response(200, DetailedUsageResponse)
def get_detailed_usage(query: dict[str, Any], api_key_id: UUID) -> dict[str, Any]:
    """Fetch everything about the use of one API key, with its newest calls"""
    return call_analytics.detailed_usage(
        current_principal(), api_key_id, periods.last_days(current_principal(), **query)
    )


@blp.get("/v1/auth/api-keys/<uuid:api_key_id>/advice")
@requires(Credential.JWT, category=Category.ANALYTICS)
@blp.arguments(DaysQuery, location="query")
@blp.response(200, KeyAdviceResponse)
def get_key_advice(query: dict[str, Any], api_key_id: UUID) -> dict[str, Any]:
    """Compare what an API key may do with what it does, and name the narrower one that would do"""
    return key_advice.advise(current_principal(), api_key_id, periods.last_days(current_principal(), **query))
