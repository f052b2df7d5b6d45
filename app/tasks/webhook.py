"""Telling webhooks what happened."""

from uuid import UUID

from app.extensions import celery
from app.jobs import JobName
from app.services import api_keys, webhook_delivery


@celery.task(name=JobName.DELIVER_WEBHOOK.value)
def deliver_webhook(company_id: str, webhook_id: str) -> None:
    """Delivers what is due at one webhook."""
    webhook_delivery.deliver(UUID(company_id), UUID(webhook_id))


@celery.task(name=JobName.SWEEP_WEBHOOKS.value)
def sweep_webhooks() -> None:
    """Finds webhooks whose job was lost, whose worker died, or where an event is to be tried again."""
    webhook_delivery.sweep()


@celery.task(name=JobName.TELL_EXPIRED_KEYS.value)
def tell_expired_keys() -> None:
    """Nobody calls when a key expires, so somebody has to look."""
    api_keys.tell_expired()
