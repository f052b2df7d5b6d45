"""Waking a worker for a webhook: at most one message waits for each, however many events there are, so that a company
with ten thousand of them does not put as many messages before everybody else's."""

import logging
from uuid import UUID

from redis.exceptions import RedisError

from app.extensions import redis_extension
from app.jobs import JobName, send

log = logging.getLogger(__name__)

_KEY = "frontdesk:webhook-wake-up:{}"
# After so long a message that was lost is sent again; the sweep looks as often.
_MILLISECONDS = 5_000


def wake(company_id: UUID, webhook_id: UUID) -> None:
    """Wakes a worker, unless a message to do so waits already."""
    if not redis_extension.answers():
        return  # the sweep will find it
    try:
        if not redis_extension.client.set(_KEY.format(webhook_id), 1, nx=True, px=_MILLISECONDS):
            return
    except (RedisError, OSError) as error:
        log.warning("a wake-up is left to the sweep", extra={"reason": type(error).__name__})
        return
    send(JobName.DELIVER_WEBHOOK, company_id=company_id, webhook_id=webhook_id)


def woken(webhook_id: UUID) -> None:
    """Says that a worker is about to look: what comes from now on needs a message of its own."""
    try:
        redis_extension.client.delete(_KEY.format(webhook_id))
    except (RedisError, OSError) as error:
        log.warning("a wake-up stands for longer than it should", extra={"reason": type(error).__name__})
