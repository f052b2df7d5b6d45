"""Forgetting what has expired."""

import logging
from datetime import datetime, timedelta

from app.core.clock import now
from app.core.settings import settings
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.repositories import (
    api_requests,
    embedding_spaces,
    idempotency_records,
    login_throttles,
    one_time_tokens,
    system_metrics,
    user_sessions,
    webhook_log,
)
from app.services import audit_chain, model_choice
from app.services.model_choice import FORMER_EMBEDDING

log = logging.getLogger(__name__)

_KEPT_AFTER_EXPIRY = timedelta(days=30)
_METRICS_KEPT = timedelta(days=30)
_UPGRADES_LAST = timedelta(days=1)
_EVENTS_AT_ONCE = 5_000


def purge_expired() -> dict[str, int]:
    """Deletes what nobody can use any more; returns how many rows of what."""
    moment = now()
    with transaction(), across_companies("housekeeping of all companies"):
        counts = {
            "user_sessions": user_sessions.delete_expired_across_companies(moment - _KEPT_AFTER_EXPIRY),
            "one_time_tokens": one_time_tokens.delete_expired_across_companies(moment - _KEPT_AFTER_EXPIRY),
            "idempotency_records": idempotency_records.delete_expired_across_companies(moment),
            "login_throttles": login_throttles.delete_untouched_since(moment - timedelta(days=1)),
            "system_metrics": system_metrics.delete_before_across_companies(moment - _METRICS_KEPT),
            "api_requests": api_requests.delete_before_across_companies(
                moment - timedelta(days=settings().usage_retention_days)
            ),
        }
    counts["webhook_events"] = _purge_webhook_events(moment - timedelta(days=settings().webhook_retention_days))
    counts["audit_entries"] = audit_chain.forget_old()
    _forget_former_model(moment - _UPGRADES_LAST)
    log.info("expired rows deleted", extra={"deleted": counts})
    return counts


def _forget_former_model(before: datetime) -> None:
    """95 MB that nothing reads once all vectors are of the present model, and all processes of this version."""
    with transaction(), across_companies("whether any company's vectors are of the former model"):
        is_used = embedding_spaces.is_used_across_companies(FORMER_EMBEDDING.space)
    if is_used:
        return
    try:
        if model_choice.remove_former_model(before=before):
            log.info("files of the former embedding model removed")
    except OSError as error:  # a disk that may only be read, say: no reason to fail every hour
        log.warning("files of the former embedding model stay", extra={"reason": str(error)})


def _purge_webhook_events(before: datetime) -> int:
    """Each event takes its deliveries along, of which there may be many: in pieces."""
    count, deleted = 0, _EVENTS_AT_ONCE
    while deleted == _EVENTS_AT_ONCE:
        with transaction(), across_companies("housekeeping of all companies"):
            deleted = webhook_log.delete_before_across_companies(before, _EVENTS_AT_ONCE)
        count += deleted
    return count
