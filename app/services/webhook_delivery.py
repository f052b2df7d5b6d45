"""Delivering: claim the next event of a webhook, send it outside of any transaction, store how it went.

Postgres knows what is due; a message only wakes a worker, and a sweep finds what nobody was woken for. A worker that
dies leaves a lease behind; when it has run out, the event is sent again, with the same `webhook-id`.
"""

import logging
import threading
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.settings import settings
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.models.webhook import Webhook, WebhookStatus
from app.models.webhook_delivery import DeliveryStatus
from app.repositories import webhook_deliveries, webhooks
from app.repositories.webhook_deliveries import Claim, Result
from app.services import webhook_notices, webhook_sending, webhook_wake_ups
from app.services.webhook_pace import pace
from app.services.webhook_sending import Attempted, Letter, Receiver

log = logging.getLogger(__name__)

# What an attempt takes beside waiting for the receiver.
_LEASE_MARGIN = timedelta(seconds=20)
# After so long a worker goes to the end of the queue, so that a busy webhook doesn't keep it.
_TURN_SECONDS = 10.0
_SUCCESS_STALE = timedelta(minutes=1)
_SWEEP_LIMIT = 1_000
_stopping = threading.Event()


def deliver(company_id: UUID, webhook_id: UUID) -> None:
    """Delivers what is due at a webhook, one event after the other, as long as nobody else has to wait."""
    webhook_wake_ups.woken(webhook_id)
    end = time.monotonic() + _TURN_SECONDS
    is_first = True
    while not _stopping.is_set():
        with pace.place_for(webhook_id) as has_place:
            taken = take(company_id, webhook_id) if has_place else None
            if taken is None:
                return
            if is_first:
                # Others may deliver the next ones meanwhile, up to WEBHOOK_CONCURRENCY.
                webhook_wake_ups.wake(company_id, webhook_id)
                is_first = False
            send_and_store(*taken)
        if time.monotonic() > end:
            webhook_wake_ups.wake(company_id, webhook_id)
            return


def stop() -> None:
    """This process is about to end: it begins with no further event. What is under way has the time that its worker
    gets; what is cut off is sent again, by another one, under the same id."""
    _stopping.set()


def sweep() -> int:
    """Wakes workers for the webhooks that something is due at. Returns how many."""
    with transaction(), across_companies("a sweep looks for the deliveries of all companies"):
        due = webhooks.find_due_across_companies(now(), _SWEEP_LIMIT)
    for row in due:
        webhook_wake_ups.wake(row.company_id, row.id)
    return len(due)


def take(company_id: UUID, webhook_id: UUID) -> tuple[Receiver, Claim] | None:
    """The next due delivery of a webhook, if it is active and has not too many under way."""
    with transaction():
        tenancy.enter_company(company_id)
        webhook = webhooks.lock_active(company_id=company_id, webhook_id=webhook_id)
        if webhook is None:
            return None
        claim = webhook_deliveries.claim(
            company_id=company_id,
            webhook_id=webhook_id,
            at=now(),
            lease=lease(),
            most=settings().webhook_concurrency,
        )
        return None if claim is None else (receiver_of(webhook), claim)


def lease() -> timedelta:
    """How long a delivery is ours."""
    return timedelta(seconds=settings().webhook_timeout_seconds) + _LEASE_MARGIN


def receiver_of(webhook: Webhook) -> Receiver:
    """Where a webhook is delivered to at this moment."""
    secrets = [webhook.secret]
    if webhook.previous_secret and webhook.previous_secret_until and webhook.previous_secret_until > now():
        secrets.append(webhook.previous_secret)
    return Receiver(url=webhook.url, secrets=tuple(secrets))


def send_and_store(receiver: Receiver, claim: Claim) -> Attempted:
    """One attempt at a claimed delivery."""
    attempted = webhook_sending.attempt(receiver, _letter(claim))
    with transaction():
        tenancy.enter_company(claim.company_id)
        if attempted.ok:
            _store_success(claim, attempted)
        else:
            _store_failure(claim, attempted)
    return attempted


def send_once_and_store(receiver: Receiver, claim: Claim) -> None:
    """The only attempt at a delivery; nothing is concluded about the webhook."""
    attempted = webhook_sending.attempt(receiver, _letter(claim))
    at = now()
    status = DeliveryStatus.DELIVERED if attempted.ok else DeliveryStatus.FAILED
    with transaction():
        tenancy.enter_company(claim.company_id)
        webhook_deliveries.finish(claim, Result(status=status, at=at, due_at=at, **_told(attempted)))


def _letter(claim: Claim) -> Letter:
    return Letter(event_id=claim.event_id, type=claim.type, occurred_at=claim.occurred_at, data=claim.data)


def _store_success(claim: Claim, attempted: Attempted) -> None:
    at = now()
    # The webhook first, as everywhere: two who lock the same rows the other way round would wait for each other.
    webhooks.note_success(company_id=claim.company_id, webhook_id=claim.webhook_id, at=at, stale=at - _SUCCESS_STALE)
    if webhook_deliveries.finish(claim, Result(status=DeliveryStatus.DELIVERED, at=at, due_at=at, **_told(attempted))):
        webhook_deliveries.bring_stream_forward(claim, at)


def _store_failure(claim: Claim, attempted: Attempted) -> None:
    at = now()
    wait = webhook_sending.wait_after(claim.tries, attempted.retry_after)
    failing_since = claim.failing_since or at
    webhooks.note_failure(company_id=claim.company_id, webhook_id=claim.webhook_id, at=at)
    webhook = webhooks.lock(company_id=claim.company_id, webhook_id=claim.webhook_id)
    if webhook is None:
        return
    switch_off = _reason_to_switch_off(webhook, attempted, failing_since, is_last=wait is None)
    # Given up only by a webhook that works otherwise; one that is switched off goes on with it when it is back.
    given_up = wait is None and switch_off is not WebhookStatus.SWITCHED_OFF
    result = Result(
        status=DeliveryStatus.FAILED if given_up else DeliveryStatus.PENDING,
        at=at,
        due_at=at + (wait or timedelta()),
        failing_since=failing_since,
        **_told(attempted),
    )
    if not webhook_deliveries.finish(claim, result):
        return
    if given_up:
        webhook_deliveries.bring_stream_forward(claim, at)
    else:
        webhook_deliveries.postpone_stream(claim, result.due_at)
    if switch_off is not None and webhook.status == WebhookStatus.ACTIVE:
        webhook_notices.switch_off(webhook, switch_off)
    log.info(
        "a webhook's receiver did not take an event",
        extra={"webhook": str(claim.webhook_id), "event": str(claim.event_id), "reason": attempted.error_code},
    )


def _reason_to_switch_off(
    webhook: Webhook, attempted: Attempted, failing_since: datetime, *, is_last: bool
) -> WebhookStatus | None:
    if attempted.gone:
        return WebhookStatus.GONE
    # Had anything been delivered since this event first failed, the webhook would fail since later than that.
    only_failures = webhook.failing_since is not None and webhook.failing_since <= failing_since
    return WebhookStatus.SWITCHED_OFF if is_last and only_failures else None


def _told(attempted: Attempted) -> dict[str, Any]:
    return {
        "response_status": attempted.status,
        "response_body": attempted.body,
        "duration_ms": attempted.duration_ms,
        "error_code": attempted.error_code,
        "error": attempted.error,
    }
