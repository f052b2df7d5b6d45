"""Webhooks: telling a company's programs what happens."""

from typing import Any
from uuid import UUID

from app.blueprints.webhook.schemas import (
    CreateWebhookRequest,
    DeliveryPage,
    DeliveryQuery,
    DeliveryResponse,
    EventTypesResponse,
    RedeliverRequest,
    RedeliveryResponse,
    RotateSecretRequest,
    UpdateWebhookRequest,
    WebhookPage,
    WebhookResponse,
    WebhookSecretResponse,
)
from app.core.paging import Page, PageRequest
from app.http import webhook_events
from app.http.api import Blueprint
from app.http.requires import Credential, current_principal, requires
from app.http.schemas import PageQuery
from app.models.user import Role
from app.models.webhook import Webhook
from app.repositories.webhook_log import DeliveryFilter
from app.security.scopes import Resource, Scope
from app.services import webhook_log, webhooks
from app.services.webhook_log import ShownDelivery
from app.services.webhooks import ShownSecret

blp = Blueprint("webhook", __name__, description="Webhooks: telling your programs what happens, as it happens.")

_BOTH = (Credential.API_KEY, Credential.JWT)
_WEBHOOKS = Resource.WEBHOOKS
# For admins alone, also to read: addresses of receivers are often secrets, and events say what visitors say.
_ADMINS = (Role.ADMIN, Role.SUPER_ADMIN)


@blp.get("/v1/webhook/event-type")
@requires(*_BOTH, scope=Scope.READ, resource=_WEBHOOKS)
@blp.response(200, EventTypesResponse)
def find_event_types() -> dict[str, Any]:
    """List the events that webhooks can be told of"""
    return {"items": webhook_events.described()}


@blp.post("/v1/webhook")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_WEBHOOKS, roles=_ADMINS, impersonated=False)
@blp.arguments(CreateWebhookRequest)
@blp.response(201, WebhookSecretResponse)
def create_webhook(body: dict[str, Any]) -> Any:
    """Create a webhook; its secret is shown this once"""
    made = webhooks.create(current_principal(), **body)
    return _with_secret(made), 201, {"Location": f"/v1/webhook/{made.webhook.id}"}


@blp.get("/v1/webhook")
@requires(*_BOTH, scope=Scope.READ, resource=_WEBHOOKS, roles=_ADMINS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, WebhookPage)
def find_webhooks(query: dict[str, int]) -> Page[Webhook]:
    """List the company's webhooks, the newest first"""
    return webhooks.find(current_principal(), PageRequest(**query))


@blp.get("/v1/webhook/<uuid:webhook_id>")
@requires(*_BOTH, scope=Scope.READ, resource=_WEBHOOKS, roles=_ADMINS)
@blp.response(200, WebhookResponse)
def get_webhook(webhook_id: UUID) -> Webhook:
    """Fetch a webhook"""
    return webhooks.get(current_principal(), webhook_id)


@blp.put("/v1/webhook/<uuid:webhook_id>")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_WEBHOOKS, roles=_ADMINS, impersonated=False)
@blp.arguments(UpdateWebhookRequest)
@blp.response(200, WebhookResponse)
def update_webhook(body: dict[str, Any], webhook_id: UUID) -> Webhook:
    """Change a webhook; `status: active` switches it on again and sends what waits"""
    return webhooks.change(current_principal(), webhook_id, body)


@blp.delete("/v1/webhook/<uuid:webhook_id>")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_WEBHOOKS, roles=_ADMINS)
@blp.response(204)
def delete_webhook(webhook_id: UUID) -> None:
    """Delete a webhook with the log of its deliveries"""
    webhooks.delete(current_principal(), webhook_id)


@blp.post("/v1/webhook/<uuid:webhook_id>/secret")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_WEBHOOKS, roles=_ADMINS, impersonated=False)
@blp.arguments(RotateSecretRequest)
@blp.response(200, WebhookSecretResponse)
def rotate_webhook_secret(body: dict[str, int], webhook_id: UUID) -> dict[str, Any]:
    """Rotate the secret; for some hours the one before signs as well"""
    return _with_secret(webhooks.rotate_secret(current_principal(), webhook_id, **body))


@blp.post("/v1/webhook/<uuid:webhook_id>/test")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_WEBHOOKS, roles=_ADMINS, waits=True)
@blp.response(200, DeliveryResponse)
def test_webhook(webhook_id: UUID) -> ShownDelivery:
    """Send a `webhook.test` event now and say how it went"""
    return webhook_log.test(current_principal(), webhook_id)


@blp.post("/v1/webhook/<uuid:webhook_id>/redeliver")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_WEBHOOKS, roles=_ADMINS)
@blp.arguments(RedeliverRequest)
@blp.response(202, RedeliveryResponse)
def redeliver_failed(body: dict[str, Any], webhook_id: UUID) -> dict[str, Any]:
    """Send all events again that were given up since a moment"""
    return {"webhook_id": webhook_id, "count": webhook_log.redeliver_failed(current_principal(), webhook_id, **body)}


@blp.get("/v1/webhook/<uuid:webhook_id>/delivery")
@requires(*_BOTH, scope=Scope.READ, resource=_WEBHOOKS, roles=_ADMINS)
@blp.arguments(DeliveryQuery, location="query")
@blp.response(200, DeliveryPage)
def find_deliveries(query: dict[str, Any], webhook_id: UUID) -> Page[ShownDelivery]:
    """List what became of the events of a webhook, the newest first"""
    wanted = PageRequest(query.pop("page"), query.pop("per_page"))
    matching = DeliveryFilter(stream_id=query.pop("subject_id"), **query)
    return webhook_log.find(current_principal(), webhook_id, matching, wanted)


@blp.get("/v1/webhook/<uuid:webhook_id>/delivery/<uuid:delivery_id>")
@requires(*_BOTH, scope=Scope.READ, resource=_WEBHOOKS, roles=_ADMINS)
@blp.response(200, DeliveryResponse)
def get_delivery(webhook_id: UUID, delivery_id: UUID) -> ShownDelivery:
    """Fetch what became of one event"""
    return webhook_log.get(current_principal(), webhook_id, delivery_id)


@blp.post("/v1/webhook/<uuid:webhook_id>/delivery/<uuid:delivery_id>/redeliver")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_WEBHOOKS, roles=_ADMINS)
@blp.response(202, DeliveryResponse)
def redeliver(webhook_id: UUID, delivery_id: UUID) -> ShownDelivery:
    """Send one event again, under the same `webhook-id`; one that waits is tried now"""
    return webhook_log.redeliver(current_principal(), webhook_id, delivery_id)


def _with_secret(shown: ShownSecret) -> dict[str, Any]:
    fields = {name: getattr(shown.webhook, name) for name in WebhookSecretResponse().fields if name != "secret"}
    return {**fields, "secret": shown.secret}
