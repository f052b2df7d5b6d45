"""Webhooks of a company: making, changing, deleting; their secrets."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.core.clock import now
from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.core.settings import settings
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.integrations import webhook_post
from app.integrations.webhook_post import PostFailed
from app.models.audit_entry import RiskLevel
from app.models.webhook import Webhook, WebhookStatus
from app.models.webhook_event import WebhookEventType
from app.repositories import webhook_deliveries, webhooks
from app.security.principal import Principal
from app.security.scopes import Resource, Scope
from app.services import audit, guarded_models, webhook_events
from app.services.audit import Event
from app.services.guarded_models import InternalAddress
from app.services.webhook_notices import host_of

_SECRET_BYTES = 32
# What events tell of, by the first word of their type.
_TOLD_OF = {
    "conversation": Resource.CONVERSATIONS,
    "message": Resource.CONVERSATIONS,
    "lead": Resource.LEADS,
    "document": Resource.DOCUMENTS,
    "api_key": Resource.USERS,
    "webhook": Resource.WEBHOOKS,
}


class TooManyWebhooks(Conflict):
    """The company has as many as it may have."""

    code = "too_many_webhooks"
    detail = "Your company has as many webhooks as it may have. Delete one first."


class UnreadableEvents(Forbidden):
    """The API key is narrowed, and the webhook would tell what it may not read."""


@dataclass(frozen=True)
class ShownSecret:
    """A webhook with its new secret in clear: this is the only time that it is shown."""

    webhook: Webhook
    secret: str


def create(
    principal: Principal, *, url: str, event_types: Sequence[str] = (), description: str | None = None
) -> ShownSecret:
    """A new webhook; without `event_types` it hears everything. Raises `Invalid` for an address that can't be posted
    to, `UnreadableEvents` and `TooManyWebhooks`."""
    company_id = principal.company()
    _refuse_unreadable(principal, event_types)
    _check_url(url)
    webhooks.lock_company(company_id=company_id)
    if webhooks.count(company_id=company_id) >= settings().max_webhooks:
        raise TooManyWebhooks(
            f"Your company has {settings().max_webhooks} webhooks, as many as it may have. Delete one first."
        )
    webhook = Webhook(
        id=new_id(),
        company_id=company_id,
        url=url,
        description=description,
        event_types=_in_order(event_types),
        status=WebhookStatus.ACTIVE,
        secret=_fresh_secret(),
        created_by=principal.user_id,
    )
    webhooks.add(webhook)
    _record(principal, Event.WEBHOOK_CREATED, webhook, after=_told(webhook), risk=RiskLevel.HIGH)
    return ShownSecret(webhook, webhook.secret)


def find(principal: Principal, wanted: PageRequest) -> Page[Webhook]:
    """The company's webhooks."""
    return webhooks.find_page(company_id=principal.company(), wanted=wanted)


def get(principal: Principal, webhook_id: UUID) -> Webhook:
    """A webhook of the caller's company."""
    webhook = webhooks.get(company_id=principal.company(), webhook_id=webhook_id)
    if webhook is None:
        raise NotFound
    return webhook


def change(principal: Principal, webhook_id: UUID, changes: Mapping[str, Any]) -> Webhook:
    """Changes the given fields. One that becomes active again, or gets another address, goes on with what waits for it
    at once. Raises what `create` does, and `NotFound`."""
    webhook = lock(principal, webhook_id)
    if "url" in changes or "event_types" in changes:
        _refuse_unreadable(principal, changes.get("event_types", webhook.event_types))
    before, was_active = _told(webhook), webhook.status == WebhookStatus.ACTIVE
    if "url" in changes:
        _check_url(changes["url"])
    for name, value in changes.items():
        setattr(webhook, name, _in_order(value) if name == "event_types" else value)
    if webhook.status == WebhookStatus.ACTIVE and (not was_active or "url" in changes):
        webhook.failing_since = None
        webhook_deliveries.queue_waiting_again(company_id=webhook.company_id, webhook_id=webhook.id, at=now())
        webhook_events.wake_after_commit(webhook.company_id, webhook.id)
    if before != _told(webhook):
        _record(principal, Event.WEBHOOK_CHANGED, webhook, before=before, after=_told(webhook), risk=RiskLevel.MEDIUM)
    return webhook


def delete(principal: Principal, webhook_id: UUID) -> None:
    """Deletes a webhook with its log; nothing is sent to it any more."""
    webhook = lock(principal, webhook_id)
    _record(principal, Event.WEBHOOK_DELETED, webhook, before=_told(webhook), risk=RiskLevel.MEDIUM)
    webhooks.delete(webhook)


def rotate_secret(principal: Principal, webhook_id: UUID, *, overlap_hours: int) -> ShownSecret:
    """A new secret. The one before signs as well for `overlap_hours`; with 0 it is done at once."""
    webhook = lock(principal, webhook_id)
    until: datetime | None = now() + timedelta(hours=overlap_hours) if overlap_hours else None
    webhook.previous_secret = webhook.secret if until else None
    webhook.previous_secret_until = until
    webhook.secret = _fresh_secret()
    _record(
        principal, Event.WEBHOOK_SECRET_ROTATED, webhook, after={"overlap_hours": overlap_hours}, risk=RiskLevel.HIGH
    )
    return ShownSecret(webhook, webhook.secret)


def lock(principal: Principal, webhook_id: UUID) -> Webhook:
    """A webhook of the caller's company that nobody else changes or deletes until the transaction ends."""
    webhook = webhooks.lock(company_id=principal.company(), webhook_id=webhook_id)
    if webhook is None:
        raise NotFound
    return webhook


def _refuse_unreadable(principal: Principal, event_types: Sequence[str]) -> None:
    """A key that may not read leads doesn't get them sent either."""
    told_of = {_TOLD_OF[each.partition(".")[0]] for each in event_types or WebhookEventType}
    if unreadable := sorted(each for each in told_of if not principal.allows(Scope.READ, each)):
        raise UnreadableEvents(
            f"This webhook would tell of {', '.join(unreadable)}, which your API key may not read. Name the events "
            "that it may hear in event_types."
        )


def _check_url(url: str) -> None:
    """As far as it shows without asking a name server; what a name means is looked at before every delivery."""
    try:
        webhook_post.checked(url, allow_http=settings().webhook_allow_http)
        guarded_models.refuse_internal_literal(url)
    except (PostFailed, InternalAddress) as error:
        raise Invalid(errors={"url": [error.detail]}) from None


def _fresh_secret() -> str:
    # https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: 24 to 64 bytes
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _in_order(event_types: Sequence[str]) -> list[str]:
    return sorted({str(each) for each in event_types})


def _told(webhook: Webhook) -> dict[str, Any]:
    return {
        "host": host_of(webhook.url),
        "event_types": list(webhook.event_types),
        "status": str(webhook.status),
        "description": webhook.description,
    }


def _record(
    principal: Principal,
    event: Event,
    webhook: Webhook,
    *,
    risk: RiskLevel,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit.record(
        event, "webhook", webhook.id, company_id=webhook.company_id, by=principal, before=before, after=after, risk=risk
    )
