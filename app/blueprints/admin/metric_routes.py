"""System metrics, as they were collected in the background."""

from collections.abc import Sequence
from uuid import UUID

from app.blueprints.admin.metric_schemas import SystemMetricsResponse
from app.blueprints.admin.routes import blp
from app.http.periods import CompanyQuery
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, requires
from app.models.system_metric import SystemMetric
from app.models.user import Role
from app.security.scopes import Resource, Scope
from app.services import system_metrics

__all__ = ["blp"]

_BOTH = (Credential.API_KEY, Credential.JWT)
_METRICS = Resource.ANALYTICS
_ADMINS, _SUPER = (Role.ADMIN, Role.SUPER_ADMIN), (Role.SUPER_ADMIN,)


@blp.get("/v1/admin/system-metric")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_METRICS, roles=_ADMINS, category=Category.ANALYTICS)
@blp.arguments(CompanyQuery, location="query")
@blp.response(200, SystemMetricsResponse)
def find_system_metrics(_query: dict[str, object]) -> dict[str, Sequence[SystemMetric]]:
    """Fetch the newest system metrics of the company; for super admins who name no company, the platform's"""
    return {"items": system_metrics.find_own(current_principal())}


@blp.get("/v1/super-admin/company/<uuid:company_id>/system-metric")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_METRICS, roles=_SUPER, category=Category.ANALYTICS)
@blp.response(200, SystemMetricsResponse)
def find_system_metrics_of(company_id: UUID) -> dict[str, Sequence[SystemMetric]]:
    """Fetch the newest system metrics of a company"""
    return {"items": system_metrics.find_of(current_principal(), company_id)}
