"""Liveness, readiness, metrics and the public keys: what machines ask of an installation."""

import hmac
from typing import Any

from flask import Response

from app.blueprints.health.schemas import HealthResponse, ReadinessResponse
from app.core.settings import settings
from app.errors import NotFound
from app.http import metrics
from app.http.api import Blueprint
from app.http.json import dumps
from app.http.rate_limits import Category
from app.http.requires import bearer_token, public
from app.security.signing_keys import keys
from app.services import health

blp = Blueprint("health", __name__, description="Liveness, readiness, metrics and public keys.")


@blp.get("/health")
@public(category=Category.UNLIMITED)
@blp.response(200, HealthResponse)
def get_health() -> dict[str, str]:
    """Simple health check"""
    return {"status": "ok"}


@blp.get("/health/ready")
@public(category=Category.UNLIMITED)
@blp.alt_response(503, schema=ReadinessResponse, description="Something is missing; `checks` says what.")
@blp.response(200, ReadinessResponse)
def get_readiness() -> Any:
    """Readiness: Postgres, migrations, Redis and workers"""
    checks = health.check_all()
    ready = all(check.ok for check in checks)
    return {"status": "ready" if ready else "not_ready", "checks": checks}, 200 if ready else 503


@blp.get("/metrics")
@public(category=Category.UNLIMITED)
@blp.response(200, {"type": "string"}, content_type="text/plain", description="Metrics in Prometheus' text format.")
def get_metrics() -> Response:
    """Metrics for Prometheus"""
    token = settings().metrics_token
    if token and not hmac.compare_digest((bearer_token() or "").encode(), token.encode()):
        raise NotFound
    if not token and settings().production:
        raise NotFound("Set METRICS_TOKEN to open the metrics.")
    body, content_type = metrics.render()
    return Response(body, content_type=content_type)


@blp.get("/.well-known/jwks.json")
@public(category=Category.UNLIMITED)
@blp.response(200, {"type": "object"}, description="A JSON Web Key Set (RFC 7517).")
def get_jwks() -> Response:
    """The public keys that verify our tokens"""
    response = Response(dumps(keys.jwks()), content_type="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
