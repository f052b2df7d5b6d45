"""Writing down what happened, for the webhooks that want to hear it, in the transaction of the change itself.

One change is one event, with one id, however many webhooks it goes to and however often it is tried. For a company
without webhooks it costs one look at an index.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from app.core.clock import now
from app.core.ids import new_id
from app.core.transaction import after_commit
from app.models.webhook import WebhookStatus
from app.models.webhook_event import WebhookEvent, WebhookEventType
from app.repositories import webhook_deliveries, webhook_log, webhooks
from app.services import webhook_wake_ups

__all__ = ["WebhookEventType", "record"]

Payload = Callable[[], Mapping[str, Any]]


def record(company_id: UUID, event_type: WebhookEventType, stream_id: UUID, data: Payload) -> None:
    """Writes an event and queues it for every webhook of the company that wants it. `data` is asked for only then;
    events of one `stream_id` (a conversation, a lead, a document) are delivered in the order of the changes.

    The transaction must have entered the company, and hold the row that the change is of.
    """
    subscribed = webhooks.find_subscribed(company_id=company_id, event_type=event_type)
    if not subscribed:
        return
    event = add(company_id, event_type, stream_id, data())
    queue(event, [row.id for row in subscribed])
    for row in subscribed:
        if row.status == WebhookStatus.ACTIVE:
            wake_after_commit(company_id, row.id)


def add(company_id: UUID, event_type: WebhookEventType, stream_id: UUID, data: Mapping[str, Any]) -> WebhookEvent:
    """Writes an event."""
    event = WebhookEvent(
        id=new_id(), company_id=company_id, type=event_type, stream_id=stream_id, data=dict(data), occurred_at=now()
    )
    webhook_log.add_event(event)
    return event


def queue(event: WebhookEvent, webhook_ids: Sequence[UUID]) -> list[UUID]:
    """Queues an event for webhooks; returns the ids of the deliveries."""
    ids = [new_id() for _ in webhook_ids]
    webhook_deliveries.queue(company_id=event.company_id, event=event, ids=ids, webhook_ids=webhook_ids)
    return ids


def wake_after_commit(company_id: UUID, webhook_id: UUID) -> None:
    """Wakes a worker for a webhook once the transaction has committed."""
    after_commit(lambda: webhook_wake_ups.wake(company_id, webhook_id))
