"""What became of the events of a webhook, sending them again, and trying a webhook out."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.paging import Page, PageRequest
from app.core.transaction import transaction
from app.errors import Conflict, NotFound
from app.models.webhook import WebhookStatus
from app.models.webhook_delivery import WebhookDelivery
from app.models.webhook_event import WebhookEventType
from app.repositories import webhook_deliveries
from app.repositories import webhook_log as rows
from app.repositories.webhook_deliveries import Claim
from app.repositories.webhook_log import DeliveryFilter
from app.security.principal import Principal
from app.services import audit, webhook_delivery, webhook_events, webhooks
from app.services.audit import Event
from app.services.webhook_sending import Receiver

_TEST_DATA = {"message": "This is a test. Nothing has happened."}


class BeingSent(Conflict):
    """A worker is at it."""

    code = "being_sent"
    detail = "This event is being sent at the moment. Wait until that is over."


class NotActive(Conflict):
    """Nothing is delivered to a webhook that is not active."""

    code = "webhook_not_active"
    detail = "This webhook is not active. Set its status to active first: what waits for it is sent then."


@dataclass(frozen=True)
class ShownDelivery:
    """A delivery with the type and the time of its event."""

    delivery: WebhookDelivery
    event_type: str
    occurred_at: datetime


def find(principal: Principal, webhook_id: UUID, matching: DeliveryFilter, wanted: PageRequest) -> Page[ShownDelivery]:
    """The deliveries of a webhook, the newest first."""
    webhook = webhooks.get(principal, webhook_id)
    page = rows.find_page(company_id=webhook.company_id, webhook_id=webhook.id, matching=matching, wanted=wanted)
    return Page([ShownDelivery(*row) for row in page.items], page.pagination)


def get(principal: Principal, webhook_id: UUID, delivery_id: UUID) -> ShownDelivery:
    """One delivery of a webhook."""
    return _get(principal.company(), webhook_id, delivery_id)


def redeliver(principal: Principal, webhook_id: UUID, delivery_id: UUID) -> ShownDelivery:
    """Sends an event again, as if for the first time but under the same `webhook-id`; one that waits is tried now."""
    webhook = webhooks.lock(principal, webhook_id)
    _get(webhook.company_id, webhook_id, delivery_id)
    if webhook.status != WebhookStatus.ACTIVE:
        raise NotActive
    if not webhook_deliveries.queue_again(
        company_id=webhook.company_id, webhook_id=webhook.id, delivery_id=delivery_id, at=now()
    ):
        raise BeingSent
    _record(principal, webhook_id, {"delivery_id": delivery_id})
    webhook_events.wake_after_commit(webhook.company_id, webhook.id)
    return _get(webhook.company_id, webhook_id, delivery_id)


def redeliver_failed(principal: Principal, webhook_id: UUID, *, since: datetime, until: datetime | None = None) -> int:
    """Sends the events of that time again that were given up; returns how many."""
    webhook = webhooks.get(principal, webhook_id)
    if webhook.status != WebhookStatus.ACTIVE:
        raise NotActive
    at = now()
    count = webhook_deliveries.queue_failed_again(
        company_id=webhook.company_id, webhook_id=webhook.id, since=since, until=until or at, at=at
    )
    _record(principal, webhook_id, {"since": since, "until": until, "count": count})
    webhook_events.wake_after_commit(webhook.company_id, webhook.id)
    return count


def test(principal: Principal, webhook_id: UUID) -> ShownDelivery:
    """Sends a `webhook.test` event now, active or not, and says how it went; one that fails is not tried again.

    Waits for the receiver: call it without a transaction.
    """
    company_id = principal.company()
    receiver, claim = _prepare_test(principal, webhook_id)
    webhook_delivery.send_once_and_store(receiver, claim)
    with transaction():
        tenancy.enter_company(company_id)
        return _get(company_id, webhook_id, claim.delivery_id)


def _prepare_test(principal: Principal, webhook_id: UUID) -> tuple[Receiver, Claim]:
    with transaction():
        tenancy.enter_company(principal.company())
        webhook = webhooks.lock(principal, webhook_id)
        event = webhook_events.add(webhook.company_id, WebhookEventType.WEBHOOK_TEST, webhook.id, _TEST_DATA)
        (delivery_id,) = webhook_events.queue(event, [webhook.id])
        claim = webhook_deliveries.claim_one(
            company_id=webhook.company_id,
            webhook_id=webhook.id,
            delivery_id=delivery_id,
            at=now(),
            lease=webhook_delivery.lease(),
        )
        return webhook_delivery.receiver_of(webhook), claim


def _get(company_id: UUID, webhook_id: UUID, delivery_id: UUID) -> ShownDelivery:
    row = rows.get(company_id=company_id, webhook_id=webhook_id, delivery_id=delivery_id)
    if row is None:
        raise NotFound
    return ShownDelivery(*row)


def _record(principal: Principal, webhook_id: UUID, after: dict[str, object]) -> None:
    audit.record(
        Event.WEBHOOK_REDELIVERED, "webhook", webhook_id, company_id=principal.company(), by=principal, after=after
    )
